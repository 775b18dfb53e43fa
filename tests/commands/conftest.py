"""What `encode` writes, for the tests of several verbs."""

import shutil
from pathlib import Path

import pytest

from ridgecode.commands.cli import main
from support.encoding import encode, encode_coded


@pytest.fixture(scope="session")
def latents(matching_store: Path, autoencoder_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The latent vectors of all prints; read it only."""
    out = tmp_path_factory.mktemp("encoded") / "latents"
    assert main(encode(matching_store, autoencoder_run, out)) == 0
    return out


@pytest.fixture(scope="session")
def archive(synthetic_store: Path, coded_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The validation prints of `synthetic_store`, coded, with a copy of their model near by; read it only."""
    folder = tmp_path_factory.mktemp("archive")
    assert main(encode_coded(synthetic_store, coded_run, folder / "x.ridge")) == 0
    (folder / "runs" / "a").mkdir(parents=True)
    shutil.copy(coded_run / "model.safetensors", folder / "runs" / "a")
    return folder / "x.ridge"
