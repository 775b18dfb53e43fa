"""The matching rows of a report's runs: whose they are, which are baselines, and each only once."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ridgecode.study.report_runs import MATCHER, SIAMESE, Run, finite
from ridgecode.study.report_series import Label

PROTOCOL_ORDER = ("aligned", "moved", "crop", "fvc", "fvc-all", "pairs-by-subject", "pairs-by-pair")
ALL = "all"
LATENT_VECTORS = "cosine on z"
HEAD = "head"
OWN_THRESHOLD = " at its own threshold"
"""How the row of an image system at its write-up's threshold is named, after the system."""
BASELINES = "Training-free baselines"
# Rows of one system that agree in all of these are one row, told by several runs.
IDENTITY = ("protocol", "level", "alteration", "eer", "auc", "n_mated")


class Entry(NamedTuple):
    """One row of a run's matching table under what a reader calls its system; a `baseline` belongs to no run."""

    run: Run
    system: str
    label: Label
    baseline: bool
    row: Mapping[str, Any]

    def figure(self, key: str) -> float | None:
        return finite(self.row.get(key))

    def text(self, key: str) -> str:
        return str(self.row.get(key) or "")

    @property
    def pooled(self) -> bool:
        """Whether the row is of all levels and alterations together."""
        return self.row.get("level", ALL) == ALL and self.row.get("alteration", ALL) == ALL

    @property
    def eer(self) -> float:
        """The EER as a fraction; infinite where it is missing, so that it sorts last."""
        value = self.figure("eer")
        return float("inf") if value is None else value


class Baseline(NamedTuple):
    """A training-free system: `dims` whitened principal components (0: pixels) of the `window`, "" for whole prints."""

    window: str
    dims: int


def baseline(system: str) -> Baseline | None:
    """What "pixels", "pixels crop32", "pca16" or "pca128 crop32" stand for; None for systems of this project."""
    match = re.fullmatch(r"(?:pixels|pca(\d+))(?: (.+))?", system)
    return Baseline(match.group(2) or "", int(match.group(1) or 0)) if match else None


def entries(runs: Sequence[Run], labels: Mapping[str, Label]) -> list[Entry]:
    """Every different matching row. Baselines, and the autoencoder's rows in a matcher's table, count once.

    `labels` gives what to call each run, by its name.
    """
    seen: set[tuple[Any, ...]] = set()
    found = []
    # Autoencoders first: a row on latent vectors belongs to the autoencoder even where a matcher run repeats it.
    for run in sorted(runs, key=lambda run: run.kind == MATCHER):
        for row in run.matching:
            system = str(row.get("system", ""))
            key = (system, *(str(row.get(name)) for name in IDENTITY))
            free = baseline(system)
            if key in seen and (free or system != own_system(run)):
                continue
            seen.add(key)
            label = Label(BASELINES, system) if free else _label(run, system, labels[run.name])
            found.append(Entry(run, system, label, free is not None, row))
    return sorted(found, key=lambda entry: (entry.baseline, baseline(entry.system) or ()))


def protocols(runs: Sequence[Run]) -> list[str]:
    """The protocols that occur, in the order of the documentation."""
    names = {str(row.get("protocol", "")) for run in runs for row in run.matching}
    return sorted(names, key=lambda name: (PROTOCOL_ORDER.index(name) if name in PROTOCOL_ORDER else 99, name))


def own_system(run: Run) -> str:
    """The system that stands for `run`: a matcher's head, an autoencoder's cosine on latent vectors, or ""."""
    systems = list(dict.fromkeys(str(row.get("system", "")) for row in run.matching))
    own = [system for system in systems if baseline(system) is None]
    wanted = {MATCHER: HEAD, SIAMESE: run.setting("system")}.get(run.kind, LATENT_VECTORS)
    return min(own, key=lambda system: not system.startswith(wanted), default="")


def own_entry(run: Run, protocol: str) -> Entry | None:
    """The row of the run's own system on `protocol`, all levels and alterations together; None without."""
    system = own_system(run)
    for row in run.matching:
        entry = Entry(run, system, Label("", system), False, row)
        if row.get("system") == system and row.get("protocol") == protocol and entry.pooled:
            return entry
    return None


def _label(run: Run, system: str, label: Label) -> Label:
    if run.kind == SIAMESE:
        return label._replace(member=label.member + (OWN_THRESHOLD if system.endswith(OWN_THRESHOLD) else ""))
    if run.kind != MATCHER:
        return Label(f"{system}, {label.series}", label.member)
    if system == own_system(run):
        return label
    # Of the autoencoder under the matcher, whose own run is not in this report.
    body = (system, run.setting("backbone"), run.setting("distortion"))
    return Label(", ".join(part for part in body if part), f"{run.latent_dim} dims")
