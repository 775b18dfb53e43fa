"""Random fields: slowly varying ones, for pressure, moisture and skin, and fine grain."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], scale: float) -> NDArray[np.float32]:
    """A random field, float32 (H, W), of about zero mean and unit variance, that changes over about `scale` pixels.

    Noise on a grid of that spacing, interpolated by cubic splines, so that a large `scale` costs no more.
    """
    cells = [int(np.ceil(n / scale)) + 4 for n in shape]
    coarse = rng.standard_normal(cells).astype(np.float32)
    # The offset is random, so that the grid has no fixed place.
    offset = rng.uniform(1.0, 2.0, size=2)
    matrix = np.array([1.0 / scale, 1.0 / scale])
    field = ndimage.affine_transform(coarse, matrix, offset, output_shape=shape, order=3, mode="reflect")
    # Interpolation lowers the standard deviation, to 0.85 on average over a cell.
    return field / np.float32(0.85)


def grain(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> NDArray[np.float32]:
    """Fine noise, float32 (H, W), of mean 0 and variance 1: white noise blurred by a Gaussian of `sigma` pixels."""
    field = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), sigma, truncate=3.0)
    return field / field.std()
