"""How much of a finger a print shows clearly: its quality, 0 to 100, and the least with which it can be enrolled.

Formula, constants and figures: docs/quality.md.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.foreground import CELL, grey_cells

LEAST_QUALITY = 5.0
"""A print of lower quality fails to enrol. Images that are no prints lie below it, and at most 0.5 % of the real prints
of a sensor do (docs/quality.md)."""
LEAST_FRAME_QUALITY = 2.5
"""The same of a frame (`prints/frame.py`), whose contrast is standardised: 100 ORL faces have 2.4 at most. Altered
prints that are also moved and blurred, which no sensor gives, lie below it more often than real ones: 4 %."""

_SIGMA = 1.5  # of the Gaussian neighbourhood in cells: 6 pixels, two ridge periods
_HALF_QUALITY = 40.0  # mm^2
_CELL_AREA = (CELL * 25.4 / CANONICAL_PPI) ** 2  # mm^2


class _Cells(NamedTuple):
    """What is known of each cell of the ridge area, (N,) each: the clarity of its ridges, 0 to 1, and their direction
    as a complex number of length 1 whose angle is twice the direction's."""

    clarity: NDArray[np.float32]
    direction: NDArray[np.complex64]


def print_quality(grey: NDArray[np.uint8]) -> float:
    """uint8 (H, W) at 200 ppi -> quality, 0 to 100, higher is better; 0 for an image without contrast.

    The ridge area is measured in cells of 4x4 pixels. In the Gaussian neighbourhood of each, three values give shares
    of 0 to 1, linearly between two bounds:
    - coherence, 0.3 to 0.7: how much the differences between neighbouring pixels agree in their direction,
      (a - b) / (a + b) with the eigenvalues a >= b of their covariance. The orientation certainty level of ISO/IEC
      29794-4 and NFIQ 2 is 1 - b / a.
    - fineness, 1.8 to 2.6 and falling again from 5.2 to 6.5: the mean square of the differences along both diagonals,
      over the variance of grey. Ridges 3 to 4 pixels apart have 3 to 4; edges, shading and faces 1 or less.
    - contrast, 0 to 12: the standard deviation of grey.
    Their product is a cell's clarity. The clear area A in mm^2 is the sum of clarity times the area of a cell, and c is
    the mean clarity in the ridge area. Since a finger's ridges turn and those of texts and fabrics don't, v is 1 or, if
    that is less, ten times 1 - the length of the mean direction (as doubled angles, weighted by clarity). Then
    quality = 100 x / (x + 40) with x = A sqrt(c) v.

    It says how clear the ridges are, not that they are a finger's: a lawn or a tripod in a photograph counts too.
    """
    cells = _ridge_cells(grey)
    total = float(cells.clarity.sum())
    if total < 1e-6:
        return 0.0
    sameness = float(abs((cells.clarity * cells.direction).sum())) / total
    clear = _CELL_AREA * total * (total / len(cells.clarity)) ** 0.5 * min(1.0, 10 * max(0.0, 1 - sameness))
    return 100 * clear / (clear + _HALF_QUALITY)


def _ridge_cells(grey: NDArray[np.uint8]) -> _Cells:
    cells = grey_cells(grey)
    image = grey.astype(np.float32)
    # Differences along both diagonals (Roberts), since those over two pixels lose most of a period of three. The last
    # row and column have none; there they are 0.
    falling, rising = np.zeros_like(image), np.zeros_like(image)
    falling[:-1, :-1] = image[1:, 1:] - image[:-1, :-1]
    rising[:-1, :-1] = image[1:, :-1] - image[:-1, 1:]
    square, other, product = (
        _near(np.asarray(Image.fromarray(values).reduce(CELL)))[cells.area]
        for values in (falling * falling, rising * rising, falling * rising)
    )
    power = np.maximum(square + other, 1e-6)
    pull = square - other + 2j * product
    length = np.abs(pull)
    variance = np.maximum(_near(cells.mean_square) - _near(cells.mean) ** 2, 1e-6)[cells.area]
    fineness = power / variance
    clarity = (
        _share(length / power, 0.3, 0.7)
        * _share(fineness, 1.8, 2.6)
        * _share(fineness, 6.5, 5.2)
        * _share(np.sqrt(variance), 0.0, 12.0)
    )
    return _Cells(clarity, (pull / np.maximum(length, 1e-6)).astype(np.complex64))


def _near(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(ndimage.gaussian_filter(values, _SIGMA))


def _share(values: NDArray[np.float32], none: float, whole: float) -> NDArray[np.float32]:
    return np.asarray(((values - none) / (whole - none)).clip(0, 1))
