"""Sorts runs into series: runs alike but for latent size and seed share a line in a figure, and a sheet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import NamedTuple

from ridgecode.study.report_runs import AUTOENCODER, MATCHER, SIAMESE, Run
from ridgecode.study.run_folder import ADDED_LATER

# Settings that name a series wherever there are several series.
NAMING = {
    AUTOENCODER: ("backbone", "distortion", "view", "task"),
    MATCHER: ("comparator", "loss", "backbone", "distortion", "view"),
    SIAMESE: ("system", "recipe", "split_by"),
}
# Settings that don't change what is learned, or that a series is allowed to vary in.
IGNORED = frozenset(
    [
        *("verb", "run_dir", "data", "model", "name", "resume", "latent_dim", "seed", "source"),
        *("tracker", "device", "devices", "strategy", "num_nodes", "threads", "precision"),
        *("max_minutes", "max_epochs", "early_stopping_patience", "evaluate", "stop_on_collapse"),
    ]
)
# Settings by which a study may reach each of its latent sizes in its own way: they tell series apart only where runs of
# one size differ in them.
OF_ONE_SIZE = frozenset(
    ["start_from", "learning_rate", "schedule", "batch_size", "train_crops", "latent_layer", "blocks", "width"]
)
MOST_SERIES = 8


class Label(NamedTuple):
    """What to call a run: its series, and what it is within that, for example "ridge, mse" and "128 dims, seed 1"."""

    series: str
    member: str

    @property
    def full(self) -> str:
        return f"{self.series}, {self.member}" if self.series else self.member


@dataclass(frozen=True)
class Series:
    """Runs by latent size, ascending; several at a size differ in seed or, when `mixed`, in settings unnamed here."""

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
        """Whether the runs were trained on BCE, which they are then ranked by."""
        return self.distortion.startswith("bce") and any(run.figure("bce") is not None for run in self.runs)

    @property
    def repeats(self) -> bool:
        """Whether some size was trained with several seeds."""
        return not self.mixed and any(len(runs) > 1 for runs in self.by_size.values())


def series_of(runs: Sequence[Run]) -> list[Series]:
    """Sorts `runs` of one kind into series, each named by the settings that tell it from the others.

    Where that would make more than 8 series (a search over many settings), only backbone, distortion and view (and
    comparator and loss of matchers) tell series apart, and they are marked as mixed.
    """
    if not runs:
        return []
    kind = runs[0].kind
    naming = NAMING[kind]
    alike = _grouped(runs, (*naming, "latent_dim")).values()
    varying = [
        key
        for key in _keys(runs)
        if key not in naming and any(_varies(group, key) for group in (alike if key in OF_ONE_SIZE else [runs]))
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
    """The mean and the sample standard deviation of repeated runs; None for the spread of a single run."""
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
    """Our own body before the others, PCA last; MSE before other distortions, BCE last. Equals stay in their order."""
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
    """ "first_conv" for a switch that is on; of a path its last part; numbers to 4 digits: a search suggests
    0.0028469301..."""
    if key == "start_from":
        return f"{key} {Path(value).name}"
    if value == "True":
        return key
    try:
        return f"{key} {float(value):.4g}" if "." in value or "e" in value else f"{key} {value}"
    except ValueError:
        return f"{key} {value}"
