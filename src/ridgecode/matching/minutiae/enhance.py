"""Enhances the ridges of a print at 500 ppi: evens out the contrast, finds the ridges' directions, filters along them.

Source: Hong, Wan and Jain, "Fingerprint image enhancement: algorithm and performance evaluation", IEEE TPAMI 20 (1998).
Unlike there, all prints have the same ridge period, and a bank of filters replaces a filter of its own at each pixel.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import ndimage, signal
from skimage.filters import gabor_kernel

RIDGE_PERIOD = 8.5
"""The period that the filters are made for, in pixels at 500 ppi; they pass periods of about 6 to 12 pixels."""
DIRECTIONS = 16
"""How many filters there are, in equal steps over half a turn."""
# Standard deviations of Gaussians, in pixels: of a filter's envelope, and of the surroundings in which the contrast and
# the direction are measured.
_FILTER_SIGMA, _CONTRAST_SIGMA, _DIRECTION_SIGMA = 4.0, 8.0, 7.0
# There is a print where the local contrast is above this share of the whole image's.
_LEAST_CONTRAST = 0.25


class Ridges(NamedTuple):
    """response: float32 (H, W), above 0 on ridges, of about unit scale; print: bool (H, W), where there are ridges."""

    response: np.ndarray
    print: np.ndarray


def enhanced(image: np.ndarray) -> Ridges:
    """The ridges of a print at 500 ppi, uint8 (H, W), whose ridges are dark."""
    grey = np.asarray(image, dtype=np.float32)
    mean, deviation = _local_mean_and_deviation(grey, _CONTRAST_SIGMA)
    contrast = float(np.quantile(deviation, 0.9))
    # The lower limit keeps noise from growing to ridges where the image hardly varies.
    flat = (mean - grey) / np.maximum(deviation, max(_LEAST_CONTRAST * contrast, 1.0))
    along = _ridge_directions(flat)
    padding = _filters()[0].shape[0] // 2
    padded = np.pad(flat, padding, mode="reflect" if min(flat.shape) > padding else "edge")
    nearest = np.rint(along / (np.pi / DIRECTIONS)).astype(np.int64) % DIRECTIONS
    response = np.zeros_like(flat)
    for number, kernel in enumerate(_filters()):
        here = nearest == number
        if here.any():
            response[here] = signal.fftconvolve(padded, kernel, mode="valid")[here]
    has_ridges = ndimage.binary_opening(deviation > _LEAST_CONTRAST * contrast, iterations=4)
    return Ridges(response.astype(np.float32), ndimage.binary_fill_holes(has_ridges))


def _local_mean_and_deviation(grey: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the surroundings of each pixel, (H, W) each."""
    mean = ndimage.gaussian_filter(grey, sigma, mode="reflect")
    square = ndimage.gaussian_filter(grey**2, sigma, mode="reflect")
    return mean, np.sqrt(np.maximum(square - mean**2, 0))


def _ridge_directions(flat: np.ndarray) -> np.ndarray:
    """The direction of the ridges by the structure tensor: (H, W), in [0, pi), clockwise from the x axis."""
    dy, dx = (ndimage.gaussian_filter(flat, 1.0, order=order, mode="reflect") for order in ((1, 0), (0, 1)))
    xx, yy, xy = (
        ndimage.gaussian_filter(a * b, _DIRECTION_SIGMA, mode="reflect") for a, b in ((dx, dx), (dy, dy), (dx, dy))
    )
    # The ridges are at a right angle to the gradient.
    return (np.arctan2(2 * xy, xx - yy) / 2 + np.pi / 2) % np.pi


@cache
def _filters() -> tuple[np.ndarray, ...]:
    """An even Gabor filter with mean 0 for each direction; its response to a wave of its period is about 1."""
    kernels = []
    for number in range(DIRECTIONS):
        across = number * np.pi / DIRECTIONS + np.pi / 2
        kernel = np.real(
            gabor_kernel(1 / RIDGE_PERIOD, theta=across, sigma_x=_FILTER_SIGMA, sigma_y=_FILTER_SIGMA, n_stds=2.5)
        )
        side = max(kernel.shape) // 2
        square = np.zeros((2 * side + 1, 2 * side + 1), dtype=np.float32)
        top, left = (side - length // 2 for length in kernel.shape)
        square[top : top + kernel.shape[0], left : left + kernel.shape[1]] = kernel
        square -= square.mean()
        kernels.append(square / np.abs(square).sum())
    side = max(kernel.shape[0] for kernel in kernels)
    return tuple(np.pad(kernel, (side - kernel.shape[0]) // 2) for kernel in kernels)
