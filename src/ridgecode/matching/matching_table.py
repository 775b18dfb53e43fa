"""The figures of a matcher on a comparison list, as a table, and its error curves."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from ridgecode.errors import BadInput
from ridgecode.matching.bootstrap import REPLICATES, ScoreBootstrap, bootstrap_interval
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
    threshold_at_fmr,
)
from ridgecode.prints.labels import ALTERATIONS, LEVELS

THRESHOLD_FMR = 0.001
"""Thresholds are chosen at this FMR: 0.1 %, FVC's FMR1000, usual in verification."""
MOST_CURVE_POINTS = 2000


@dataclass(frozen=True)
class MatchingFigures:
    """The figures of one system on one protocol, for probes of one level and one alteration ("all": of any).

    Rates are fractions. `eer_low` and `eer_high` are the ends of the 95 % bootstrap interval over subjects.
    `threshold_from` names the split on which the threshold was chosen. `bytes` is the size of a template.
    """

    system: str
    protocol: str
    level: str
    alteration: str
    eer: float
    eer_low: float
    eer_high: float
    fnmr_at_fmr_1: float
    fnmr_at_fmr_0_1: float
    fnmr_at_fmr_0_01: float
    auc: float
    d_prime: float
    threshold: float
    threshold_from: str
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
    bytes: int

    def as_json(self) -> dict[str, str | int | float | None]:
        """The row of evaluation.json. Figures that are not finite become null, since JSON has no word for them."""
        return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in asdict(self).items()}


def matching_table(
    scores: np.ndarray,
    comparisons: Comparisons,
    system: str,
    bytes: int,
    threshold: float | None = None,
    threshold_from: str = "val",
    replicates: int = REPLICATES,
    seed: int = 0,
) -> list[MatchingFigures]:
    """Figures for all probes, then for each level, each alteration, and each pair of level and alteration.

    scores: (N,), one a comparison
    bytes: the size of a template
    threshold: of all rows, chosen on validation data. None chooses the smallest threshold with an FMR of at most 0.1 %
        (THRESHOLD_FMR) on all comparisons of this list, which is fair on the validation split only
    threshold_from: the name of the split that the threshold comes from, in both cases

    Leaves out rows without a mated or a non-mated comparison, and rows that would repeat another one. Raises BadInput
    when `scores` are not N numbers, one is NaN, or the list lacks mated or non-mated comparisons.
    """
    scores = checked_scores(scores, "comparison")
    if len(scores) != len(comparisons):
        raise BadInput(f"{len(comparisons)} comparisons need {len(comparisons)} scores, not {len(scores)}")
    mated = comparisons.mated
    if threshold is None:
        threshold = threshold_at_fmr(error_rates(scores[mated], scores[~mated]), THRESHOLD_FMR)
    # Numbers sort faster than names. These have the order of the names, so the bootstrap draws the same subjects.
    subjects = np.unique(comparisons.probe_subjects, return_inverse=True)[1][comparisons.probe_rows]
    rows = []
    for level, alteration, chosen in _groups(comparisons):
        m, n = chosen & mated, chosen & ~mated
        if not m.any() or not n.any():
            continue
        rates = error_rates(scores[m], scores[n])
        bootstrap = ScoreBootstrap(scores[m], scores[n], subjects[m], subjects[n], replicates, seed)
        low, high = bootstrap_interval(bootstrap.equal_error_rates())
        rows.append(
            MatchingFigures(
                system=system,
                protocol=comparisons.protocol,
                level=level,
                alteration=alteration,
                eer=equal_error_rate(rates),
                eer_low=low,
                eer_high=high,
                fnmr_at_fmr_1=fnmr_at_fmr(rates, 0.01),
                fnmr_at_fmr_0_1=fnmr_at_fmr(rates, 0.001),
                fnmr_at_fmr_0_01=fnmr_at_fmr(rates, 0.0001),
                auc=area_under_roc(rates),
                d_prime=d_prime(scores[m], scores[n]),
                threshold=threshold,
                threshold_from=threshold_from,
                **decisions_at(scores[m], scores[n], threshold)._asdict(),
                n_mated=int(m.sum()),
                n_non_mated=int(n.sum()),
                n_subjects=len(np.unique(subjects[chosen])),
                bytes=bytes,
            )
        )
    return rows


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
