"""Finds the endings and bifurcations of a skeleton by crossing numbers, but for those due to borders, gaps and spurs.

Walk once round the eight neighbours of a skeleton pixel and count the changes between ridge and valley: half of them
is the pixel's crossing number. It is 1 at an ending, 2 along a ridge and 3 at a bifurcation.

Sources: Rutovitz, "Pattern recognition", J. Royal Statistical Society A 129 (1966); Zhao and Tang, "Preprocessing and
postprocessing for skeleton-based fingerprint minutiae extraction", Pattern Recognition 40 (2007).
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ridgecode.matching.minutiae.template import BIFURCATION, ENDING

# The eight neighbours as (row, column) steps, counter-clockwise from the right.
_RING = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))
BRANCH_PIXELS = 10
"""A branch is followed this far for its direction; a branch that ends sooner is a spur."""
BORDER_PIXELS = 10
"""Minutiae nearer to the print's edge are dropped, since every ridge ends there."""
LEAST_DISTANCE = 7
"""Minutiae nearer to another, in pixels, are dropped: they are the sides of a gap, or the ends of a short piece."""


class Crossings(NamedTuple):
    """M minutiae: row and column int64 (M,), direction float64 (M,) in degrees in [0, 360), kind uint8 (M,).

    The direction of an ending points from the end along its ridge. The direction of a bifurcation points between its
    two nearest branches, so along the valley that ends there. Degrees are counter-clockwise from the x axis.
    """

    row: np.ndarray
    column: np.ndarray
    direction: np.ndarray
    kind: np.ndarray


def crossing_numbers(skeleton: np.ndarray) -> np.ndarray:
    """The crossing number of each pixel of a bool (H, W) skeleton: int64 (H, W), 0 off the skeleton."""
    padded = np.pad(skeleton, 1)
    height, width = skeleton.shape
    ring = np.stack([padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width] for dy, dx in _RING])
    changes = (ring != np.roll(ring, 1, axis=0)).sum(axis=0)
    return np.where(skeleton, changes // 2, 0)


def crossings(skeleton: np.ndarray, print: np.ndarray) -> Crossings:
    """The minutiae of a skeleton of ridges, bool (H, W), row by row. print: bool (H, W), where there is a print."""
    padded = np.pad(np.asarray(skeleton, dtype=bool), 1)
    numbers = crossing_numbers(padded)
    inside = np.pad(ndimage.binary_erosion(print, iterations=BORDER_PIXELS, border_value=0), 1)
    found: list[tuple[int, int, float, int]] = []
    for row, column in np.argwhere(inside & ((numbers == 1) | (numbers == 3))).tolist():
        branches = _branches(padded, row, column)
        if branches is None:
            continue
        if numbers[row, column] == 1:
            found.append((row - 1, column - 1, branches[0], ENDING))
        elif len(branches) == 3:
            found.append((row - 1, column - 1, _between_nearest(branches), BIFURCATION))
    table = np.array(found, dtype=np.float64).reshape(-1, 4)
    rows, columns, directions, kinds = table[_far_from_others(table[:, 0], table[:, 1])].T
    return Crossings(rows.astype(np.int64), columns.astype(np.int64), directions % 360, kinds.astype(np.uint8))


def _branches(skeleton: np.ndarray, row: int, column: int) -> list[float] | None:
    """The direction of each branch from a pixel, in degrees; None if one of them is a spur."""
    around = [(row + dy, column + dx) for dy, dx in _RING if skeleton[row + dy, column + dx]]
    # Of two ridge neighbours that touch, the straight one starts the branch, and the diagonal one belongs to it.
    starts = [at for at in around if at[0] == row or at[1] == column or not _beside(at, around, row, column)]
    directions = []
    for start in starts:
        end = _branch_end(skeleton, (row, column), start, set(starts))
        if end is None:
            return None
        directions.append(float(np.degrees(np.arctan2(row - end[0], end[1] - column))))
    return directions


def _beside(at: tuple[int, int], around: list[tuple[int, int]], row: int, column: int) -> bool:
    """Whether the neighbour `at` touches a straight neighbour of (row, column) that is among `around`."""
    return any(
        (other[0] == row or other[1] == column) and abs(other[0] - at[0]) + abs(other[1] - at[1]) == 1
        for other in around
    )


def _branch_end(
    skeleton: np.ndarray, origin: tuple[int, int], start: tuple[int, int], starts: set[tuple[int, int]]
) -> tuple[int, int] | None:
    """Follows a branch from `origin` for BRANCH_PIXELS: the last pixel; None if the branch ends before.

    start: the branch's first pixel; starts: the first pixels of all branches.
    """
    seen, here = {origin, *starts}, start
    for _ in range(BRANCH_PIXELS - 1):
        row, column = here
        ahead = [(row + dy, column + dx) for dy, dx in _RING if skeleton[row + dy, column + dx]]
        ahead = [at for at in ahead if at not in seen]
        if not ahead:
            return None
        # A straight step before a diagonal one, since a pixel left behind would look like a fork.
        here = min(ahead, key=lambda at: abs(at[0] - row) + abs(at[1] - column))
        seen.update(ahead)
    return here


def _between_nearest(directions: list[float]) -> float:
    """The direction half way between the two of three directions that are nearest to each other, all in degrees."""
    pairs = [(directions[i], directions[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    a, b = min(pairs, key=lambda pair: abs((pair[1] - pair[0] + 180) % 360 - 180))
    return a + ((b - a + 180) % 360 - 180) / 2


def _far_from_others(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Which points have no other one nearer than LEAST_DISTANCE pixels: bool (M,)."""
    distance = np.hypot(np.subtract.outer(rows, rows), np.subtract.outer(columns, columns))
    np.fill_diagonal(distance, np.inf)
    return (distance >= LEAST_DISTANCE).all(axis=1)
