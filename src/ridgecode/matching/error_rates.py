"""Error rates of comparison scores, exact with ties.

Words and definitions of ISO/IEC 19795-1: a comparison is accepted when its score reaches the threshold; the false match
rate (FMR) is the share of non-mated comparisons accepted, the false non-match rate (FNMR) that of mated ones rejected.
A higher score is more alike, always.
"""

import math
from typing import NamedTuple

import numpy as np

from ridgecode.errors import BadInput


class ErrorRates(NamedTuple):
    """FMR and FNMR at every threshold that makes a difference; three float64 arrays of one length.

    `thresholds` ascend: every distinct score, then the next number after the highest one, which rejects everything. So
    the first point has FMR 1 and FNMR 0, the last FMR 0 and FNMR 1. Rates are fractions.
    """

    thresholds: np.ndarray
    fmr: np.ndarray
    fnmr: np.ndarray


class Decisions(NamedTuple):
    """What a threshold decides; "positive" is a comparison accepted as mated.

    `precision` is the share of accepted comparisons that are mated (0 when none is accepted), `recall` the share of
    mated comparisons accepted, 1 - FNMR. Accuracy and precision depend on how many non-mated comparisons a list holds.
    """

    accuracy: float
    precision: float
    recall: float
    tp: int
    fp: int
    tn: int
    fn: int


def checked_scores(scores: np.ndarray, kind: str) -> np.ndarray:
    """`scores` as float64 (N,). Raises BadInput naming their `kind` when there are none or one is NaN."""
    scores = np.asarray(scores, dtype=np.float64).reshape(-1)
    if not len(scores):
        raise BadInput(f"there are no {kind} scores: error rates need mated and non-mated comparisons")
    if np.isnan(scores).any():
        raise BadInput(
            f"{int(np.isnan(scores).sum())} of {len(scores)} {kind} scores are NaN: train the matcher with a lower "
            "--learning_rate"
        )
    return scores


def error_rates(mated: np.ndarray, non_mated: np.ndarray) -> ErrorRates:
    """FMR and FNMR at every threshold, from mated (M,) and non-mated (N,) scores in any order and unit.

    Accepted means score >= threshold, compared in float64. Raises BadInput when either list is empty or holds a NaN.
    """
    mated = np.sort(checked_scores(mated, "mated"))
    non_mated = np.sort(checked_scores(non_mated, "non-mated"))
    both = np.concatenate((mated, non_mated))
    # Two sorted runs: the stable sort merges them in one pass.
    both.sort(kind="stable")
    distinct = both[np.concatenate(([True], both[1:] != both[:-1]))]
    thresholds = np.append(distinct, np.nextafter(distinct[-1], math.inf))
    # Accepted over all, not 1 - rejected over all: 1 of 100 must be the same float as 0.01.
    fmr = (len(non_mated) - np.searchsorted(non_mated, thresholds, side="left")) / len(non_mated)
    fnmr = np.searchsorted(mated, thresholds, side="left") / len(mated)
    return ErrorRates(thresholds, fmr, fnmr)


def equal_error_rate(rates: ErrorRates) -> float:
    """The rate at which FMR equals FNMR, a fraction.

    ISO/IEC 19795-1 plots FMR and FNMR against each other and reads the EER where the curve meets FMR = FNMR. Measured
    rates are steps that seldom meet, so neighbouring points are joined by straight lines, as the area under the ROC
    joins them: tied mated and non-mated scores count as a coin toss, and the figure depends on the order of the scores
    alone. (The ROC convex hull, the other common choice, is never higher.)
    """
    fmr, fnmr, i = *rates[1:], _crossing(rates)
    gap_before, gap_after = fmr[i - 1] - fnmr[i - 1], fmr[i] - fnmr[i]
    share = gap_before / (gap_before - gap_after)
    return float(fmr[i - 1] + share * (fmr[i] - fmr[i - 1]))


