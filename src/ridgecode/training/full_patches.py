"""The data of a network of the view `full`: patches of images of any size."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ridgecode.autoencoders.saved import AutoencoderSpec
from ridgecode.prints.crops.patches import TrainingPatches, middle_patch
from ridgecode.prints.store import PrintStore
from ridgecode.training.autoencoder import PrintWindows
from ridgecode.training.budgeted import EpochLoader

SAMPLE_PRINTS = 512
"""Training images whose middles stand for all where a sample of windows is needed."""


class FullPatches(PrintWindows):
    """Training patches of several stores' images, and the middles of their validation images.

    stores: at the resolution of the network; shares: how often a patch comes from each store, above 0. Images stay in
    their stores' files until a patch is cut.
    """

    def __init__(
        self, stores: Sequence[PrintStore], shares: Sequence[float], spec: AutoencoderSpec, batch_size: int, seed: int
    ) -> None:
        side = spec.window.height
        rows = [(store, store.rows("train")) for store in stores]
        self._places = [(store, int(row)) for store, chosen in rows for row in chosen]
        of_store = [np.full(len(chosen), share / len(chosen)) for (_, chosen), share in zip(rows, shares, strict=True)]
        self._weights = np.concatenate(of_store)
        validation = [(store, int(row)) for store in stores for row in store.rows("val")]
        some = self._places[:: -(-len(self._places) // SAMPLE_PRINTS)]
        train, val = (
            np.stack([middle_patch(np.asarray(store.image(row)), side) for store, row in places])
            for places in (some, validation)
        )
        super().__init__(train, val, spec, batch_size, "random", seed)

    def _image(self, number: int) -> NDArray[np.uint8]:
        store, row = self._places[number]
        return np.asarray(store.image(row))

    def train_dataloader(self) -> EpochLoader:
        trainer = self.trainer
        assert trainer is not None
        patches = TrainingPatches(
            self._image,
            self._weights,
            self.spec.window.height,
            self.batch_size,
            self.seed,
            rank=trainer.global_rank,
            world_size=trainer.world_size,
        )

        def batches(epoch: int) -> TrainingPatches:
            patches.epoch = epoch
            return patches

        return EpochLoader(batches, lambda: trainer.current_epoch)
