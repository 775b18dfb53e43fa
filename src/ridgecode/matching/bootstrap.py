"""Bootstrap intervals over subjects.

The scores of one subject depend on each other, so a replicate draws subjects with replacement, each with all its
comparisons. A comparison belongs to its probe's subject. Source: Bolle, Ratha and Pankanti, "Error analysis of pattern
recognition systems - the subsets bootstrap", Computer Vision and Image Understanding 93 (2004).

Where the replicates don't differ, as where no comparison was decided wrongly or there is one subject, a rate has the
exact interval (see `exact_interval`) with the subjects as trials, and any other figure has no interval.

Each replicate's error rates are exact: `error_rates` gives the same for the comparisons that it drew, repeats included.
To draw the comparisons of a thousand replicates would take minutes. Instead:

1. count each subject's comparisons between the thresholds of a coarse grid;
2. multiply by how often each replicate draws each subject, which gives each replicate's rates on the grid;
3. look at single scores only in the grid cell in which a replicate reaches the wanted rate.
"""

import math
from collections.abc import Callable

import numpy as np

from ridgecode.errors import BadInput
from ridgecode.matching.error_rates import checked_scores
from ridgecode.matching.exact_interval import CONFIDENCE, Interval, clopper_pearson

REPLICATES = 1000
_ROUNDING = 1e-12  # equal replicates differ by this share of their value at most


