"""The decision threshold of a matcher, and what it rests on: how many validation comparisons, of how many subjects."""

from typing import NamedTuple

import numpy as np

from ridgecode.matching.bootstrap import bootstrap_rate
from ridgecode.matching.comparisons import Comparisons
from ridgecode.matching.error_rates import threshold_and_fmr
from ridgecode.matching.exact_interval import clopper_pearson


class ThresholdCounts(NamedTuple):
    """The comparisons on which a threshold was chosen; None where a run of an older version did not record it.

    n_mated, n_non_mated: their numbers; n_subjects: of the probes of the non-mated ones
    fmr_high: the upper end of the FMR's 95 % interval over these subjects, 0 to 1; no lower than that of as many
        independent comparisons, since the replicates of very few subjects hardly differ
    """

    n_mated: int | None = None
    n_non_mated: int | None = None
    n_subjects: int | None = None
    fmr_high: float | None = None


UNKNOWN = ThresholdCounts()
"""The counts of a threshold that nothing is recorded of."""


class DecisionThreshold(NamedTuple):
    """threshold: a score at or above it is accepted; fmr: the share of non-mated comparisons that reach it."""

    threshold: float
    fmr: float
    counts: ThresholdCounts


def decision_threshold(scores: np.ndarray, comparisons: Comparisons, fmr: float) -> DecisionThreshold:
    """The smallest threshold whose FMR on the list is at most `fmr`. scores: (N,), of its comparisons.

    A list with fewer than 1 / `fmr` non-mated comparisons gives the threshold that rejects them all.
    """
    mated = comparisons.mated
    threshold, found = threshold_and_fmr(scores[mated], scores[~mated], fmr)
    accepted = scores[~mated].astype(np.float64) >= threshold
    subjects = comparisons.probe_subject[~mated].astype(str)
    ends = (bootstrap_rate(accepted, subjects).high, clopper_pearson(found, len(accepted)).high)
    high = max((end for end in ends if end is not None), default=None)
    counts = ThresholdCounts(int(mated.sum()), int((~mated).sum()), len(np.unique(subjects)), high)
    return DecisionThreshold(threshold, found, counts)
