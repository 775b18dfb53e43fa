"""Training and validation prints of a network whose latent vectors shall decode and match."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.autoencoders.saved import AutoencoderSpec
from ridgecode.autoencoders.windows import windows
from ridgecode.errors import BadInput
from ridgecode.matching.places.head import PlacesHead
from ridgecode.matching.saved_matcher import load_matcher
from ridgecode.matching.shipped.names import matcher_file
from ridgecode.prints.crops.mated_crops import MatedCrops
from ridgecode.prints.crops.training_crops import TrainingCrops
from ridgecode.prints.mated_prints import MatedPrints, mated_prints
from ridgecode.prints.names import TrainCrops
from ridgecode.prints.store import PrintStore
from ridgecode.training.autoencoder import Batches, PrintWindows


class IdentityPrints(NamedTuple):
    """train, val: the Real prints of these splits with their mates; val_probes: (N, H, W) uint8, one moved probe for
    each print of `val`, the same in every epoch and run."""

    train: MatedPrints
    val: MatedPrints
    val_probes: NDArray[np.uint8]


def identity_prints(store: PrintStore) -> IdentityPrints:
    """The store's mated prints. Raises BadInput if train or validation subjects have one print a finger."""
    train, val = mated_prints(store, "train"), mated_prints(store, "val")
    return IdentityPrints(train, val, val.fixed_probes())


def identity_head(name: str, latent_dim: int) -> PlacesHead:
    """The head that --identity_head names. Raises BadInput unless it is one that sees places, for so many latent
    dims."""
    head = load_matcher(matcher_file(name)).head
    if not isinstance(head, PlacesHead) or head.latent_dim != latent_dim:
        raise BadInput(
            f"--identity_head {name} is no head that sees places in {latent_dim} latent dims; give a train-head run on "
            "a model of this run's shape, such as the one of --start_from"
        )
    return head.train()


class IdentityWindows(PrintWindows):
    """Windows of Real prints (N, H, W) uint8, each with the window of a moved probe of its finger."""

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
        self.val_probes = windows(mated.val_probes, spec.window)
        self.val_fingers = torch.from_numpy(mated.val.fingers)

    def epoch_batches(self, crops: TrainingCrops) -> MatedCrops:
        return MatedCrops(crops, self.mated)

    def val_dataloader(self) -> Batches:
        return Batches.mated(self.val_windows, self.val_probes, self.val_fingers)
