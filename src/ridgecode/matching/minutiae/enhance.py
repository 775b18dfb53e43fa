"""Ridges of a print at 500 ppi, enhanced: local contrast, the ridges' directions, and filters that lie along them.

Source: Hong, Wan and Jain, "Fingerprint image enhancement: algorithm and performance evaluation", IEEE TPAMI 20 (1998);
here with one ridge period for all prints and a bank of directions in place of a filter a pixel.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import ndimage, signal
from skimage.filters import gabor_kernel

RIDGE_PERIOD = 8.5
"""Pixels at 500 ppi; a filter answers to about 6 to 12."""
DIRECTIONS = 16
_SIGMA = 4.0
_NEAR, _WIDE = 8.0, 7.0
_LEAST_CONTRAST = 0.25


class Ridges(NamedTuple):
    """Each (H, W). response: float32, above 0 on ridges, of about unit scale; print: bool, where there are ridges."""

    response: np.ndarray
    print: np.ndarray


def enhanced(image: np.ndarray) -> Ridges:
    """The ridges of a uint8 (H, W) print at 500 ppi, dark on light."""
    grey = np.asarray(image, dtype=np.float32)
    mean, deviation = _local(grey, _NEAR)
    contrast = float(np.quantile(deviation, 0.9))
    # Where nothing varies, noise is not blown up to ridges.
    flat = (mean - grey) / np.maximum(deviation, max(_LEAST_CONTRAST * contrast, 1.0))
    along = _directions(flat)
    padding = _bank()[0].shape[0] // 2
    padded = np.pad(flat, padding, mode="reflect" if min(flat.shape) > padding else "edge")
    nearest = np.rint(along / (np.pi / DIRECTIONS)).astype(np.int64) % DIRECTIONS
    response = np.zeros_like(flat)
    for number, kernel in enumerate(_bank()):
        here = nearest == number
        if here.any():
            response[here] = signal.fftconvolve(padded, kernel, mode="valid")[here]
    has_ridges = ndimage.binary_opening(deviation > _LEAST_CONTRAST * contrast, iterations=4)
    return Ridges(response.astype(np.float32), ndimage.binary_fill_holes(has_ridges))


def _local(grey: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation around each pixel."""
    mean = ndimage.gaussian_filter(grey, sigma, mode="reflect")
    square = ndimage.gaussian_filter(grey**2, sigma, mode="reflect")
    return mean, np.sqrt(np.maximum(square - mean**2, 0))


def _directions(flat: np.ndarray) -> np.ndarray:
    """Which way the ridges run, in [0, pi), by the structure tensor; the angle turns from the x axis to the rows."""
    dy, dx = (ndimage.gaussian_filter(flat, 1.0, order=order, mode="reflect") for order in ((1, 0), (0, 1)))
    xx, yy, xy = (ndimage.gaussian_filter(a * b, _WIDE, mode="reflect") for a, b in ((dx, dx), (dy, dy), (dx, dy)))
    # The gradient's direction, and a right angle on, the ridge's.
    return (np.arctan2(2 * xy, xx - yy) / 2 + np.pi / 2) % np.pi


@cache
def _bank() -> tuple[np.ndarray, ...]:
    """Even Gabor filters without a mean, one a direction; they answer about 1 to a wave of their period."""
    kernels = []
    for number in range(DIRECTIONS):
        across = number * np.pi / DIRECTIONS + np.pi / 2
        kernel = np.real(gabor_kernel(1 / RIDGE_PERIOD, theta=across, sigma_x=_SIGMA, sigma_y=_SIGMA, n_stds=2.5))
        side = max(kernel.shape) // 2
        square = np.zeros((2 * side + 1, 2 * side + 1), dtype=np.float32)
        top, left = (side - length // 2 for length in kernel.shape)
        square[top : top + kernel.shape[0], left : left + kernel.shape[1]] = kernel
        square -= square.mean()
        kernels.append(square / np.abs(square).sum())
    side = max(kernel.shape[0] for kernel in kernels)
    return tuple(np.pad(kernel, (side - kernel.shape[0]) // 2) for kernel in kernels)
