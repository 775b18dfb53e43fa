"""The commands that a run came from: its own, and before it those of the models that it started from."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ridgecode.autoencoders.model_card import read_card
from ridgecode.autoencoders.pretrained import is_pretrained, pretrained_path
from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.commands.settings.train_autoencoder import TrainAutoencoder
from ridgecode.errors import BadInput
from ridgecode.runs.run_folder import RunFolder, plain

NOT_SHOWN = {"verb", "tracker", "evaluate", "device"}
"""Settings that a model doesn't depend on."""


@dataclass(frozen=True)
class TrainingHistory:
    """commands: in the order in which they were given, the run's own last. seconds: of training, of all of them."""

    commands: tuple[str, ...]
    seconds: float


def training_history(run: RunFolder) -> TrainingHistory:
    """The commands that led to the run: first those of the model that it started from, then its own.

    Those of the model come from its card or from its run's folder. If neither is there any more, the run's own command
    still names the model."""
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
    """The command that gives a run with the settings of its config.yaml, without those that are the verb's defaults.

    A path is shown by its last part alone: where the folder lay means nothing elsewhere.
    """
    own = plain(TrainAutoencoder())
    flags = []
    for key, value in config.items():
        if key in NOT_SHOWN or value is None or (value == own.get(key) and key not in ("data", "run_dir")):
            continue
        text = Path(value).name if key in ("data", "run_dir", "start_from") else value
        flags.append(f"--{key}={shlex.quote(str(text))}")
    return " ".join(["ridgecode", "train-autoencoder", *flags])


def _form(run: RunFolder) -> dict[str, Any]:
    """The latent layer, blocks and width of a `ridge` model, read from its file: in config.yaml they may be "auto" and
    0, whose meaning may change between versions."""
    try:
        spec = load_autoencoder(run.path).spec
    except BadInput:
        return {}
    form = {"latent_layer": spec.latent_layer, "blocks": spec.blocks, "width": spec.width}
    return form if spec.backbone == "ridge" else {}


def _run_of(start: Path) -> RunFolder | None:
    """The run that a start names by its folder or its model file."""
    folder = RunFolder(start if start.is_dir() else start.parent)
    try:
        config = folder.read_config()
    except BadInput:
        return None
    return folder if config.get("verb") == "train-autoencoder" else None


def _run_dir(command: str) -> str | None:
    flag = "--run_dir="
    return next((word.removeprefix(flag) for word in shlex.split(command) if word.startswith(flag)), None)
