"""Batches of windows of Real prints beside the same windows of moved prints of the same fingers."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ridgecode.prints.mated_prints import MatedPrints
from ridgecode.prints.movement import move, random_movements
from ridgecode.prints.training_crops import TrainingCrops


class MatedBatch(NamedTuple):
    """references, probes: (B, 1, h, w) float32 in [0, 1], a mated pair in each row; fingers: (B,) int64."""

    references: Tensor
    probes: Tensor
    fingers: Tensor


class MatedCrops:
    """Iterable over one epoch's batches, each a `MatedBatch`.

    Each reference has the same window, mirrored and warped alike, of one of its finger's other prints as its
    probe: drawn anew each time, and the whole print moved as far as the protocol `moved` goes before the window is cut,
    so that a window's ridges come from where a sensor would have seen them.

    references: crops of the Real prints of `mated`, in its order; their seed, epoch and rank alone decide the batches.
    """

    def __init__(self, references: TrainingCrops, mated: MatedPrints) -> None:
        self.references, self.mated = references, mated

    def __len__(self) -> int:
        return len(self.references)

    def __iter__(self) -> Iterator[MatedBatch]:
        crops, mated = self.references, self.mated
        random = np.random.default_rng((crops.seed, crops.epoch, 2, crops.rank))
        for window in crops.windows():
            rows = np.array([random.choice(mated.probes[place]) for place in window.prints])
            moved = crops.held(move(mated.prints(rows), random_movements(len(rows), random)))
            yield MatedBatch(
                window.cut(crops.prints),
                window.cut(moved, np.arange(len(rows))),
                torch.from_numpy(mated.fingers[window.prints]),
            )
