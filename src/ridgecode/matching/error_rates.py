"""Error rates of comparison scores, exact when scores are equal.

Definitions of ISO/IEC 19795-1: a comparison is accepted if its score is at or above the threshold. The false match rate
(FMR) is the share of non-mated comparisons that are accepted. The false non-match rate (FNMR) is the share of mated
comparisons that are rejected. A higher score is always more alike.
"""

import math
from typing import NamedTuple

import numpy as np

from ridgecode.errors import BadInput


class ErrorRates(NamedTuple):
    """FMR and FNMR, fractions, at every threshold at which they change; three float64 arrays of one length.

    `thresholds` ascend: every distinct score, then the next float after the highest score, which rejects everything. So
    the first point has FMR 1 and FNMR 0, the last point FMR 0 and FNMR 1.
    """

    thresholds: np.ndarray
    fmr: np.ndarray
    fnmr: np.ndarray


class Decisions(NamedTuple):
    """The decisions at one threshold. Rates are fractions; "positive" is a comparison that is accepted as mated.

    `accuracy` is the share of right decisions; `precision` the share of accepted comparisons that are mated, 0 if none
    is accepted; `recall` the share of mated comparisons that are accepted, 1 - FNMR. Accuracy and precision depend on
    how many non-mated comparisons a list holds.
    """

    accuracy: float
    precision: float
    recall: float
    tp: int
    fp: int
    tn: int
    fn: int


def checked_scores(scores: np.ndarray, kind: str) -> np.ndarray:
    """`scores` as float64 (N,). Raises BadInput, which names their `kind`, when there are none or one is NaN."""
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
    """FMR and FNMR at every threshold. mated: (M,), non_mated: (N,), scores in any order and unit.

    A score is accepted if it is >= the threshold, both in float64. Raises BadInput when either array is empty or holds
    a NaN.
    """
    mated = np.sort(checked_scores(mated, "mated"))
    non_mated = np.sort(checked_scores(non_mated, "non-mated"))
    both = np.concatenate((mated, non_mated))
    # A stable sort of two sorted halves merges them in one pass.
    both.sort(kind="stable")
    distinct = both[np.concatenate(([True], both[1:] != both[:-1]))]
    thresholds = np.append(distinct, np.nextafter(distinct[-1], math.inf))
    # Counts accepted comparisons, since 1 of 100 must be the float 0.01; 1 - 99 / 100 is another float.
    fmr = (len(non_mated) - np.searchsorted(non_mated, thresholds, side="left")) / len(non_mated)
    fnmr = np.searchsorted(mated, thresholds, side="left") / len(mated)
    return ErrorRates(thresholds, fmr, fnmr)


def equal_error_rate(rates: ErrorRates) -> float:
    """The rate at which FMR equals FNMR, a fraction.

    ISO/IEC 19795-1 plots FNMR against FMR; the EER is where the curve meets the line FMR = FNMR. Measured rates are
    steps, which seldom have a point on that line, so straight lines join neighbouring points, as in `area_under_roc`.
    So a tie of a mated and a non-mated score counts as a coin toss, and the EER depends on the order of the scores
    alone. (The EER of the ROC convex hull, the other common choice, is never higher.)
    """
    fmr, fnmr = rates.fmr, rates.fnmr
    # The first point with FNMR >= FMR; never point 0, where FMR is 1 and FNMR 0.
    i = int(np.argmax(fnmr >= fmr))
    gap_before, gap_after = fmr[i - 1] - fnmr[i - 1], fmr[i] - fnmr[i]
    share = gap_before / (gap_before - gap_after)
    return float(fmr[i - 1] + share * (fmr[i] - fmr[i - 1]))


def _point_at_fmr(rates: ErrorRates, fmr: float) -> int:
    return int(np.argmax(rates.fmr <= fmr))


def threshold_at_fmr(rates: ErrorRates, fmr: float) -> float:
    """The smallest threshold whose FMR is at most `fmr`, a fraction; finite, even when it rejects everything."""
    return float(rates.thresholds[_point_at_fmr(rates, fmr)])


