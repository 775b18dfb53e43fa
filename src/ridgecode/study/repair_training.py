"""What a network is trained and validated on that learns to repair altered prints."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.autoencoders.saved import AutoencoderSpec
from ridgecode.prints.altered_pairs import altered_pairs
from ridgecode.prints.repair_crops import RepairCrops
from ridgecode.prints.store import PrintStore
from ridgecode.prints.training_crops import TrainCrops, TrainingCrops
from ridgecode.prints.views import stack_prints
from ridgecode.study.autoencoder_training import Batches, PrintWindows, windows

MOST_VALIDATION_PRINTS = 1024
"""SOCOFing's validation subjects have 6,535 altered prints, which would take longer than an epoch's training: so many
of them, evenly spread over the store's rows and always the same, are validated on; `evaluate` takes all."""


class RepairPrints(NamedTuple):
    """Prints (N, H, W) uint8. `altered` come from `real[real_of]`; `val_altered` from `val_real`, one by one."""

    real: NDArray[np.uint8]
    altered: NDArray[np.uint8]
    real_of: NDArray[np.int64]
    val_altered: NDArray[np.uint8]
    val_real: NDArray[np.uint8]


def repair_prints(store: PrintStore) -> RepairPrints:
    """The store's altered prints and their Real ones. Raises BadInput where train or validation subjects have none."""
    train, val = altered_pairs(store, "train"), altered_pairs(store, "val")
    some = np.linspace(0, len(val.altered) - 1, min(MOST_VALIDATION_PRINTS, len(val.altered))).astype(np.int64)
    return RepairPrints(
        stack_prints(store, train.real),
        stack_prints(store, train.altered),
        train.real_of,
        stack_prints(store, val.altered[some]),
        stack_prints(store, val.real[val.real_of[some]]),
    )


class RepairWindows(PrintWindows):
    """Windows of altered prints with those of their Real prints, all in memory. `val_windows` are of Real prints."""

    def __init__(
        self, prints: RepairPrints, spec: AutoencoderSpec, batch_size: int, train_crops: TrainCrops, seed: int
    ) -> None:
        super().__init__(prints.real, prints.val_real, spec, batch_size, train_crops, seed)
        self.altered, self.real_of = prints.altered, prints.real_of
        self.val_altered = windows(prints.val_altered, spec)

    def batches_of(self, crops: TrainingCrops) -> RepairCrops:
        return RepairCrops(crops, self.train_prints, self.altered, self.real_of)

    def sheet_windows(self, n: int) -> tuple[Tensor, ...]:
        some = np.linspace(0, len(self.val_windows) - 1, min(n, len(self.val_windows))).astype(np.int64)
        return self.val_windows[some], self.val_altered[some]

    def val_dataloader(self) -> Batches:
        return Batches(self.val_altered, self.val_windows)
