"""The size of a print of any size, and the whole numbers that a `.ridge` file of version 2 stores it as."""

import math
from typing import NamedTuple

MOST_SIDE = 65_535
"""Rows or columns of a print, and its pixels per inch."""
MOST_PIXELS = 2**26
"""Of one print, as in the image files that ridgecode reads. A few damaged or crafted bytes could ask for more memory
than a machine has."""
HUNDREDTHS = 100
"""A file stores the resolution in hundredths of a pixel per inch, so that 393.7 (155 per centimetre) comes back."""


class FullSize(NamedTuple):
    """The size of a print and the resolution of the image that it comes from.

    height, width: in pixels, 1 to 65,535 each, and at most 2**26 pixels in all
    ppi: pixels per inch, 1 to 65,535; a file keeps two decimals
    """

    height: int
    width: int
    ppi: float


def stored_size(size: FullSize) -> tuple[int, int, int]:
    """Height, width, and the resolution in hundredths of a pixel per inch, rounded. Raises ValueError for a size that
    `FullSize` does not allow."""
    hundredths = round(size.ppi * HUNDREDTHS) if math.isfinite(size.ppi) else 0
    return *full_size(size.height, size.width, hundredths)[:2], hundredths


def full_size(height: int, width: int, hundredths: int) -> FullSize:
    """The size that a file stores as these numbers. Raises ValueError for one that `FullSize` does not allow."""
    if not (1 <= height <= MOST_SIDE and 1 <= width <= MOST_SIDE and height * width <= MOST_PIXELS):
        raise ValueError(
            f"{height} x {width} pixels are no size of a print: 1 to {MOST_SIDE} each way and {MOST_PIXELS} in all are"
        )
    if not HUNDREDTHS <= hundredths <= MOST_SIDE * HUNDREDTHS:
        raise ValueError(f"{hundredths / HUNDREDTHS:g} pixels per inch are no resolution: 1 to {MOST_SIDE} are")
    return FullSize(height, width, hundredths / HUNDREDTHS)
