"""How well the minutiae found in a print agree with the true ones of the same print: precision, recall and F1.

The two prints are aligned pixel by pixel: say, a reconstruction and its original.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from ridgecode.matching.minutiae.template import Minutiae

MOST_PIXELS = 8.0
"""The largest distance of two minutiae that count as the same, at 500 ppi: 0.4 mm, about a ridge period."""
MOST_DEGREES = 20.0
"""The largest difference of their directions."""


class Agreement(NamedTuple):
    """How many minutiae were found, how many are true, and how many of both were paired (`matched`).

    precision is matched / found, recall matched / true, f1 their harmonic mean: fractions, 0 in place of 0 / 0.
    """

    precision: float
    recall: float
    f1: float
    matched: int
    found: int
    true: int


def agreement(found: Minutiae, true: Minutiae) -> Agreement:
    """Counts how many of the `found` minutiae `pairing` pairs with `true` ones, and gives the rates."""
    matched = len(pairing(found, true)[0])
    n_found, n_true = len(found), len(true)
    return Agreement(
        precision=matched / n_found if n_found else 0.0,
        recall=matched / n_true if n_true else 0.0,
        f1=2 * matched / (n_found + n_true) if n_found + n_true else 0.0,
        matched=matched,
        found=n_found,
        true=n_true,
    )


def pairing(found: Minutiae, true: Minutiae) -> tuple[np.ndarray, np.ndarray]:
    """Pairs as many minutiae of two prints as possible, each at most once: row numbers of both, two int64 (K,).

    Two minutiae may be paired if they lie at most MOST_PIXELS apart and their directions differ by at most
    MOST_DEGREES. Their kinds may differ, since a little ink turns an ending into a bifurcation. Of all largest pairings
    this is one with the smallest sum of distances (the Hungarian method); the order of the minutiae changes no count.
    """
    dx, dy, turn = (
        np.subtract.outer(getattr(found, name).astype(np.float64), getattr(true, name))
        for name in ("x", "y", "direction")
    )
    distance = np.hypot(dx, dy)
    turn = np.abs((turn + 180) % 360 - 180)
    allowed = (distance <= MOST_PIXELS) & (turn <= MOST_DEGREES)
    # A forbidden pair costs more than all allowed ones together, so the cheapest pairing is a largest one.
    cost = np.where(allowed, distance, (MOST_PIXELS + 1) * (min(distance.shape, default=0) + 1))
    rows, columns = linear_sum_assignment(cost)
    kept = allowed[rows, columns]
    return rows[kept].astype(np.int64), columns[kept].astype(np.int64)
