"""Ridges grown by iterated oriented Gabor filtering of noise.

Source: R. Cappelli, A. Erol, D. Maio and D. Maltoni, "Synthetic fingerprint-image generation", ICPR 2000 (SFinGe): a
noise image is filtered over and over, at each pixel with a Gabor filter across the local ridge direction, until ridges
and minutiae have formed.

By the Jacobi-Anger expansion, a Gabor filter of any direction is a short sum of angular harmonics,
    exp(-r^2 / 2 s^2) cos(k r cos(phi - t))
        = exp(-r^2 / 2 s^2) [J_0(k r) + 2 sum_m (-1)^m J_2m(k r) cos(2 m (phi - t))],
so that one pass over all directions takes one forward FFT and 2M + 1 inverse ones, exact but for the harmonics beyond
M. That is much faster than a sum over a window at each pixel.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft, special

HARMONICS = 5
"""How many cosine harmonics 2, 4, ... are summed: at this width the next adds under 1e-3 of the kernel's peak."""
WIDTH = 0.42
"""Standard deviation of the Gabor filter's envelope, in ridge periods."""


@lru_cache(maxsize=8)
def _bank(shape: tuple[int, ...], period: float) -> NDArray[np.complex64]:
    """Spectra of the filter's angular harmonics on a periodic grid of this shape: J_0, then cosine and sine of each 2m.

    A multiple of the envelope is subtracted to make the mean zero; the gain at the ridge frequency is 1.
    """
    height, width = shape
    y = -np.fft.fftfreq(height, 1 / height)[:, None]
    x = np.fft.fftfreq(width, 1 / width)[None, :]
    r, phi = np.hypot(x, y), np.arctan2(y, x)
    sigma, k = WIDTH * period, 2 * np.pi / period
    mean = np.exp(-((sigma * k) ** 2) / 2)
    gain = 2 * np.pi * sigma**2 * (0.5 * (1 + np.exp(-2 * (sigma * k) ** 2)) - mean**2)
    envelope = np.exp(-(r**2) / (2 * sigma**2)) / gain
    kernels = [envelope * (special.jv(0, k * r) - mean)]
    for m in range(1, HARMONICS + 1):
        radial = 2 * (-1) ** m * envelope * special.jv(2 * m, k * r)
        kernels += [radial * np.cos(2 * m * phi), radial * np.sin(2 * m * phi)]
    return fft.rfft2(np.stack(kernels).astype(np.float32))


def _weights(theta: NDArray[np.float64]) -> NDArray[np.float32]:
    """The weight of each harmonic at each pixel, (2 HARMONICS + 1, H, W), for waves across the ridges: theta + pi/2."""
    across = theta + np.pi / 2
    rows = [np.ones_like(theta)]
    for m in range(1, HARMONICS + 1):
        rows += [np.cos(2 * m * across), np.sin(2 * m * across)]
    return np.stack(rows).astype(np.float32)


def gabor_filter(image: NDArray[np.float32], theta: NDArray[np.float64], period: float) -> NDArray[np.float32]:
    """Filters each pixel of `image` (H, W) with the Gabor filter of its own ridge direction -> (H, W) float32.

    theta: (H, W), radians from the x axis towards y up. period: of the ridges, in pixels. The image is periodic.
    """
    return _filter(image, _bank(image.shape, period), _weights(theta))


def _filter(
    image: NDArray[np.float32], bank: NDArray[np.complex64], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    spectrum = fft.rfft2(image)
    responses = fft.irfft2(spectrum * bank, s=image.shape, overwrite_x=True)
    return np.einsum("khw,khw->hw", responses, weights)


def grow_ridges(
    theta: NDArray[np.float64], period: float, rng: np.random.Generator, passes: int = 24
) -> NDArray[np.float32]:
    """Grows ridges along `theta` (H, W) out of white noise: float32 (H, W) in [-1, 1], 1 on a ridge, -1 in a valley.

    period: of the ridges, in pixels. Fast where H and W have only small prime factors, as FFTs are.
    """
    bank, weights = _bank(theta.shape, period), _weights(theta)
    ridges = rng.standard_normal(theta.shape, dtype=np.float32)
    for _ in range(passes):
        ridges = _filter(ridges, bank, weights)
        ridges /= ridges.std()
        # Saturation gives all ridges the same height; where they don't fit together, minutiae form.
        np.tanh(2.0 * ridges, out=ridges)
    return ridges
