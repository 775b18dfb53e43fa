"""The matching part of an evaluation: error rates of each system on each comparison list."""

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ridgecode.files import whole_file
from ridgecode.matching.comparisons import Comparisons
from ridgecode.matching.error_rates import (
    error_rates,
    shows_fmr,
    threshold_and_fmr,
    threshold_at_fmr,
    threshold_at_precision,
)
from ridgecode.matching.matching_table import FMRS, THRESHOLD_FMR, curves, matching_table
from ridgecode.matching.scored_lists import EvaluatedList, ScoredList
from ridgecode.matching.system_names import AT_PRECISION, OWN_THRESHOLD
from ridgecode.matching.systems import MatchingSystem
from ridgecode.matching.templates.enrolment import check_left

RATE_SECONDS = 0.5
"""Seconds over which a speed is measured."""
RATE_PRINTS = 256
"""Probes, and references, whose comparisons a speed is measured on."""


class MatchingPart:
    """Collects the rows of the matching table, `table`, the error curves, and `thresholds` at several FMRs."""

    def __init__(self) -> None:
        self.table: list[dict[str, Any]] = []
        self.thresholds: list[dict[str, Any]] = []
        self._lines: dict[str, np.ndarray] = {}

    def add(
        self,
        evaluated: EvaluatedList,
        system: MatchingSystem,
        own_threshold: float | None = None,
        precision: float | None = None,
        by_set: bool = False,
    ) -> None:
        """Measures one system on one list, at the threshold of a fixed FMR on the threshold list.

        A threshold list that is too short to show this FMR gives the lowest threshold that rejects all its non-mated
        comparisons, or from 1,000 on all but one or two; `threshold_n_non_mated` states how many it had. Prints that
        fail to enrol are left out and counted.

        own_threshold: a further threshold, that of the system's write-up; precision: measures also at the smallest
        threshold that reaches it on the threshold list; by_set: adds to `thresholds` those of each data set of that
        list.

        Raises BadInput for a list all of whose mated, or non-mated, comparisons are of prints that fail to enrol.
        """
        comparisons, enrolled = evaluated.measured.comparisons, evaluated.measured.enrolled(system.enrolment)
        scores, compared = _scores(evaluated.measured, system)
        curve = curves(scores[compared], comparisons.mated[compared])
        val, val_scores, val_compared = comparisons, scores, compared
        if evaluated.threshold_list is not None:
            val = evaluated.threshold_list.comparisons
            val_scores, val_compared = _scores(evaluated.threshold_list, system)
        mated, non_mated = val_scores[val_compared & val.mated], val_scores[val_compared & ~val.mated]
        if by_set:
            self._add_thresholds(system.name, evaluated.threshold_from, val, val_scores, val_compared)
        threshold = threshold_at_fmr(error_rates(mated, non_mated), THRESHOLD_FMR)
        measured = partial(matching_table, scores, comparisons, bytes=system.bytes, enrolled=enrolled)
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
        key = f"{system.name}|{comparisons.protocol}"
        self._lines |= {f"{key}|fmr": curve.fmr, f"{key}|fnmr": curve.fnmr}
        self._add_curves_of_sets(key, comparisons, scores, compared)

    def _add_curves_of_sets(self, key: str, listed: Comparisons, scores: np.ndarray, compared: np.ndarray) -> None:
        """Adds the error curve of each data set that has mated and non-mated comparisons, where there are several."""
        sets, names = listed.set, listed.set_names
        for name in names if len(names) > 1 else ():
            here = compared & (sets == name)
            if 0 < listed.mated[here].sum() < here.sum():
                curve = curves(scores[here], listed.mated[here])
                self._lines |= {f"{key}|fmr|{name}": curve.fmr, f"{key}|fnmr|{name}": curve.fnmr}

    def _add_thresholds(
        self, system: str, split: str, listed: Comparisons, scores: np.ndarray, compared: np.ndarray
    ) -> None:
        """Adds the thresholds of a list at each FMR of `FMRS`, for each of its data sets, with the number of non-mated
        comparisons that each rests on; None where so few can't show that FMR."""
        sets = listed.set
        for name in listed.set_names or [""]:
            here = compared & (sets == name)
            mated, non_mated = scores[here & listed.mated], scores[here & ~listed.mated]
            for fmr in FMRS.values():
                shown = len(mated) and shows_fmr(len(non_mated), fmr)
                found = threshold_and_fmr(mated, non_mated, fmr)[0] if shown else None
                about = {"system": system, "protocol": listed.protocol, "set": name, "split": split}
                self.thresholds.append({**about, "fmr": fmr, "threshold": found, "n_non_mated": len(non_mated)})

    def write(self, folder: Path) -> None:
        """Writes the curves to curves.npz in `folder`: arrays SYSTEM|PROTOCOL|fmr and SYSTEM|PROTOCOL|fnmr, and for
        each of several data sets SYSTEM|PROTOCOL|fmr|SET and SYSTEM|PROTOCOL|fnmr|SET."""
        with whole_file(folder / "curves.npz") as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **self._lines)


def _scores(listed: ScoredList, system: MatchingSystem) -> tuple[np.ndarray, np.ndarray]:
    """The scores of a list's comparisons, (C,), and whether both prints of each enrol, bool (C,). Raises BadInput where
    no mated or no non-mated comparison has such prints."""
    enrolled = listed.enrolled(system.enrolment)
    if enrolled is None:
        return listed.scores(system), np.ones(len(listed.comparisons), bool)
    check_left(listed.comparisons, enrolled)
    return listed.scores(system), enrolled.compared(listed.comparisons)


def comparisons_per_second(system: MatchingSystem, scored: ScoredList) -> float:
    """Comparisons per second of vectors already computed, with torch's current number of threads.

    Templates of integers are compared each with each, as in a search; others pair by pair.
    """
    probes, references = system.vectors(scored.probes[:RATE_PRINTS]), system.vectors(scored.references[:RATE_PRINTS])
    rows = np.arange(8192) % len(probes), np.arange(8192) * 7 % len(references)

    def compare() -> int:
        if system.format is not None:
            return system.all_scores(probes, references).size
        return len(system.scores(probes, references, *rows))

    compare()
    done, start = 0, time.perf_counter()
    while (used := time.perf_counter() - start) < RATE_SECONDS:
        done += compare()
    return done / used
