"""Training and validation prints of a network that repairs altered prints."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.autoencoders.saved import AutoencoderSpec
from ridgecode.autoencoders.windows import windows
from ridgecode.prints.altered_pairs import altered_pairs
from ridgecode.prints.crops.repair_crops import RepairCrops
from ridgecode.prints.crops.training_crops import TrainingCrops
from ridgecode.prints.names import TrainCrops
from ridgecode.prints.store import PrintStore
from ridgecode.training.autoencoder import Batches, PrintWindows

MOST_VALIDATION_PRINTS = 1024
"""Altered prints that each epoch is validated on, the same for every epoch and evenly spread over the store's rows. All
6,535 of SOCOFing's validation subjects would take longer than an epoch's training; `evaluate` measures all."""


class RepairPrints(NamedTuple):
    """Prints (N, H, W) uint8. `altered[i]` was made from `real[real_of[i]]`, `val_altered[i]` from `val_real[i]`."""

    real: NDArray[np.uint8]
    altered: NDArray[np.uint8]
    real_of: NDArray[np.int64]
    val_altered: NDArray[np.uint8]
    val_real: NDArray[np.uint8]


def repair_prints(store: PrintStore) -> RepairPrints:
    """The store's altered prints and their Real ones. Raises BadInput if train or validation subjects have none."""
    train, val = altered_pairs(store, "train"), altered_pairs(store, "val")
    chosen = np.linspace(0, len(val.altered) - 1, min(MOST_VALIDATION_PRINTS, len(val.altered))).astype(np.int64)
    return RepairPrints(
        store.stack(train.real),
        store.stack(train.altered),
        train.real_of,
        store.stack(val.altered[chosen]),
        store.stack(val.real[val.real_of[chosen]]),
    )


class RepairWindows(PrintWindows):
    """Windows of altered prints (the input) with those of their Real prints (the target), all in memory. `val_windows`
    are of Real prints."""

    def __init__(
        self, prints: RepairPrints, spec: AutoencoderSpec, batch_size: int, train_crops: TrainCrops, seed: int
    ) -> None:
        super().__init__(prints.real, prints.val_real, spec, batch_size, train_crops, seed)
        self.altered, self.real_of = prints.altered, prints.real_of
        self.val_altered = windows(prints.val_altered, spec.window)

    def epoch_batches(self, crops: TrainingCrops) -> RepairCrops:
        return RepairCrops(crops, self.train_prints, self.altered, self.real_of)

    def sheet_windows(self, n: int) -> tuple[Tensor, ...]:
        chosen = np.linspace(0, len(self.val_windows) - 1, min(n, len(self.val_windows))).astype(np.int64)
        return self.val_windows[chosen], self.val_altered[chosen]

    def val_dataloader(self) -> Batches:
        return Batches(self.val_altered, self.val_windows)
