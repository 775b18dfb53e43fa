"""The commands that a kept run came from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from ridgecode.autoencoders.model_card import read_card
from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, save_autoencoder
from ridgecode.commands.cli import main
from ridgecode.commands.models.training_history import training_command, training_history
from ridgecode.runs.run_folder import RunFolder

Pretrained = Callable[..., Path]


def test_a_card_tells_of_the_runs_before(
    fake_runs: Any, pretrained: Pretrained, spec: AutoencoderSpec, tmp_path: Path
) -> None:
    """c started from the model file of b, b from the pretrained model a, which is told by the run that it was."""
    first = read_card(pretrained("a", spec))  # whose run_dir was called a as well
    folders: dict[str, Path] = {}

    def start(name: str, start_from: Path | str) -> None:
        folder = folders[name] = fake_runs.autoencoder(name, latent_dim=4, mse=0.05, pca_mse=0.06)
        config = yaml.safe_load((folder / "config.yaml").read_text()) | {"start_from": str(start_from)}
        (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        save_autoencoder(folder / "model.safetensors", build_network(spec), spec, torch.zeros(4), torch.ones(4))

    start("b", "a")
    start("c", folders["b"] / "model.safetensors")
    start("d", tmp_path / "gone" / "x")
    own = "--latent_dim=4 --learning_rate=0.002 --batch_size=128 --max_epochs=20"
    form = "--latent_layer=linear --blocks=2 --width=64"  # as the models have it, whatever the settings leave open
    told = "ridgecode train-autoencoder --data=store"
    history = training_history(RunFolder(folders["c"]))
    assert history.commands == (
        first.command,
        f"{told} --run_dir=b {own} --start_from=a {form}",
        f"{told} --run_dir=c {own} --start_from=b {form}",
    )
    assert training_history(RunFolder(folders["d"])).commands == (f"{told} --run_dir=d {own} --start_from=x {form}",)
    assert history.seconds == pytest.approx(first.seconds + 2 * 303.4)

    assert main(["models", "keep", str(folders["c"]), "--name=kept", f"--out={tmp_path / 'kept'}"]) == 0
    card = read_card(tmp_path / "kept" / "kept.safetensors")
    assert card.command.splitlines() == list(history.commands)
    assert card.seconds == history.seconds


def test_commands_of_runs() -> None:
    assert training_command({"verb": "train-autoencoder", "run_dir": None}) == "ridgecode train-autoencoder"
    told = training_command({"data": "/somewhere/my store", "run_dir": "runs/a", "seed": 3, "distortion": "bce+l1"})
    assert told == "ridgecode train-autoencoder --data='my store' --run_dir=a --seed=3 --distortion=bce+l1"
