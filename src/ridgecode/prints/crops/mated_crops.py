"""Batches of windows of Real prints beside the same windows of moved prints of the same fingers."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ridgecode.prints.crops.training_crops import TrainingCrops
from ridgecode.prints.mated_prints import MatedPrints
from ridgecode.prints.movement import move, random_movements


class MatedBatch(NamedTuple):
    """references, probes: (B, 1, h, w) float32 in [0, 1]; a row of each is a mated pair. fingers: (B,) int64."""

    references: Tensor
    probes: Tensor
    fingers: Tensor


class MatedCrops:
    """Iterable over one epoch's batches, each a `MatedBatch`.

    A reference is a window of a Real print, cut by `TrainingCrops`. Its probe is the same window, mirrored and warped
    in the same way, of another print of the finger, drawn anew each time. That print is moved, within the limits of
    the protocol `moved`, before the window is cut out of it.

    references: crops of the Real prints of `mated`, in its order; their seed, epoch and rank alone decide the batches
    mated: the Real prints with their possible probes
    """

    def __init__(self, references: TrainingCrops, mated: MatedPrints) -> None:
        self.references, self.mated = references, mated

    def __len__(self) -> int:
        return len(self.references)

    def __iter__(self) -> Iterator[MatedBatch]:
        crops, mated = self.references, self.mated
        random = np.random.default_rng((crops.seed, crops.epoch, 2, crops.rank))
        for places in crops.places():
            rows = np.array([random.choice(mated.probes[number]) for number in places.prints])
            moved = crops.with_margin(move(mated.store.stack(rows), random_movements(len(rows), random)))
            yield MatedBatch(
                places.cut(crops.prints),
                places.cut(moved, np.arange(len(rows))),
                torch.from_numpy(mated.fingers[places.prints]),
            )
