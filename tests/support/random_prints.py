"""Prints of random pixels, and slow ways to cut them."""

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.prints.canonical import WHITE


def some_prints(n: int, height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """(n, height, width) of 0 to 254: 255 is for margins alone."""
    return np.random.default_rng(seed).integers(0, 255, (n, height, width), np.uint8)


def uint8(batch: torch.Tensor) -> NDArray[np.uint8]:
    """(B, 1, h, w) float in [0, 1] -> (B, h, w)."""
    return (batch[:, 0] * 255).round().to(torch.uint8).numpy()


def centred(image: NDArray[np.uint8], height: int, width: int, odd_first: bool = False) -> NDArray[np.uint8]:
    """One print centred in (height, width), pixel by pixel. An odd row or column is cut or added at the end, or cut at
    the beginning."""
    out = np.empty((height, width), np.uint8)
    cut = [(max(0, have - want) + odd_first) // 2 for have, want in zip(image.shape, (height, width), strict=True)]
    added = [max(0, want - have) // 2 for have, want in zip(image.shape, (height, width), strict=True)]
    for row in range(height):
        for column in range(width):
            y, x = row + cut[0] - added[0], column + cut[1] - added[1]
            inside = 0 <= y < image.shape[0] and 0 <= x < image.shape[1]
            out[row, column] = image[y, x] if inside else WHITE
    return out