def bootstrap_interval(figures: np.ndarray) -> Interval:
    """The interval that holds the middle 95 % of the replicates' `figures` (B,), of which NaN ones are left out. There
    is none where these replicates don't differ."""
    figures = figures[~np.isnan(figures)]
    if not len(figures):
        return Interval(None, None)
    low, high = np.quantile(figures, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    if high - low <= _ROUNDING * max(abs(low), abs(high)):
        return Interval(None, None)
    return Interval(float(low), float(high))


def rate_interval(rate: float, figures: np.ndarray, n_subjects: int) -> Interval:
    """The interval of a measured `rate`, 0 to 1, from the replicates' `figures` (B,).

    It is that of `bootstrap_interval`, or where this has no width the exact one, with the subjects that the rate is of
    as trials, `n_subjects`.
    """
    found = bootstrap_interval(figures)
    return clopper_pearson(min(max(rate, 0.0), 1.0), n_subjects) if found.low is None else found


def subject_weights(n_subjects: int, replicates: int = REPLICATES, seed: int = 0) -> np.ndarray:
    """How often each replicate draws each subject: int64 (replicates, n_subjects), each row summing to n_subjects."""
    return np.random.default_rng(seed).multinomial(n_subjects, np.full(n_subjects, 1 / n_subjects), size=replicates)


def bootstrap_mean(values: np.ndarray, subjects: np.ndarray, replicates: int = REPLICATES, seed: int = 0) -> Interval:
    """The interval of the mean of `values` (N,), such as the MSE of each print. subjects: (N,), each print's subject.

    There is none for a single subject, or where all subjects have one mean. Raises BadInput when there are no values,
    one is NaN, or the two arrays differ in length.
    """
    return bootstrap_interval(_means(values, subjects, replicates, seed))


def bootstrap_rate(values: np.ndarray, subjects: np.ndarray, replicates: int = REPLICATES, seed: int = 0) -> Interval:
    """The interval of the mean of `values` (N,) that lie in [0, 1]: 0 and 1 for right and wrong, or shares.

    Arguments and errors as `bootstrap_mean`.
    """
    found = _means(values, subjects, replicates, seed)
    return rate_interval(float(np.mean(values, dtype=np.float64)), found, len(np.unique(subjects)))


def _means(values: np.ndarray, subjects: np.ndarray, replicates: int, seed: int) -> np.ndarray:
    """The mean of the values in each replicate, (B,)."""
    values = checked_scores(values, "per-print")
    names, index = np.unique(subjects, return_inverse=True)
    if len(index) != len(values):
        raise BadInput(f"{len(values)} values need {len(values)} subjects, not {len(index)}")
    weights = subject_weights(len(names), replicates, seed)
    sums, counts = np.bincount(index, weights=values), np.bincount(index)
    return np.asarray((weights @ sums) / (weights @ counts))


class ScoreBootstrap:
    """The error rates of each replicate. Sorts the scores once, for all figures.

    mated: (M,) and non_mated: (N,), scores
    mated_subjects: (M,) and non_mated_subjects: (N,), the subjects of the probes: numbers or names; numbers sort faster

    The draw depends on the sorted subjects and the seed alone, not on the order of the comparisons or their scores. A
    replicate that draws no mated or no non-mated comparison has NaN as its figure. Raises BadInput when there are no
    mated or no non-mated scores, one is NaN, or scores and subjects differ in number.
    """

    def __init__(
        self,
        mated: np.ndarray,
        non_mated: np.ndarray,
        mated_subjects: np.ndarray,
        non_mated_subjects: np.ndarray,
        replicates: int = REPLICATES,
        seed: int = 0,
    ) -> None:
        mated, non_mated = checked_scores(mated, "mated"), checked_scores(non_mated, "non-mated")
        if len(mated_subjects) != len(mated) or len(non_mated_subjects) != len(non_mated):
            raise BadInput("every score needs the subject of its probe, but the lists differ in length")
        names, subject = np.unique(np.concatenate((mated_subjects, non_mated_subjects)), return_inverse=True)
        scores = np.concatenate((mated, non_mated))
        order = np.argsort(scores, kind="stable")
        ordered = scores[order]
        # A score's rank among the distinct scores. Threshold j accepts the ranks from j on; the last one accepts none.
        self._rank = np.concatenate(([0], np.cumsum(ordered[1:] != ordered[:-1])))
        self._is_mated = order < len(mated)
        self._subject = subject[order]
        self._n_subjects = len(names)
        self._n_distinct = int(self._rank[-1]) + 1
        self._weights = subject_weights(len(names), replicates, seed).astype(np.float64)
        # With about sqrt(distinct) thresholds in a cell, the grid and the search of a cell take the same time.
        self._width = max(1, math.isqrt(self._n_distinct))
        n_cells = -(-self._n_distinct // self._width)
        cell = self._rank // self._width
        self._totals = tuple(self._weights @ np.bincount(self._subject[k], minlength=len(names)) for k in self._kinds())
        # Two (B, cells + 1), mated and non-mated: how many comparisons have a rank below each cell's first rank.
        self._below = tuple(_cumulated(self._weights @ self._counts(k, cell[k], n_cells)) for k in self._kinds())

    def equal_error_rates(self) -> np.ndarray:
        """EER of each replicate, as `equal_error_rate` defines it: float64 (B,)."""
        before, after = self._around(lambda fmr, fnmr: fnmr >= fmr)
        gap_before, gap_after = before[0] - before[1], after[0] - after[1]
        with np.errstate(invalid="ignore"):
            return before[0] + gap_before / (gap_before - gap_after) * (after[0] - before[0])

    def fnmrs_at_fmr(self, fmr: float) -> np.ndarray:
        """FNMR of each replicate at its own smallest threshold with FMR at most `fmr`, fractions: float64 (B,)."""
        _, after = self._around(lambda found, _: found <= fmr)
        return after[1]

    def _kinds(self) -> tuple[np.ndarray, np.ndarray]:
        return np.flatnonzero(self._is_mated), np.flatnonzero(~self._is_mated)

    def _counts(self, rows: np.ndarray, column: np.ndarray, n_columns: int) -> np.ndarray:
        """How many of the comparisons `rows` each subject has in each column: (S, n_columns) float64."""
        flat = self._subject[rows] * n_columns + column
        return np.bincount(flat, minlength=self._n_subjects * n_columns).reshape(-1, n_columns).astype(np.float64)

    def _rates(self, replicates: np.ndarray | slice, below: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
        """FMR and FNMR, (R, T) each. below: mated and non-mated comparisons below each threshold, (R, T) each."""
        mated, non_mated = (total[replicates, None] for total in self._totals)
        with np.errstate(invalid="ignore"):
            return (non_mated - below[1]) / non_mated, below[0] / mated

    def _around(
        self, reached: Callable[[np.ndarray, np.ndarray], np.ndarray]
    ) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """(FMR, FNMR) of each replicate at the last threshold where `reached` is false and the first where it is true.

        reached: takes FMR and FNMR; turns from false to true once as the threshold rises, and is true at the last one.
        """
        n_replicates = len(self._weights)
        fmr_before, fnmr_before, fmr_after, fnmr_after = np.full((4, n_replicates), np.nan)
        on_grid = reached(*self._rates(slice(None), self._below))
        # `reached` turns true within the cell before the first grid point where it is true, or in cell 0.
        cells = np.maximum(np.argmax(on_grid, axis=1) - 1, 0)
        measurable = (self._totals[0] > 0) & (self._totals[1] > 0)
        for cell in np.unique(cells[measurable]):
            who = np.flatnonzero(measurable & (cells == cell))
            first = cell * self._width
            start, stop = np.searchsorted(self._rank, [first, first + self._width])
            rows = np.arange(start, stop)
            column = self._rank[start:stop] - first
            is_mated = self._is_mated[start:stop]
            below = tuple(
                grid[who, cell, None]
                + _cumulated(self._weights[who] @ self._counts(rows[kind], column[kind], int(column[-1]) + 1))
                for grid, kind in zip(self._below, (is_mated, ~is_mated), strict=True)
            )
            fmr, fnmr = self._rates(who, below)
            after = np.argmax(reached(fmr, fnmr), axis=1)
            before = np.maximum(after - 1, 0)
            each = np.arange(len(who))
            fmr_before[who], fnmr_before[who] = fmr[each, before], fnmr[each, before]
            fmr_after[who], fnmr_after[who] = fmr[each, after], fnmr[each, after]
        return (fmr_before, fnmr_before), (fmr_after, fnmr_after)


def _cumulated(counts: np.ndarray) -> np.ndarray:
    """Counts per column (R, T) to counts before each column (R, T + 1); the last one is the sum of all columns."""
    below = np.zeros((counts.shape[0], counts.shape[1] + 1))
    np.cumsum(counts, axis=1, out=below[:, 1:])
    return below
