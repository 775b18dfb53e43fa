"""Finds the model that coded a file: pretrained ones, and those near the file and the current folder."""

import os
import shutil
from pathlib import Path

import pytest

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.codec.codec import Codec
from ridgecode.codec.find_model import coding_codec
from ridgecode.codec.ridge_file import RidgeFile
from ridgecode.errors import BadInput
from ridgecode.prints.store import PrintStore


@pytest.fixture(scope="module")
def coded(synthetic_store: Path, coded_run: Path) -> bytes:
    """A coded print."""
    return Codec.load(coded_run).encode(PrintStore.open(synthetic_store).prints("val")[0])[0]


def test_where_a_model_is_looked_for(
    coded: bytes, coded_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    near, here = tmp_path / "near", tmp_path / "here"
    near.mkdir()
    here.mkdir()
    (near / "x.ridge").write_bytes(coded)
    monkeypatch.chdir(here)
    file = RidgeFile.open(near / "x.ridge")
    os.mkfifo(near / "model.safetensors")  # would wait for ever where it is opened
    (near / "other").mkdir()
    (near / "other" / "model.safetensors").write_bytes(b"another")

    sha256 = Autoencoder.load(coded_run).saved.sha256

    def found(folder: Path) -> bool:
        folder.mkdir(parents=True)
        shutil.copy(coded_run / "model.safetensors", folder)
        try:
            return coding_codec(file).model == bytes.fromhex(sha256)[:4]
        except BadInput as error:
            assert file.model.hex() in str(error) and "--model" in str(error)
            return False
        finally:
            shutil.rmtree(folder)

    assert found(near / "a" / "b" / "c" / "d") and found(here / "runs" / "a")
    assert not found(near / "a" / "b" / "c" / "e" / "f") and not found(here / ".hidden")
    monkeypatch.setattr("ridgecode.codec.find_model.MOST_FOLDERS", 3)
    assert found(near / "a2") and not found(near / "z" / "z")