def threshold_and_fmr(mated: np.ndarray, non_mated: np.ndarray, fmr: float) -> tuple[float, float]:
    """The threshold that `threshold_at_fmr` finds for scores (M,) and (N,), and the fraction of the non-mated scores
    that reach it."""
    # In float64, as scores are compared elsewhere: in float32 it would be rounded down to the score that it rejects.
    mated, non_mated = mated.astype(np.float64), non_mated.astype(np.float64)
    threshold = threshold_at_fmr(error_rates(mated, non_mated), fmr)
    return threshold, float((non_mated >= threshold).mean())


def threshold_at_precision(mated: np.ndarray, non_mated: np.ndarray, precision: float) -> float:
    """The smallest threshold whose precision is at least `precision`, a fraction; see `Decisions`.

    mated: (M,), non_mated: (N,), scores. If no threshold reaches that precision, returns the one that rejects
    everything. Raises BadInput as `error_rates` does.
    """
    rates = error_rates(mated, non_mated)
    right = len(mated) - np.rint(rates.fnmr * len(mated))
    wrong = np.rint(rates.fmr * len(non_mated))
    reached = (right >= precision * (right + wrong)) & (right + wrong > 0)
    return float(rates.thresholds[np.argmax(reached) if reached.any() else -1])


def fnmr_at_fmr(rates: ErrorRates, fmr: float) -> float:
    """FNMR at the smallest threshold whose FMR is at most `fmr`, both fractions.

    With fewer than 1 / `fmr` non-mated comparisons, one false match is above `fmr` already: the result is then the FNMR
    without any false match. See `shows_fmr` for how many say something about that FMR.
    """
    return float(rates.fnmr[_point_at_fmr(rates, fmr)])


def shows_fmr(n_non_mated: int, fmr: float) -> bool:
    """Whether so many non-mated comparisons can show an FMR of `fmr`, a fraction above 0: 3 / `fmr` are needed.

    This is the rule of three: with no false match in n comparisons, the FMR is below 3 / n with 95 % confidence.
    Source: Jovanovic and Levy, "A look at the rule of three", The American Statistician 51 (1997).
    """
    return n_non_mated >= math.floor(3 / fmr + 0.5)


def area_under_roc(rates: ErrorRates) -> float:
    """Area under the ROC curve, a fraction: how often a mated score is above a non-mated one. Ties count half.

    Source: Hanley and McNeil, "The meaning and use of the area under a ROC curve", Radiology 143 (1982).
    """
    recall = 1 - rates.fnmr
    return float(np.sum((rates.fmr[:-1] - rates.fmr[1:]) * (recall[:-1] + recall[1:])) / 2)


def d_prime(mated: np.ndarray, non_mated: np.ndarray) -> float:
    """d': mean mated score minus mean non-mated score, over the root of the mean of both variances.

    Negative when the mated scores are lower; infinite when neither array varies and they differ; 0 when all scores are
    equal. Source: Daugman, "Biometric decision landscapes", University of Cambridge TR482 (2000), where it has no sign.
    Raises BadInput as `error_rates` does.
    """
    mated, non_mated = checked_scores(mated, "mated"), checked_scores(non_mated, "non-mated")
    distance = float(mated.mean() - non_mated.mean())
    spread = math.sqrt((float(mated.var()) + float(non_mated.var())) / 2)
    if spread == 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / spread


def decisions_at(mated: np.ndarray, non_mated: np.ndarray, threshold: float) -> Decisions:
    """Accuracy, precision, recall and the confusion matrix if scores at or above `threshold` are accepted.

    mated: (M,), non_mated: (N,), scores. Raises BadInput as `error_rates` does.
    """
    mated, non_mated = checked_scores(mated, "mated"), checked_scores(non_mated, "non-mated")
    tp = int((mated >= threshold).sum())
    fp = int((non_mated >= threshold).sum())
    fn, tn = len(mated) - tp, len(non_mated) - fp
    precision = tp / (tp + fp) if tp + fp else 0.0
    return Decisions((tp + tn) / (len(mated) + len(non_mated)), precision, tp / len(mated), tp, fp, tn, fn)
