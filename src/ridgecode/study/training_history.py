"""The commands that a run came from: its own, and before it those of the models that it started from."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ridgecode.autoencoders.model_card import read_card
from ridgecode.autoencoders.pretrained import is_pretrained, pretrained_path
from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.errors import BadInput
from ridgecode.study.run_folder import RunFolder, plain
from ridgecode.study.train_autoencoder import TrainAutoencoder

NOT_TOLD = {"verb", "tracker", "evaluate", "device"}
"""Settings that a model doesn't depend on."""


@dataclass(frozen=True)
class TrainingHistory:
    """commands: in the order in which they were given, the run's own last. seconds: of training, of all of them."""

    commands: tuple[str, ...]
    seconds: float


def training_history(run: RunFolder) -> TrainingHistory:
    """A start from a pretrained model has the commands of its card before it, which then stand for its name.

    A model that is no longer there is told by its name alone.
    """
    config = {**run.read_config(), "run_dir": run.path, **_form(run)}
    seconds = float(run.read_environment().get("seconds", 0.0))
    start = str(config.get("start_from") or "")
    before = TrainingHistory((), 0.0)
    if is_pretrained(start):
        card = read_card(pretrained_path(start))
        before = TrainingHistory(tuple(card.command.splitlines()), card.seconds)
        config = {**config, "start_from": _run_dir(before.commands[-1]) or start}
    elif start and (folder := _run_of(Path(start))):
        before = training_history(folder)
        config = {**config, "start_from": folder.path.name}
    return TrainingHistory((*before.commands, training_command(config)), before.seconds + seconds)


def training_command(config: dict[str, Any]) -> str:
    """The command that gives a run with the settings of its config.yaml, leaving out those that the verb has itself.

    Of a path the last part is told: where the folder lay tells nobody anything.
    """
    own = plain(TrainAutoencoder())
    flags = []
    for key, value in config.items():
        if key in NOT_TOLD or value is None or (value == own.get(key) and key not in ("data", "run_dir")):
            continue
        text = Path(value).name if key in ("data", "run_dir", "start_from") else value
        flags.append(f"--{key}={shlex.quote(str(text))}")
    return " ".join(["ridgecode", "train-autoencoder", *flags])


def _form(run: RunFolder) -> dict[str, Any]:
    """What `ridge` is made of, as its model has it: what a setting left to "auto" or 0 stands for may change."""
    try:
        spec = load_autoencoder(run.path).spec
    except BadInput:
        return {}
    form = {"latent_layer": spec.latent_layer, "blocks": spec.blocks, "width": spec.width}
    return form if spec.backbone == "ridge" else {}


def _run_of(start: Path) -> RunFolder | None:
    """The run whose folder, or whose model file, a start is."""
    folder = RunFolder(start if start.is_dir() else start.parent)
    try:
        config = folder.read_config()
    except BadInput:
        return None
    return folder if config.get("verb") == "train-autoencoder" else None


def _run_dir(command: str) -> str | None:
    flag = "--run_dir="
    return next((word.removeprefix(flag) for word in shlex.split(command) if word.startswith(flag)), None)
