"""Where in its image a print lies. Many sensors' images are larger than the print."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ridgecode.prints.canonical import WHITE
from ridgecode.prints.store import PrintStore

NEIGHBOURHOOD_SIGMA = 4.0
"""Standard deviation in pixels of the Gaussian neighbourhood in which contrast is measured: a little more than a ridge
period at 200 ppi (about 3 pixels), so that each neighbourhood has ridges and valleys."""
LEAST_CONTRAST = 0.5
"""A pixel is ridge area from this share of the image's strong contrast (the 95th percentile) on."""

CELL = 4
"""Side in pixels of the square cells in which `grey_cells` measures."""
LEAST_CELL_CONTRAST = 0.4
"""As LEAST_CONTRAST, for cells. Lower, since the frame makes what is left out white: a faint part must stay."""


class GreyCells(NamedTuple):
    """An image in cells of 4x4 pixels (at the right and lower edge of what is left), (ceil(H/4), ceil(W/4)) each.

    mean: float32, the mean grey of the cell
    mean_square: float32, the mean of its squared grey
    area: bool, whether it lies in the ridge area; nowhere in an image without contrast
    """

    mean: NDArray[np.float32]
    mean_square: NDArray[np.float32]
    area: NDArray[np.bool_]


def grey_cells(grey: NDArray[np.uint8]) -> GreyCells:
    """uint8 (H, W) at about 200 ppi -> its cells and which of them are ridge area.

    The area is found as in `ridge_area`, in less than half of the time: local contrast is measured between cells, the
    largest connected area is taken, gaps of up to four cells are closed and holes are filled.
    """
    image = grey.astype(np.float32)
    mean, mean_square = (np.asarray(Image.fromarray(values).reduce(CELL)) for values in (image, image * image))
    near, near_square = (ndimage.gaussian_filter(values, NEIGHBOURHOOD_SIGMA / CELL) for values in (mean, mean_square))
    contrast = np.sqrt(np.maximum(near_square - near * near, 0.0))
    area = _largest(contrast >= max(LEAST_CELL_CONTRAST * np.percentile(contrast, 95), 1.0))
    padded = np.pad(area, 2)  # the closing must not wear the area off at the image's edge
    closed = ndimage.binary_fill_holes(ndimage.binary_closing(padded, iterations=2))
    return GreyCells(mean, mean_square, np.asarray(closed)[2:-2, 2:-2])


def _largest(area: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest connected part of an area; the area itself where it is empty."""
    parts, n = ndimage.label(area)
    return np.asarray(parts == 1 + np.argmax(np.bincount(parts.ravel())[1:])) if n else area


def ridge_area(grey: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """uint8 (H, W) at about 200 ppi -> bool (H, W): the largest connected area with ridges, holes in it filled.

    Ridges differ from the background by their local contrast, the standard deviation of grey in a Gaussian
    neighbourhood. Darkness would not do, since many sensors have a grey and shaded background. An image of one grey is
    ridge area as a whole.
    """
    image = grey.astype(np.float64)
    mean = ndimage.gaussian_filter(image, NEIGHBOURHOOD_SIGMA)
    variance = ndimage.gaussian_filter(image**2, NEIGHBOURHOOD_SIGMA) - mean**2
    contrast = np.sqrt(np.maximum(variance, 0.0))
    area = _largest(contrast >= max(LEAST_CONTRAST * np.percentile(contrast, 95), 1.0))
    if not area.any():
        return np.ones(grey.shape, bool)
    return np.asarray(ndimage.binary_fill_holes(area))


def print_windows(store: PrintStore, rows: NDArray[np.int64], height: int, width: int) -> NDArray[np.uint8]:
    """A window around the centroid of each print's ridge area: (N,) rows of the store -> (N, height, width) uint8.

    A window that would reach out of its image is shifted back into it. Around an image smaller than the window, it is
    white.
    """
    out = np.full((len(rows), height, width), WHITE, np.uint8)
    for place, row in enumerate(rows):
        grey = store.image(int(row))
        centre = ndimage.center_of_mass(ridge_area(grey))
        source, target = zip(
            *(
                _window(middle, have, want)
                for middle, have, want in zip(centre, grey.shape, out.shape[1:], strict=True)
            ),
            strict=True,
        )
        out[place][target] = grey[source]
    return out


def _window(middle: float, have: int, want: int) -> tuple[slice, slice]:
    """Which of `have` pixels a window of `want` around `middle` shows, and where in the window these lie."""
    if want > have:
        start = (want - have) // 2
        return slice(0, have), slice(start, start + have)
    start = min(max(round(middle - (want - 1) / 2), 0), have - want)
    return slice(start, start + want), slice(0, want)
