"""The matching rows of a report's runs, each once: the run that a row belongs to, or that it is a baseline's."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ridgecode.matching.rate_text import compared_text, failed_text
from ridgecode.matching.system_names import HEAD, LATENT_VECTORS, baseline
from ridgecode.report.numbers import compared, eer_text, finite, joined, percent_interval
from ridgecode.report.runs import MATCHER, SIAMESE, Run
from ridgecode.report.section import Cell
from ridgecode.report.series import Label

PROTOCOL_ORDER = (
    *("aligned", "moved", "crop", "impressions", "impressions-all", "fvc", "fvc-all"),
    *("pairs-by-subject", "pairs-by-pair"),
)
ALL = "all"
BASELINES = "Training-free baselines"
# Rows of one system that are equal in all of these are the same row, which several runs repeat.
SAME_ROW = ("protocol", "level", "alteration", "eer", "auc", "n_mated")


class Entry(NamedTuple):
    """One row of a run's matching table, with the label of its system. `baseline`: whether that is training-free."""

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
    def per_set(self) -> Mapping[str, Mapping[str, Any]]:
        """The row's figures by data set; none where it is of one set."""
        found = self.row.get("per_set")
        return found if isinstance(found, Mapping) else {}

    @property
    def pooled(self) -> bool:
        """Whether the row is for all levels and alterations together."""
        return self.row.get("level", ALL) == ALL and self.row.get("alteration", ALL) == ALL

    @property
    def eer(self) -> float:
        """The EER as a fraction; infinite where it is missing, so that it sorts last."""
        value = self.figure("eer")
        return float("inf") if value is None else value


def entries(runs: Sequence[Run], labels: Mapping[str, Label]) -> list[Entry]:
    """Every distinct matching row, baselines last; `labels` has the label of each run by its name.

    Baselines, and an autoencoder's rows that the runs of heads on it repeat, are taken once.
    """
    seen: set[tuple[Any, ...]] = set()
    found = []
    # Runs of heads come last, so that a row on latent vectors is taken from the autoencoder's own run.
    for run in sorted(runs, key=lambda run: run.kind == MATCHER):
        for row in run.matching:
            system = str(row.get("system", ""))
            key = (system, *(str(row.get(name)) for name in SAME_ROW))
            free = baseline(system)
            if key in seen and (free or system != own_system(run)):
                continue
            seen.add(key)
            label = Label(BASELINES, system) if free else _label(run, system, labels[run.name])
            found.append(Entry(run, system, label, free is not None, row))
    return sorted(found, key=lambda entry: (entry.baseline, baseline(entry.system) or ()))


def protocols(runs: Sequence[Run]) -> list[str]:
    """The protocols of the runs' matching rows, in PROTOCOL_ORDER, unknown ones last."""
    names = {str(row.get("protocol", "")) for run in runs for row in run.matching}
    return sorted(names, key=lambda name: (PROTOCOL_ORDER.index(name) if name in PROTOCOL_ORDER else 99, name))


def own_system(run: Run) -> str:
    """The name of the system that represents `run`: a head, an image system, or for an autoencoder the cosine of latent
    vectors; "" where the run has no matching rows but baselines'."""
    systems = list(dict.fromkeys(str(row.get("system", "")) for row in run.matching))
    own = [system for system in systems if baseline(system) is None]
    wanted = {MATCHER: HEAD, SIAMESE: run.setting("system")}.get(run.kind, LATENT_VECTORS)
    return min(own, key=lambda system: not system.startswith(wanted), default="")


def own_entry(run: Run, protocol: str) -> Entry | None:
    """The row of the run's own system on `protocol` for all levels and alterations together; None where it has none."""
    system = own_system(run)
    for row in run.matching:
        entry = Entry(run, system, Label("", system), False, row)
        if row.get("system") == system and row.get("protocol") == protocol and entry.pooled:
            return entry
    return None


def eer_cell(entry: Entry | None, best: bool = False, counts: bool = True) -> Cell:
    """The cell of an entry's EER, as `row_eer_cell` makes it."""
    return row_eer_cell(None if entry is None else entry.row, best, counts)


def row_eer_cell(row: Mapping[str, Any] | None, best: bool = False, counts: bool = True) -> Cell:
    """A cell with the EER of a row in %, and below it its 95 % interval and, with `counts`, its numbers of mated and
    non-mated comparisons."""
    if row is None:
        return Cell("–")
    interval = percent_interval(finite(row.get("eer_low")), finite(row.get("eer_high")))
    return Cell(eer_text(row), joined(interval, compared(row) if counts else ""), best)


def comparisons_of(entry: Entry) -> str:
    """What an entry's rates are of, for use in a sentence; "" where its row does not have the numbers."""
    n_mated, n_non_mated, n_subjects = (entry.figure(key) for key in ("n_mated", "n_non_mated", "n_subjects"))
    text = compared_text(n_mated, n_non_mated, n_subjects, entry.figure("n_sets") or 1)
    failed = failed_text(entry.row)
    return f"{text} ({failed})" if text and failed else text


def largest_list(entries: Sequence[Entry], protocol: str) -> Entry | None:
    """The pooled entry with the most comparisons on `protocol`."""
    pooled = [entry for entry in entries if entry.pooled and entry.row.get("protocol") == protocol]

    def size(entry: Entry) -> float:
        return (entry.figure("n_mated") or 0.0) + (entry.figure("n_non_mated") or 0.0)

    return max(pooled, key=size, default=None)


def _label(run: Run, system: str, label: Label) -> Label:
    if run.kind == SIAMESE:
        return label._replace(member=label.member + system.removeprefix(own_system(run)))
    if run.kind != MATCHER:
        return Label(f"{system}, {label.series}", label.member)
    if system == own_system(run):
        return label
    # The autoencoder that the head was trained on, whose own run is not in this report.
    body = (system, run.setting("backbone"), run.setting("distortion"))
    return Label(", ".join(part for part in body if part), f"{run.latent_dim} dims")
