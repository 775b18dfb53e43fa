"""Random fields: what varies slowly over a fingertip (pressure, moisture, skin), and the grain of skin."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], scale: float) -> NDArray[np.float32]:
    """A random field (H, W) of about zero mean and unit variance, float32, that changes over about `scale` pixels.

    Coarse noise on a grid of that spacing, interpolated by cubic splines: the cost hardly depends on `scale`.
    """
    cells = [int(np.ceil(n / scale)) + 4 for n in shape]
    coarse = rng.standard_normal(cells).astype(np.float32)
    # A random offset, so that the grid never shows at the same place.
    offset = rng.uniform(1.0, 2.0, size=2)
    matrix = np.array([1.0 / scale, 1.0 / scale])
    field = ndimage.affine_transform(coarse, matrix, offset, output_shape=shape, order=3, mode="reflect")
    # Interpolation between independent values loses spread; 0.85 is what is left of it on average over a cell.
    return field / np.float32(0.85)


def grain(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> NDArray[np.float32]:
    """Fine noise (H, W) of zero mean and unit variance, float32: white noise under a Gaussian of `sigma` pixels."""
    field = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), sigma, truncate=3.0)
    return field / field.std()
