"""What a network is trained and validated on whose latent vectors are to decode and to match."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.autoencoders.saved import AutoencoderSpec
from ridgecode.prints.mated_crops import MatedCrops
from ridgecode.prints.mated_prints import MatedPrints, mated_prints
from ridgecode.prints.store import PrintStore
from ridgecode.prints.training_crops import TrainCrops, TrainingCrops
from ridgecode.study.autoencoder_training import Batches, PrintWindows, windows


class IdentityPrints(NamedTuple):
    """`train` and `val` tell the mates of the store's Real prints of these splits; `val_probes` is (N, H, W) uint8, one
    moved probe for each of `val`, always the same."""

    train: MatedPrints
    val: MatedPrints
    val_probes: NDArray[np.uint8]


def identity_prints(store: PrintStore) -> IdentityPrints:
    """The store's mated prints. Raises BadInput where train or validation subjects have one print a finger."""
    train, val = mated_prints(store, "train"), mated_prints(store, "val")
    return IdentityPrints(train, val, val.fixed_probes())


class IdentityWindows(PrintWindows):
    """Windows of Real prints (N, H, W) uint8, each with one of a moved probe of its finger."""

    def __init__(
        self,
        train: NDArray[np.uint8],
        val: NDArray[np.uint8],
        mated: IdentityPrints,
        spec: AutoencoderSpec,
        batch_size: int,
        train_crops: TrainCrops,
        seed: int,
    ) -> None:
        super().__init__(train, val, spec, batch_size, train_crops, seed)
        self.mated = mated.train
        self.val_probes = windows(mated.val_probes, spec)
        self.val_fingers = torch.from_numpy(mated.val.fingers)

    def batches_of(self, crops: TrainingCrops) -> MatedCrops:
        return MatedCrops(crops, self.mated)

    def val_dataloader(self) -> Batches:
        return Batches.mated(self.val_windows, self.val_probes, self.val_fingers)
