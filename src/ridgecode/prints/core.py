"""The core of a print: where the ridges bend most, and the place that impressions of a finger have in common.

Source: K. Nilsson and J. Bigun, "Localization of corresponding points in fingerprints by complex filtering", Pattern
Recognition Letters 24(13), 2003. The orientation tensor of a print is a complex image. Its correlation with the filter
(x + iy) exp(-r^2 / 2 s^2) is large where ridges run as nested parabolas, and its phase tells to which side they open.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal
from skimage.morphology import convex_hull_image

from ridgecode.prints.foreground import ridge_area

_GRADIENT_SIGMA, _ORIENTATION_SIGMA, _FILTER_SIGMA = 1.0, 4.0, 9.0
"""Standard deviations in pixels at 200 ppi: of the derivatives, of the mean over ridges, of the filter."""
_EDGE = 5
"""So many pixels at the edge of the ridge area don't count, where the outline would be taken for a ridge."""
_LEAST_CONTRAST = 0.05
"""Places with a gradient below this share of the mean hardly have an orientation."""


class Core(NamedTuple):
    """right, down: pixels from the middle of the image; certainty: 0 to 1, of perfect parabolas. On synthetic prints
    with a certainty above 0.3, two thirds of them, the places of two impressions of a finger differ by 4 pixels in the
    median, and by 9 in one of ten pairs."""

    right: float
    down: float
    certainty: float


def find_core(grey: NDArray[np.uint8]) -> Core:
    """The core of a print, uint8 (H, W) at 200 ppi, 0 a black ridge, with the finger's tip about upwards.

    Of the two cores of a whorl it is the upper one, and of an arch the place where the ridges bend most. Certainty is 0
    where there are no ridges.
    """
    area = _inside(grey)
    if not area.any():
        return Core(0.0, 0.0, 0.0)
    image = grey.astype(np.float32)
    right, down = (ndimage.gaussian_filter(image, _GRADIENT_SIGMA, order=order) for order in ((0, 1), (1, 0)))
    tensor = (right + 1j * down) ** 2 * area
    strength = np.abs(tensor)
    mean = _smooth(tensor.real) + 1j * _smooth(tensor.imag)
    orientation = mean / (_smooth(strength) + _LEAST_CONTRAST * strength[area].mean() + 1e-6)
    response = signal.fftconvolve(orientation * area, _filter(), mode="same") * area
    # Parabolas that open downwards have the phase -90 degrees: the tip's side of the core.
    found = np.abs(response) - response.imag
    row, column = np.unravel_index(int(found.argmax()), found.shape)
    height, width = grey.shape
    certainty = float(np.abs(response[row, column]))
    return Core(float(column) - (width - 1) / 2, float(row) - (height - 1) / 2, min(certainty, 1.0))


def _inside(grey: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The ridge area without its edge, bool (H, W)."""
    area = ridge_area(grey)
    return ndimage.binary_erosion(convex_hull_image(area), iterations=_EDGE) if area.any() else area


def _smooth(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return ndimage.gaussian_filter(values, _ORIENTATION_SIGMA)


@lru_cache(maxsize=1)
def _filter() -> NDArray[np.complex64]:
    """The filter, turned around as a correlation needs it; the sum of its magnitudes is 1."""
    side = round(2.5 * _FILTER_SIGMA)
    down, right = np.mgrid[-side : side + 1, -side : side + 1]
    parabolas = (right + 1j * down) * np.exp(-(right**2 + down**2) / (2 * _FILTER_SIGMA**2))
    return (parabolas / np.abs(parabolas).sum()).conj()[::-1, ::-1].astype(np.complex64)
