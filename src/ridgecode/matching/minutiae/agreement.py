"""How far the minutiae of one print are those of another that lies on it: precision, recall and F1."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from ridgecode.matching.minutiae.template import Minutiae

MOST_PIXELS = 8.0
"""How far apart two minutiae may lie, at 500 ppi: 0.4 mm, about a ridge period."""
MOST_DEGREES = 20.0


class Agreement(NamedTuple):
    """Of `found` minutiae and `true` ones, `matched` are the same. Rates are fractions, 0 in place of 0 / 0."""

    precision: float
    recall: float
    f1: float
    matched: int
    found: int
    true: int


def agreement(
    found: Minutiae, true: Minutiae, pixels: float = MOST_PIXELS, degrees: float = MOST_DEGREES, period: float = 360
) -> Agreement:
    """Pairs each minutia with at most one of the other print, as many as can be, and counts.

    Two may be paired where they lie at most `pixels` apart and their directions differ by at most `degrees`, both
    inclusive; their kinds may differ, since a little ink makes a bifurcation of an ending. Of all largest pairings the
    one with the smallest sum of distances counts (the Hungarian method), so the order of minutiae changes nothing.
    period: 360, or 180 for an extractor that can't tell a direction from its opposite.
    """
    matched = len(pairing(found, true, pixels, degrees, period)[0])
    n_found, n_true = len(found), len(true)
    return Agreement(
        precision=matched / n_found if n_found else 0.0,
        recall=matched / n_true if n_true else 0.0,
        f1=2 * matched / (n_found + n_true) if n_found + n_true else 0.0,
        matched=matched,
        found=n_found,
        true=n_true,
    )


def pairing(
    found: Minutiae, true: Minutiae, pixels: float = MOST_PIXELS, degrees: float = MOST_DEGREES, period: float = 360
) -> tuple[np.ndarray, np.ndarray]:
    """Which of `found` is paired with which of `true`, as `agreement` counts them: two int64 (K,)."""
    dx, dy, turn = (
        np.subtract.outer(getattr(found, name).astype(np.float64), getattr(true, name))
        for name in ("x", "y", "direction")
    )
    distance = np.hypot(dx, dy)
    turn = np.abs((turn + period / 2) % period - period / 2)
    allowed = (distance <= pixels) & (turn <= degrees)
    # A pair that may not be costs more than all allowed ones together, so the largest pairing is the cheapest.
    cost = np.where(allowed, distance, (pixels + 1) * (min(distance.shape, default=0) + 1))
    rows, columns = linear_sum_assignment(cost)
    kept = allowed[rows, columns]
    return rows[kept].astype(np.int64), columns[kept].astype(np.int64)
