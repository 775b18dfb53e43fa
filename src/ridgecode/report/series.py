"""Sorts runs into series: runs that differ only in latent size and seed. A series is a line in a figure, or a sheet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import NamedTuple

from ridgecode.report.runs import AUTOENCODER, MATCHER, SIAMESE, Run
from ridgecode.runs.run_folder import ADDED_LATER

# Settings that are part of a series' name wherever the series differ in them.
NAMING = {
    AUTOENCODER: ("backbone", "distortion", "view", "task"),
    MATCHER: ("comparator", "loss", "backbone", "distortion", "view"),
    SIAMESE: ("system", "recipe", "split_by"),
}
# Settings that runs of one series may differ in.
IGNORED = frozenset(
    [
        *("verb", "run_dir", "data", "model", "name", "resume", "latent_dim", "seed", "source"),
        *("tracker", "device", "devices", "strategy", "num_nodes", "threads", "precision"),
        *("max_minutes", "max_epochs", "early_stopping_patience", "evaluate", "stop_on_collapse"),
    ]
)
# Settings that a study may choose for each latent size: they put runs into different series only where runs of the same
# size differ in them.
CHOSEN_PER_SIZE = frozenset(
    ["start_from", "learning_rate", "schedule", "batch_size", "train_crops", "latent_layer", "blocks", "width"]
)
MOST_SERIES = 8


class Label(NamedTuple):
    """A run's label: its series and its name within the series, for example "ridge, mse" and "128 dims, seed 1"."""

    series: str
    member: str

    @property
    def full(self) -> str:
        return f"{self.series}, {self.member}" if self.series else self.member


@dataclass(frozen=True)
class Series:
    """Runs by latent size, ascending. Runs of one size differ in seed or, where `mixed`, in settings that are not in
    the label."""

    label: str
    kind: str
    backbone: str
    distortion: str
    view: str
    by_size: Mapping[int, tuple[Run, ...]]
    mixed: bool = False

    @property
    def runs(self) -> list[Run]:
        return [run for runs in self.by_size.values() for run in runs]

    @property
    def of_bce(self) -> bool:
        """Whether the runs were trained on BCE; a report then ranks them by it."""
        return self.distortion.startswith("bce") and any(run.figure("bce") is not None for run in self.runs)

    @property
    def repeats(self) -> bool:
        """Whether some latent size was trained with several seeds."""
        return not self.mixed and any(len(runs) > 1 for runs in self.by_size.values())


def series_of(runs: Sequence[Run]) -> list[Series]:
    """Sorts `runs` of one kind into series, each labelled with the settings in which the series differ.

    Where that makes more than MOST_SERIES series, as after a search over many settings, runs are sorted by the settings
    of NAMING alone, and series whose runs differ in others are `mixed`.
    """
    if not runs:
        return []
    kind = runs[0].kind
    naming = NAMING[kind]
    alike = _grouped(runs, (*naming, "latent_dim")).values()
    varying = [
        key
        for key in _keys(runs)
        if key not in naming and any(_varies(group, key) for group in (alike if key in CHOSEN_PER_SIZE else [runs]))
    ]
    groups = _grouped(runs, (*naming, *varying))
    mixed = len(groups) > MOST_SERIES
    if mixed:
        varying = []
        groups = _grouped(runs, naming)
    shown = [key for key in naming if _varies(runs, key)]
    series = []
    for values, members in sorted(groups.items(), key=lambda group: _order(dict(zip(naming, group[0], strict=False)))):
        known = dict(zip((*naming, *varying), values, strict=True))
        sizes = sorted({run.latent_dim for run in members})
        by_size = {size: tuple(run for run in members if run.latent_dim == size) for size in sizes}
        series.append(
            Series(
                label=_label(kind, known, shown, varying),
                kind=kind,
                backbone=known.get("backbone", ""),
                distortion=known.get("distortion", ""),
                view=known.get("view", ""),
                by_size=by_size,
                mixed=mixed and len(members) > len(by_size),
            )
        )
    return series


def mean_and_spread(values: Sequence[float]) -> tuple[float, float | None]:
    """The mean and the sample standard deviation of `values`; the latter is None for a single value."""
    return fmean(values), stdev(values) if len(values) > 1 else None


def _keys(runs: Sequence[Run]) -> list[str]:
    return sorted({key for run in runs for key in run.config if key not in IGNORED})


def _varies(runs: Sequence[Run], key: str) -> bool:
    return len({run.setting(key) for run in runs}) > 1


def _grouped(runs: Sequence[Run], keys: Sequence[str]) -> dict[tuple[str, ...], list[Run]]:
    groups: dict[tuple[str, ...], list[Run]] = {}
    for run in sorted(runs, key=lambda run: ([run.setting(key) for key in keys], run.latent_dim, run.setting("seed"))):
        groups.setdefault(tuple(run.setting(key) for key in keys), []).append(run)
    return groups


def _order(named: Mapping[str, str]) -> tuple[int, int]:
    """The sort key of a series: the backbone ridge first and PCA last, then MSE first and BCE last."""
    backbone, distortion = named.get("backbone", ""), named.get("distortion", "")
    return (
        {"ridge": 0, "pca": 2}.get(backbone, 1),
        {"mse": 0, "bce": 2, "bce+l1": 3}.get(distortion, 1),
    )


def _label(kind: str, known: Mapping[str, str], shown: Sequence[str], varying: Sequence[str]) -> str:
    """For example "ridge, mse" or "ridge, mse, learning_rate 0.001" or "head l1 infonce on ridge, mse"."""
    if kind == SIAMESE:
        split = f"split by {known['split_by']}" if "split_by" in shown and known["split_by"] else ""
        body = ", ".join(filter(None, (known["system"], known["recipe"], split)))
        return ", ".join([body, *(f"{key} {known[key]}" for key in varying if known[key] != "")])
    body = ", ".join(filter(None, (known["backbone"] or "model", known["distortion"])))
    if known.get("task") == "repair":
        body = f"repair, {body}"
    if "view" in shown and known["view"]:
        body += f", {known['view']}"
    if kind == MATCHER:
        body = " ".join(filter(None, ("head", known["comparator"], known["loss"]))) + f" on {body}"
    settings = [_setting(key, known[key]) for key in varying if known[key] not in ("", str(ADDED_LATER.get(key)))]
    return ", ".join([body, *settings])


def _setting(key: str, value: str) -> str:
    """A setting in a label: a switch that is on by its name alone, a path by its last part, a number to 4 digits."""
    if key == "start_from":
        return f"{key} {Path(value).name}"
    if value == "True":
        return key
    try:
        return f"{key} {float(value):.4g}" if "." in value or "e" in value else f"{key} {value}"
    except ValueError:
        return f"{key} {value}"