def threshold_at_eer(rates: ErrorRates) -> float:
    """The threshold whose FMR and FNMR are closest to each other; the lower one of two that are equally close."""
    i = _crossing(rates)
    before, after = abs(rates.fmr[i - 1] - rates.fnmr[i - 1]), abs(rates.fmr[i] - rates.fnmr[i])
    return float(rates.thresholds[i - 1 if before <= after else i])


def _crossing(rates: ErrorRates) -> int:
    """The first point with FNMR >= FMR; never 0, where FMR is 1 and FNMR 0."""
    return int(np.argmax(rates.fnmr >= rates.fmr))


def _point_at_fmr(rates: ErrorRates, fmr: float) -> int:
    return int(np.argmax(rates.fmr <= fmr))


def threshold_at_fmr(rates: ErrorRates, fmr: float) -> float:
    """The smallest threshold whose FMR is at most `fmr`, a fraction; finite, even when it rejects everything."""
    return float(rates.thresholds[_point_at_fmr(rates, fmr)])


def threshold_at_precision(mated: np.ndarray, non_mated: np.ndarray, precision: float) -> float:
    """The smallest threshold at which a fraction `precision` of the accepted comparisons, or more, is mated.

    mated (M,), non_mated (N,): scores. Precision depends on how many non-mated comparisons a list holds. Where no
    threshold reaches it, the one that rejects everything. Raises BadInput as `error_rates`.
    """
    rates = error_rates(mated, non_mated)
    right = len(mated) - np.rint(rates.fnmr * len(mated))
    wrong = np.rint(rates.fmr * len(non_mated))
    reached = (right >= precision * (right + wrong)) & (right + wrong > 0)
    return float(rates.thresholds[np.argmax(reached) if reached.any() else -1])


def fnmr_at_fmr(rates: ErrorRates, fmr: float) -> float:
    """FNMR at the smallest threshold whose FMR is at most `fmr`, both fractions.

    Fewer than 1 / `fmr` non-mated comparisons can't show so low a rate: the figure is then FNMR at no false match.
    """
    return float(rates.fnmr[_point_at_fmr(rates, fmr)])


def area_under_roc(rates: ErrorRates) -> float:
    """Area under the ROC curve: the share of (mated, non-mated) pairs of scores in the right order, ties counted half.

    Source: Hanley and McNeil, "The meaning and use of the area under a ROC curve", Radiology 143 (1982).
    """
    recall = 1 - rates.fnmr
    return float(np.sum((rates.fmr[:-1] - rates.fmr[1:]) * (recall[:-1] + recall[1:])) / 2)


def d_prime(mated: np.ndarray, non_mated: np.ndarray) -> float:
    """Distance of the mean scores over the root of their mean variance; below 0 when mated scores are the lower ones.

    Infinite when neither list varies and their scores differ, 0 when all scores are equal. Source: Daugman, "Biometric
    decision landscapes", University of Cambridge TR482 (2000), there without sign. Raises BadInput as `error_rates`.
    """
    mated, non_mated = checked_scores(mated, "mated"), checked_scores(non_mated, "non-mated")
    distance = float(mated.mean() - non_mated.mean())
    spread = math.sqrt((float(mated.var()) + float(non_mated.var())) / 2)
    if spread == 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / spread


def decisions_at(mated: np.ndarray, non_mated: np.ndarray, threshold: float) -> Decisions:
    """Accuracy, precision, recall and the confusion matrix when score >= `threshold` is accepted.

    Raises BadInput when either list is empty or holds a NaN.
    """
    mated, non_mated = checked_scores(mated, "mated"), checked_scores(non_mated, "non-mated")
    tp = int((mated >= threshold).sum())
    fp = int((non_mated >= threshold).sum())
    fn, tn = len(mated) - tp, len(non_mated) - fp
    precision = tp / (tp + fp) if tp + fp else 0.0
    return Decisions((tp + tn) / (len(mated) + len(non_mated)), precision, tp / len(mated), tp, fp, tn, fn)
