"""The matching part of an evaluation: error rates of each system on each comparison list."""

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ridgecode.files import whole_file
from ridgecode.matching.error_rates import error_rates, threshold_at_fmr, threshold_at_precision
from ridgecode.matching.matching_table import THRESHOLD_FMR, curves, matching_table
from ridgecode.matching.scored_lists import EvaluatedList, ScoredList
from ridgecode.matching.system_names import AT_PRECISION, OWN_THRESHOLD
from ridgecode.matching.systems import MatchingSystem

RATE_SECONDS = 0.5
"""Seconds over which a speed is measured."""
RATE_PRINTS = 256
"""Probes, and references, whose comparisons a speed is measured on."""


class MatchingPart:
    """Collects the rows of the matching table, `table`, and the error curves."""

    def __init__(self) -> None:
        self.table: list[dict[str, Any]] = []
        self._lines: dict[str, np.ndarray] = {}

    def add(
        self,
        evaluated: EvaluatedList,
        system: MatchingSystem,
        own_threshold: float | None = None,
        precision: float | None = None,
    ) -> None:
        """Measures one system on one list, at the threshold of a fixed FMR on the threshold list.

        A threshold list that is too short to show this FMR gives the lowest threshold that rejects all its non-mated
        comparisons, or from 1,000 on all but one or two; `threshold_n_non_mated` states how many it had.

        own_threshold: a further threshold, that of the system's write-up; precision: measures also at the smallest
        threshold that reaches it on the threshold list.
        """
        comparisons = evaluated.measured.comparisons
        scores = evaluated.measured.scores(system)
        val_scores, val_mated = scores, comparisons.mated
        if evaluated.threshold_list is not None:
            val_scores, val_mated = evaluated.threshold_list.scores(system), evaluated.threshold_list.comparisons.mated
        mated, non_mated = val_scores[val_mated], val_scores[~val_mated]
        threshold = threshold_at_fmr(error_rates(mated, non_mated), THRESHOLD_FMR)
        measured = partial(matching_table, scores, comparisons, bytes=system.bytes)
        chosen = partial(measured, threshold_from=evaluated.threshold_from, threshold_n_non_mated=len(non_mated))
        found = chosen(system.name, threshold=threshold)
        if own_threshold is not None:
            name = f"{system.name}{OWN_THRESHOLD}"
            found += measured(name, threshold=own_threshold, threshold_from="published")[:1]
        if precision is not None:
            threshold = threshold_at_precision(mated, non_mated, precision)
            name = f"{system.name}{AT_PRECISION.format(100 * precision)}"
            found += chosen(name, threshold=threshold)[:1]
        self.table += [row.as_json() for row in found]
        curve = curves(scores, comparisons.mated)
        key = f"{system.name}|{comparisons.protocol}"
        self._lines |= {f"{key}|fmr": curve.fmr, f"{key}|fnmr": curve.fnmr}

    def write(self, folder: Path) -> None:
        """Writes the curves to curves.npz in `folder`: arrays SYSTEM|PROTOCOL|fmr and SYSTEM|PROTOCOL|fnmr."""
        with whole_file(folder / "curves.npz") as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **self._lines)


def comparisons_per_second(system: MatchingSystem, scored: ScoredList) -> float:
    """Comparisons per second of vectors already computed, with torch's current number of threads."""
    probes, references = system.vectors(scored.probes[:RATE_PRINTS]), system.vectors(scored.references[:RATE_PRINTS])
    rows = np.arange(8192) % len(probes), np.arange(8192) * 7 % len(references)
    system.scores(probes, references, *rows)
    done, start = 0, time.perf_counter()
    while (used := time.perf_counter() - start) < RATE_SECONDS:
        system.scores(probes, references, *rows)
        done += len(rows[0])
    return done / used
