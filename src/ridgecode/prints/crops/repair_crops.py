"""Batches of windows of altered prints beside the same windows of their Real prints."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.prints.crops.training_crops import TrainingCrops

UNALTERED_SHARE = 0.1
"""Share of inputs that are the Real print itself, so that a network learns not to change an unaltered print."""


class RepairCrops:
    """Iterable over one epoch's batches: (input, target), each (batch_size, 1, h, w) float32 in [0, 1].

    A target is a window of a Real print, cut by `TrainingCrops`. Its input is the same window, mirrored and warped in
    the same way, of an altered version of that print, drawn anew each epoch; one input in ten is the Real print itself.

    targets: crops of the Real prints; their seed and epoch alone decide the batches
    real: (R, H, W) uint8, those prints
    altered: (A, H, W) uint8
    real_of: (A,) for each altered print, where in `real` its Real print is; each Real print has an altered one
    """

    def __init__(
        self,
        targets: TrainingCrops,
        real: NDArray[np.uint8],
        altered: NDArray[np.uint8],
        real_of: NDArray[np.int64],
    ) -> None:
        self.targets, self.real, self.altered, self.real_of = targets, real, altered, real_of

    def __len__(self) -> int:
        return len(self.targets)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        targets, n = self.targets, len(self.real)
        chosen = _chosen(self.real_of, n, targets.passes, (targets.seed, targets.epoch, 1))
        prints = self.altered[chosen]
        unaltered = np.flatnonzero(chosen < 0)
        prints[unaltered] = self.real[unaltered % n]
        inputs = targets.with_margin(prints)
        for places in targets.places():
            yield places.cut(inputs, places.passes * n + places.prints), places.cut(targets.prints)


def _chosen(real_of: NDArray[np.int64], n: int, passes: int, seed: tuple[int, ...]) -> NDArray[np.int64]:
    """For each pass over the `n` Real prints, the altered print that is each one's input, or -1 for the Real print
    itself: (passes * n,)."""
    random = np.random.default_rng(seed)
    by_print = np.argsort(real_of, kind="stable")
    counts = np.bincount(real_of, minlength=n)
    first = np.cumsum(counts) - counts
    place = np.floor(random.random((passes, n)) * counts).astype(np.int64)
    unaltered = random.random((passes, n)) < UNALTERED_SHARE
    return np.where(unaltered, -1, by_print[first + place]).reshape(-1)
