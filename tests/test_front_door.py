"""The names that `from ridgecode import ...` gives, and what they load."""

import json
import subprocess
import sys

import pytest

import ridgecode

DOORS = ("Autoencoder", "Codec", "Matcher", "PrintStore")
SLOW = ("lightning", "numpy", "pyarrow", "pytorch_lightning", "torch", "wandb")


def loaded_by(code: str) -> set[str]:
    """Which slow packages a new process has loaded after `code`."""
    tell = f"\nimport json, sys\nprint(json.dumps([name for name in {SLOW} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code + tell], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_the_package_alone_loads_nothing_slow() -> None:
    assert loaded_by(f"import ridgecode; assert set({DOORS}) <= set(dir(ridgecode))") == set()


def test_each_name_is_the_class_of_its_own_module() -> None:
    code = "from ridgecode import Autoencoder, Codec, Matcher, PrintStore\n"
    code += "doors = Autoencoder, Codec, Matcher, PrintStore\n"
    code += f"assert tuple(one.__name__ for one in doors) == {DOORS}\n"
    code += "assert all(one.__module__.startswith('ridgecode.') for one in doors)"
    assert not {"lightning", "pytorch_lightning", "wandb"} & loaded_by(code)
    assert sorted(ridgecode.__all__) == sorted(DOORS)
    for name in DOORS:
        assert getattr(ridgecode, name).__name__ == name


def test_a_store_needs_no_torch() -> None:
    assert "torch" not in loaded_by("from ridgecode import PrintStore")


def test_other_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Autoencoders'"):
        ridgecode.Autoencoders  # noqa: B018
