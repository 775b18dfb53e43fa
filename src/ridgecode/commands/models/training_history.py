"""The commands that a run came from: its own, and before it those of the models and matchers that it started from."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ridgecode.autoencoders.model_card import read_card
from ridgecode.autoencoders.pretrained import is_pretrained, pretrained_path
from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.commands.settings.train_autoencoder import TrainAutoencoder
from ridgecode.commands.settings.train_head import TrainHead
from ridgecode.commands.settings.train_siamese import TrainSiamese
from ridgecode.errors import BadInput
from ridgecode.matching.shipped.card import read_matcher_card
from ridgecode.matching.shipped.data_sets import data_sets_of, set_name
from ridgecode.matching.shipped.names import is_shipped, shipped_path
from ridgecode.prints.store import PrintStore
from ridgecode.runs.run_folder import RunFolder, plain, verb_of

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


@dataclass(frozen=True)
class MatcherHistory(TrainingHistory):
    """data_sets: the names of those that it and what it started from were trained on, sorted."""

    data_sets: tuple[str, ...]


def matcher_history(run: RunFolder, model: str = "") -> MatcherHistory:
    """The commands that led to a run of train-head or train-siamese: first those of the matchers that it started from
    or was taught by.

    model: the pretrained model that a head reads, whose data sets are among the head's; "" of an image network. Raises
    BadInput where a store that it was trained on is no longer where it was, so that nobody knows what it held.
    """
    config = {**run.read_config(), "run_dir": run.path}
    commands, seconds, found = list[str](), float(run.read_environment().get("seconds", 0.0)), set[str]()
    for flag in ("teacher", "start_from"):
        before = _history_of(str(config.get(flag) or ""))
        commands += before.commands
        seconds += before.seconds
        found |= set(before.data_sets)
    for place in str(config["data"]).split(","):
        try:
            found |= set(data_sets_of(PrintStore.open(Path(place))))
        except BadInput as error:
            raise BadInput(
                f"{run.config} names the store {place}, which tells the data sets of the card: {error}"
            ) from None
    if model:
        found.add(set_name("", read_card(pretrained_path(model)).trained_on))
        config = {**config, "model": model}
    return MatcherHistory((*commands, training_command(config)), seconds, tuple(sorted(found)))


def _history_of(matcher: str) -> MatcherHistory:
    """That of a shipped matcher, by its card, or of a run; empty where neither is there."""
    if is_shipped(matcher):
        card = read_matcher_card(shipped_path(matcher))
        return MatcherHistory(tuple(card.command.splitlines()), card.seconds, card.trained_on)
    folder = _run_of(Path(matcher), ("train-head", "train-siamese")) if matcher else None
    return MatcherHistory((), 0.0, ()) if folder is None else matcher_history(folder)


_SETTINGS: dict[str, Any] = {
    "train-autoencoder": TrainAutoencoder(),
    "train-head": TrainHead(),
    "train-siamese": TrainSiamese(system="ridge"),
}


def training_command(config: dict[str, Any]) -> str:
    """The command that gives a run with the settings of its config.yaml, without those that are the verb's defaults.

    A path is shown by its last part alone: where the folder lay means nothing elsewhere.
    """
    verb = verb_of(config) or "train-autoencoder"
    own = plain(_SETTINGS[verb])
    flags = []
    for key, value in config.items():
        if key in NOT_SHOWN or value is None or (value == own.get(key) and key not in ("data", "run_dir", "system")):
            continue
        text = value
        if key in ("data", "run_dir", "start_from", "model", "teacher"):
            text = ",".join(Path(one).name for one in str(value).split(","))
        flags.append(f"--{key}={shlex.quote(str(text))}")
    return " ".join(["ridgecode", verb, *flags])


def _form(run: RunFolder) -> dict[str, Any]:
    """The latent layer, blocks and width of a `ridge` model, read from its file: in config.yaml they may be "auto" and
    0, whose meaning may change between versions."""
    try:
        spec = load_autoencoder(run.path).spec
    except BadInput:
        return {}
    form = {"latent_layer": spec.latent_layer, "blocks": spec.blocks, "width": spec.width}
    return form if spec.backbone == "ridge" else {}


def _run_of(start: Path, verbs: tuple[str, ...] = ("train-autoencoder",)) -> RunFolder | None:
    """The run, of one of `verbs`, that a start names by its folder or its model file."""
    folder = RunFolder(start if start.is_dir() else start.parent)
    try:
        config = folder.read_config()
    except BadInput:
        return None
    return folder if verb_of(config) in verbs else None


def _run_dir(command: str) -> str | None:
    flag = "--run_dir="
    return next((word.removeprefix(flag) for word in shlex.split(command) if word.startswith(flag)), None)
