"""Pores and scars in the skin of a finger."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def add_pores(height: NDArray[np.float32], period: float, rng: np.random.Generator) -> None:
    """Cuts pores into the skin's `height` (H, W), in place: small pits on the ridges, one to two ridge periods apart.

    period: ridge period in pixels of `height`.
    """
    spacing = 1.1 * period
    rows, columns = (np.arange(spacing / 2, n - 1, spacing) for n in height.shape)
    at = (
        np.stack(np.meshgrid(rows, columns, indexing="ij"))
        + rng.uniform(-0.45, 0.45, (2, len(rows), len(columns))) * spacing
    )
    row, column = np.clip(np.rint(at), 0, np.array(height.shape)[:, None, None] - 1).astype(int).reshape(2, -1)
    depth = rng.gamma(2.0, 0.35, row.size) * (height[row, column] > 0.6)
    pits = np.zeros_like(height)
    pits[row, column] = depth
    sigma = 0.16 * period
    height -= ndimage.gaussian_filter(pits, sigma) * np.float32(2 * np.pi * sigma**2)


def add_scars(height: NDArray[np.float32], scale: float, rng: np.random.Generator) -> None:
    """Cuts scars and creases, thin bent lines without ridges, into the skin's `height` (H, W), in place.

    Most fingers have none.

    scale: pixels of `height` per print pixel.
    """
    for _ in range(int(rng.choice([0, 1, 2, 4], p=[0.62, 0.22, 0.10, 0.06]))):
        start = rng.uniform([0.25, 0.15], [0.95, 0.85]) * height.shape
        angle, length = rng.normal(0.0, 0.6), rng.uniform(14.0, 50.0) * scale
        end = start + length * np.array([np.sin(angle), np.cos(angle)])
        bend = (start + end) / 2 + rng.normal(0.0, 0.08, 2) * length
        t = np.linspace(0.0, 1.0, int(2 * length))[:, None]
        curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
        wobble = ndimage.gaussian_filter1d(rng.standard_normal(curve.shape), 2.0 * scale, axis=0) * scale
        row, column = np.rint(curve + 0.8 * wobble).astype(int).T
        inside = (row >= 0) & (row < height.shape[0]) & (column >= 0) & (column < height.shape[1])
        if not inside.any():
            continue
        away = np.ones(height.shape, bool)
        away[row[inside], column[inside]] = False
        distance = ndimage.distance_transform_edt(away)
        half_width = rng.uniform(0.35, 0.9) * scale
        height -= np.float32(rng.uniform(1.0, 2.4)) * np.exp(-((distance / half_width) ** 2)).astype(np.float32)
