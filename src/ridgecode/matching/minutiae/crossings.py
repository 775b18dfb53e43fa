"""Endings and bifurcations of a skeleton by crossing numbers, without those that borders, gaps and spurs make.

The crossing number of a skeleton's pixel is half the changes between its eight neighbours, taken round: 1 at an ending,
2 along a ridge, 3 at a bifurcation. Sources: Rutovitz, "Pattern recognition", J. Royal Statistical Society A 129
(1966); Zhao and Tang, "Preprocessing and postprocessing for skeleton-based fingerprint minutiae extraction", Pattern
Recognition 40 (2007).
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ridgecode.matching.minutiae.template import BIFURCATION, ENDING

# Round a pixel, from the right against the clock as one sees the print.
_RING = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))
STEPS = 10
"""Pixels that a ridge is followed for its direction; a branch that ends sooner is a spur."""
BORDER = 10
"""Pixels from the print's edge within which every ridge ends."""
APART = 7
"""Pixels: two endings that are nearer to each other are the sides of a gap, or of a short piece."""


class Crossings(NamedTuple):
    """M minutiae: row and column int64 (M,), direction float64 (M,) in degrees in [0, 360), kind uint8 (M,).

    An ending's direction points along its ridge, away from the end; a bifurcation's points between its two nearest
    branches, so it is that of the valley that ends there.
    """

    row: np.ndarray
    column: np.ndarray
    direction: np.ndarray
    kind: np.ndarray


def crossing_numbers(skeleton: np.ndarray) -> np.ndarray:
    """Of a bool (H, W) skeleton: int64 (H, W), 0 off the skeleton; beyond the image there is none."""
    padded = np.pad(skeleton, 1)
    height, width = skeleton.shape
    ring = np.stack([padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width] for dy, dx in _RING])
    changes = (ring != np.roll(ring, 1, axis=0)).sum(axis=0)
    return np.where(skeleton, changes // 2, 0)


def crossings(skeleton: np.ndarray, print: np.ndarray) -> Crossings:
    """The minutiae of a bool (H, W) skeleton of ridges on `print`, bool (H, W), by rows."""
    padded = np.pad(np.asarray(skeleton, dtype=bool), 1)
    numbers = crossing_numbers(padded)
    inside = np.pad(ndimage.binary_erosion(print, iterations=BORDER, border_value=0), 1)
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
    rows, columns, directions, kinds = table[_apart(table[:, 0], table[:, 1])].T
    return Crossings(rows.astype(np.int64), columns.astype(np.int64), directions % 360, kinds.astype(np.uint8))


def _branches(skeleton: np.ndarray, row: int, column: int) -> list[float] | None:
    """The direction of each branch that leaves a pixel, in degrees; None where one ends within STEPS: a spur."""
    around = [(row + dy, column + dx) for dy, dx in _RING if skeleton[row + dy, column + dx]]
    # Of two neighbours side by side the straight one is the branch; the other is on its way.
    starts = [at for at in around if at[0] == row or at[1] == column or not _beside(at, around, row, column)]
    directions = []
    for start in starts:
        end = _followed(skeleton, (row, column), start, set(starts))
        if end is None:
            return None
        directions.append(float(np.degrees(np.arctan2(row - end[0], end[1] - column))))
    return directions


def _beside(at: tuple[int, int], around: list[tuple[int, int]], row: int, column: int) -> bool:
    return any(
        (other[0] == row or other[1] == column) and abs(other[0] - at[0]) + abs(other[1] - at[1]) == 1
        for other in around
    )


def _followed(
    skeleton: np.ndarray, origin: tuple[int, int], start: tuple[int, int], starts: set[tuple[int, int]]
) -> tuple[int, int] | None:
    """Where STEPS along the branch lead, or a fork before; None where it ends before."""
    seen, here = {origin, *starts}, start
    for _ in range(STEPS - 1):
        row, column = here
        ahead = [(row + dy, column + dx) for dy, dx in _RING if skeleton[row + dy, column + dx]]
        ahead = [at for at in ahead if at not in seen]
        if not ahead:
            return None
        # A straight step before one across a corner, so that no pixel of the branch is left behind as a fork.
        here = min(ahead, key=lambda at: abs(at[0] - row) + abs(at[1] - column))
        seen.update(ahead)
    return here


def _between_nearest(directions: list[float]) -> float:
    """Of three directions in degrees, the one half way between the two that are nearest to each other."""
    pairs = [(directions[i], directions[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    a, b = min(pairs, key=lambda pair: abs((pair[1] - pair[0] + 180) % 360 - 180))
    return a + ((b - a + 180) % 360 - 180) / 2


def _apart(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Which have no other within APART pixels, bool (M,)."""
    distance = np.hypot(np.subtract.outer(rows, rows), np.subtract.outer(columns, columns))
    np.fill_diagonal(distance, np.inf)
    return (distance >= APART).all(axis=1)
