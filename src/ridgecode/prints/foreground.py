"""Where in its frame a print lies: sensors other than SOCOFing's leave much of an image empty."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import WHITE

SPREAD = 4.0
"""Standard deviation in pixels of the neighbourhood that contrast is measured in: a little more than a ridge's period
at 200 ppi (about 3 px), so that ridges and valleys count alike."""
CONTRAST = 0.5
"""Share of the print's own strong contrast (its 95th percentile) from which a pixel counts as ridge area."""


def ridge_area(grey: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """uint8 (H, W) at about 200 ppi -> bool (H, W): the largest connected part with ridges, smudges within it filled.

    Ridges are told from the background by their local contrast, the standard deviation of grey in a Gaussian
    neighbourhood, and not by being dark: the background of many sensors is grey and shaded. An image of one grey has no
    ridges, and all of it counts.
    """
    image = grey.astype(np.float64)
    mean = ndimage.gaussian_filter(image, SPREAD)
    variance = ndimage.gaussian_filter(image**2, SPREAD) - mean**2
    contrast = np.sqrt(np.maximum(variance, 0.0))
    parts, n = ndimage.label(contrast >= max(CONTRAST * np.percentile(contrast, 95), 1.0))
    if not n:
        return np.ones(grey.shape, bool)
    largest = parts == 1 + np.argmax(np.bincount(parts.ravel())[1:])
    return np.asarray(ndimage.binary_fill_holes(largest))


def print_windows(store: PrintStore, rows: NDArray[np.int64], height: int, width: int) -> NDArray[np.uint8]:
    """The prints of `rows` -> (N, height, width) uint8: of each a window around the centroid of its ridge area.

    The window is moved back into the frame where it would reach out of it; what lies outside a frame that is smaller
    than the window is white.
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
    """Where `want` pixels around `middle` lie among `have`, and where those lie in the window."""
    if want > have:
        start = (want - have) // 2
        return slice(0, have), slice(start, start + have)
    start = min(max(round(middle - (want - 1) / 2), 0), have - want)
    return slice(start, start + want), slice(0, want)
