"""What an evaluation says of matching: every system on every comparison list, with one threshold from validation."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ridgecode.files import whole_file
from ridgecode.matching.error_rates import error_rates, threshold_at_fmr, threshold_at_precision
from ridgecode.matching.measured import THRESHOLD_FMR, curves, matching_table
from ridgecode.prints.store import PrintStore
from ridgecode.study.evaluation_lists import has_non_mated, scored_list
from ridgecode.study.matching_systems import MatchingSystem, ScoredList
from ridgecode.study.report_matching import AT_PRECISION, OWN_THRESHOLD

RATE_SECONDS = 0.5
RATE_PRINTS = 256


class Judged(NamedTuple):
    """A list, and what its systems' thresholds come from: `chosen_on`, or None for the list itself; `threshold_from`
    names it."""

    measured: ScoredList
    chosen_on: ScoredList | None
    threshold_from: str


def judged_lists(store: PrintStore, split: str, protocols: Sequence[str], folder: Path, given: bool) -> list[Judged]:
    """The protocols' lists on `split`, with those of validation where thresholds come from.

    Every choice comes from validation, the threshold too; a set of one validation subject gives none, and then the
    threshold is chosen on the comparisons that it is measured on. folder, given: as `scored_list` takes them.
    """
    chosen_on = "val" if has_non_mated(store, "val") else split
    judged = []
    for protocol in protocols:
        measured = scored_list(store, split, protocol, folder, given)
        on_val = scored_list(store, chosen_on, protocol, folder, given) if split != chosen_on else None
        judged.append(Judged(measured, on_val, chosen_on))
    return judged


class MatchingPart:
    """Gathers the matching table and its curves; `write` puts the curves into a folder."""

    def __init__(self) -> None:
        self.table: list[dict[str, Any]] = []
        self._lines: dict[str, np.ndarray] = {}

    def add(
        self,
        judged: Judged,
        system: MatchingSystem,
        own_threshold: float | None = None,
        precision: float | None = None,
    ) -> None:
        """Measures one system on one list. own_threshold: also at this one, which the system's write-up accepts at;
        precision: also at the smallest threshold that reaches it on what thresholds come from."""
        comparisons = judged.measured.comparisons
        scores = judged.measured.scores(system)
        val_scores, val_mated = scores, comparisons.mated
        if judged.chosen_on is not None:
            val_scores, val_mated = judged.chosen_on.scores(system), judged.chosen_on.comparisons.mated
        own, others = val_scores[val_mated], val_scores[~val_mated]
        threshold = threshold_at_fmr(error_rates(own, others), THRESHOLD_FMR)
        found = matching_table(scores, comparisons, system.name, system.bytes, threshold, judged.threshold_from)
        if own_threshold is not None:
            name = f"{system.name}{OWN_THRESHOLD}"
            found += matching_table(scores, comparisons, name, system.bytes, own_threshold, "published")[:1]
        if precision is not None:
            threshold = threshold_at_precision(own, others, precision)
            name = f"{system.name}{AT_PRECISION.format(100 * precision)}"
            found += matching_table(scores, comparisons, name, system.bytes, threshold, judged.threshold_from)[:1]
        self.table += [row.as_json() for row in found]
        curve = curves(scores, comparisons.mated)
        key = f"{system.name}|{comparisons.protocol}"
        self._lines |= {f"{key}|fmr": curve.fmr, f"{key}|fnmr": curve.fnmr}

    def write(self, folder: Path) -> None:
        with whole_file(folder / "curves.npz") as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **self._lines)


def comparisons_per_second(system: MatchingSystem, scored: ScoredList) -> float:
    """Comparisons of vectors that are there already, a second, with torch's present threads, over half a second."""
    probes, references = system.vectors(scored.probes[:RATE_PRINTS]), system.vectors(scored.references[:RATE_PRINTS])
    rows = np.arange(8192) % len(probes), np.arange(8192) * 7 % len(references)
    system.scores(probes, references, *rows)
    done, start = 0, time.perf_counter()
    while (used := time.perf_counter() - start) < RATE_SECONDS:
        system.scores(probes, references, *rows)
        done += len(rows[0])
    return done / used
