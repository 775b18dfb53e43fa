"""What the tests of `ridgecode models` share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, save_autoencoder
from ridgecode.commands.cli import main


@pytest.fixture(scope="session")
def spec() -> AutoencoderSpec:
    """A small network's."""
    return AutoencoderSpec("ridge", "crop32", 4, "mse")


@pytest.fixture
def run(fake_runs: Any, spec: AutoencoderSpec) -> Path:
    """A finished and evaluated run with a model of fresh weights."""
    folder: Path = fake_runs.autoencoder("a", latent_dim=4, mse=0.05, pca_mse=0.06)
    torch.manual_seed(0)
    save_autoencoder(folder / "model.safetensors", build_network(spec), spec, torch.zeros(4), torch.ones(4))
    return folder


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs `ridgecode models` with the arguments; returns what it prints."""

    def said(*arguments: object) -> str:
        capsys.readouterr()
        assert main(["models", *map(str, arguments)]) == 0
        return capsys.readouterr().out

    return said
