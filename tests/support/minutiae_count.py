"""Minutiae by crossing numbers of a skeleton, for tests: independent of everything under test."""

import numpy as np
from scipy import ndimage
from skimage.morphology import skeletonize


def crossing_numbers(ridges: np.ndarray) -> np.ndarray:
    """Crossing number of each pixel of a boolean ridge map's skeleton: 1 at endings, 3 at bifurcations, 0 off it."""
    skeleton = np.pad(skeletonize(ridges), 1).astype(int)
    height, width = ridges.shape
    steps = [(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)]
    around = [skeleton[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width] for dy, dx in steps]
    crossings = sum(np.abs(around[i] - around[(i + 1) % 8]) for i in range(8)) // 2
    return crossings * skeleton[1:-1, 1:-1]


def minutiae_per_kilopixel(prints: np.ndarray) -> tuple[float, float]:
    """(endings, bifurcations) per 1,000 pixels of skin in uint8 prints (N, H, W), counted at twice their size."""
    endings = bifurcations = skin_pixels = 0.0
    for image in prints:
        fine = ndimage.gaussian_filter(ndimage.zoom(image.astype(float), 2, order=1), 1.0)
        skin = ndimage.gaussian_filter((fine < 200).astype(float), 8) > 0.35
        skin = ndimage.binary_erosion(skin, iterations=10)
        numbers = crossing_numbers(fine < np.minimum(ndimage.gaussian_filter(fine, 12), 235))
        endings += (skin & (numbers == 1)).sum()
        bifurcations += (skin & (numbers == 3)).sum()
        skin_pixels += skin.sum() / 4
    return 1000 * endings / skin_pixels, 1000 * bifurcations / skin_pixels
