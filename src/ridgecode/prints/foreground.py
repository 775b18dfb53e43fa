"""Where in its image a print lies. Many sensors' images are larger than the print."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ridgecode.prints.canonical import WHITE
from ridgecode.prints.store import PrintStore

NEIGHBOURHOOD_SIGMA = 4.0
"""Standard deviation in pixels of the Gaussian neighbourhood in which contrast is measured: a little more than a ridge
period at 200 ppi (about 3 pixels), so that each neighbourhood has ridges and valleys."""
LEAST_CONTRAST = 0.5
"""A pixel is ridge area from this share of the image's strong contrast (the 95th percentile) on."""


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
    areas, n = ndimage.label(contrast >= max(LEAST_CONTRAST * np.percentile(contrast, 95), 1.0))
    if not n:
        return np.ones(grey.shape, bool)
    largest = areas == 1 + np.argmax(np.bincount(areas.ravel())[1:])
    return np.asarray(ndimage.binary_fill_holes(largest))


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
