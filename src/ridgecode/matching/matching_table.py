"""The figures of a matcher on a comparison list, as a table, and its error curves."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from ridgecode.errors import BadInput
from ridgecode.matching.bootstrap import REPLICATES, ScoreBootstrap, rate_interval
from ridgecode.matching.comparisons import Comparisons
from ridgecode.matching.error_rates import (
    ErrorRates,
    area_under_roc,
    checked_scores,
    d_prime,
    decisions_at,
    equal_error_rate,
    error_rates,
    fnmr_at_fmr,
    shows_fmr,
    threshold_at_fmr,
)
from ridgecode.matching.templates.enrolment import Enrolled, check_left, enrolment_counts
from ridgecode.prints.labels import ALTERATIONS, LEVELS

THRESHOLD_FMR = 0.001
"""Thresholds are chosen at this FMR: 0.1 %, FVC's FMR1000, usual in verification."""
MOST_CURVE_POINTS = 2000


@dataclass(frozen=True)
class MatchingFigures:
    """The figures of one system on one protocol, for probes of one level and one alteration ("all": of any).

    Rates are fractions. `eer_low` and `eer_high` are the ends of the 95 % interval (see `bootstrap`). An FNMR at an FMR
    is NaN where there are too few non-mated comparisons to show that FMR (see `shows_fmr`). `threshold_from` names the
    split on which the threshold was chosen, on so many non-mated comparisons; None for a threshold from elsewhere.
    `bytes` is the size of a template.

    n_sets: the data sets whose comparisons these figures pool, 1 where the store has no sets; per_set: by set, where
    there are several, all figures but those that are the same for each
    """

    system: str
    protocol: str
    level: str
    alteration: str
    eer: float
    eer_low: float | None
    eer_high: float | None
    fnmr_at_fmr_1: float
    fnmr_at_fmr_0_1: float
    fnmr_at_fmr_0_01: float
    auc: float
    d_prime: float
    threshold: float
    threshold_from: str
    threshold_n_non_mated: int | None
    accuracy: float
    precision: float
    recall: float
    tp: int
    fp: int
    tn: int
    fn: int
    n_mated: int
    n_non_mated: int
    n_subjects: int
    n_sets: int
    bytes: int
    n_prints: int | None = None
    n_failed_to_enrol: int | None = None
    failure_to_enrol: float | None = None
    per_set: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The row of evaluation.json; `per_set` only where there are several sets. Figures that are not finite become
        null, since JSON has no word for them."""
        left_out = {"per_set", *(OF_ENROLMENT if self.n_prints is None else ())}
        row = {name: _finite(getattr(self, name)) for name in FIELDS if name not in left_out}
        if self.per_set:
            row["per_set"] = {name: {k: _finite(v) for k, v in of.items()} for name, of in self.per_set.items()}
        return row


FIELDS = tuple(one.name for one in fields(MatchingFigures))
OF_ENROLMENT = ("n_prints", "n_failed_to_enrol", "failure_to_enrol")
FMRS = {"fnmr_at_fmr_1": 0.01, "fnmr_at_fmr_0_1": 0.001, "fnmr_at_fmr_0_01": 0.0001}
"""The FMR of each FNMR, by its name in `MatchingFigures`."""


def matching_table(
    scores: np.ndarray,
    comparisons: Comparisons,
    system: str,
    bytes: int,
    threshold: float | None = None,
    threshold_from: str = "val",
    replicates: int = REPLICATES,
    seed: int = 0,
    threshold_n_non_mated: int | None = None,
    enrolled: Enrolled | None = None,
) -> list[MatchingFigures]:
    """Figures for all probes, then for each level, each alteration, and each pair of level and alteration.

    scores: (N,), one a comparison
    bytes: the size of a template
    threshold: of all rows, chosen on validation data. None chooses the smallest threshold with an FMR of at most 0.1 %
        (THRESHOLD_FMR) on all comparisons of this list, which is fair on the validation split only
    threshold_from: the name of the split that the threshold comes from, in both cases
    threshold_n_non_mated: of a given threshold, the number of non-mated comparisons that it was chosen on
    enrolled: which prints enrol; comparisons of other prints are left out, whatever their scores; None: all do

    Leaves out rows without a mated or a non-mated comparison, and rows that would repeat another one. Raises BadInput
    when `scores` are not N numbers, one is NaN, or the list lacks mated or non-mated comparisons.
    """
    if len(scores) != len(comparisons):
        raise BadInput(f"{len(comparisons)} comparisons need {len(comparisons)} scores, not {len(scores)}")
    mated, compared = comparisons.mated, np.ones(len(comparisons), bool)
    if enrolled is not None:
        check_left(comparisons, enrolled)
        compared = enrolled.compared(comparisons)
    scores = np.asarray(scores, dtype=np.float64)
    checked_scores(scores[compared], "comparison")
    if threshold is None:
        rates = error_rates(scores[mated & compared], scores[~mated & compared])
        threshold = threshold_at_fmr(rates, THRESHOLD_FMR)
        threshold_n_non_mated = int((~mated & compared).sum())
    # Numbers sort faster than names. These have the order of the names, so the bootstrap draws the same subjects.
    subjects = np.unique(comparisons.probe_subjects, return_inverse=True)[1][comparisons.probe_rows]
    sets, names = comparisons.set, comparisons.set_names

    def measured(chosen: np.ndarray) -> dict[str, Any] | None:
        left = chosen & compared
        found = _figures(scores[left], mated[left], subjects[left], threshold, replicates, seed)
        if found is None or enrolled is None:
            return found
        counts = enrolment_counts(comparisons, enrolled, chosen)
        return {**found, **counts._asdict(), "failure_to_enrol": counts.n_failed_to_enrol / counts.n_prints}

    rows = []
    for level, alteration, chosen in _groups(comparisons):
        found = measured(chosen)
        if found is None:
            continue
        by_set = {name: measured(chosen & (sets == name)) for name in names} if len(names) > 1 else {}
        rows.append(
            MatchingFigures(
                system=system,
                protocol=comparisons.protocol,
                level=level,
                alteration=alteration,
                threshold=threshold,
                threshold_from=threshold_from,
                threshold_n_non_mated=threshold_n_non_mated,
                n_sets=max(1, len(names)),
                bytes=bytes,
                per_set={name: of for name, of in by_set.items() if of is not None},
                **found,
            )
        )
    return rows


def _figures(
    scores: np.ndarray, mated: np.ndarray, subjects: np.ndarray, threshold: float, replicates: int, seed: int
) -> dict[str, Any] | None:
    """The figures of N comparisons, by their names in `MatchingFigures`; None without mated or non-mated ones."""
    n_mated, n_non_mated = int(mated.sum()), int((~mated).sum())
    if not n_mated or not n_non_mated:
        return None
    m, n = scores[mated], scores[~mated]
    rates, n_subjects = error_rates(m, n), len(np.unique(subjects))
    bootstrap = ScoreBootstrap(m, n, subjects[mated], subjects[~mated], replicates, seed)
    eer = equal_error_rate(rates)
    low, high = rate_interval(eer, bootstrap.equal_error_rates(), n_subjects)
    shown = {name: fnmr_at_fmr(rates, fmr) if shows_fmr(n_non_mated, fmr) else math.nan for name, fmr in FMRS.items()}
    return {
        "eer": eer,
        "eer_low": low,
        "eer_high": high,
        **shown,
        "auc": area_under_roc(rates),
        "d_prime": d_prime(m, n),
        **decisions_at(m, n, threshold)._asdict(),
        "n_mated": n_mated,
        "n_non_mated": n_non_mated,
        "n_subjects": n_subjects,
    }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def curves(scores: np.ndarray, mated: np.ndarray, most_points: int = MOST_CURVE_POINTS) -> ErrorRates:
    """The error rates of `scores` (N,), thinned to at most `most_points` points, for ROC and DET curves.

    mated: bool (N,). The points are measured ones, with ascending thresholds, and include the first and the last. They
    are spread evenly over FMR and FNMR and over their logarithms, since a DET curve stretches small rates. Raises
    BadInput as `error_rates` does, and when `most_points` is below 10.
    """
    scores, mated = np.asarray(scores), np.asarray(mated, dtype=bool)
    if most_points < 10:
        raise BadInput(f"a curve needs at least 10 points, not {most_points}")
    rates = error_rates(scores[mated], scores[~mated])
    n = len(rates.thresholds)
    if n <= most_points:
        return rates
    each = (most_points - 2) // 4
    kept = [np.array([0, n - 1])]
    # Each rate in ascending order, with the index of each point in the order of the thresholds.
    places = np.arange(n)
    for rate, place in ((rates.fnmr, places), (rates.fmr[::-1], places[::-1])):
        # Half of the points are spread over the logarithm, from the smallest rate above 0.
        wanted = np.concatenate((np.linspace(0, 1, each), np.geomspace(rate[rate > 0][0], 1, each)))
        kept.append(place[np.minimum(np.searchsorted(rate, wanted), n - 1)])
    return ErrorRates(*(part[np.unique(np.concatenate(kept))] for part in rates))


def _groups(comparisons: Comparisons) -> Iterator[tuple[str, str, np.ndarray]]:
    """(level, alteration, bool (N,) of the comparisons): all, each level, each alteration, each pair of the two."""
    levels, alterations = (
        sorted(set(names.tolist()), key=(*LEVELS, *ALTERATIONS).index)
        for names in (comparisons.probe_levels, comparisons.probe_alterations[comparisons.probe_alterations != ""])
    )
    # If there is one level only, its row would repeat "all"; likewise with alterations.
    levels, alterations = (names if len(names) > 1 else [] for names in (levels, alterations))
    rows = comparisons.probe_rows
    of_level = {name: (comparisons.probe_levels == name)[rows] for name in levels}
    of_alteration = {name: (comparisons.probe_alterations == name)[rows] for name in alterations}
    yield "all", "all", np.ones(len(comparisons), dtype=bool)
    for level, chosen in of_level.items():
        yield level, "all", chosen
    for alteration, chosen in of_alteration.items():
        yield "all", alteration, chosen
    for level, chosen in of_level.items():
        for alteration, also in of_alteration.items():
            yield level, alteration, chosen & also
