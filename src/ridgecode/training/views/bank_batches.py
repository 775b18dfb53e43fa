"""The batches that a head is trained on, out of a bank of encoded views."""

from collections.abc import Iterator
from pathlib import Path

import pytorch_lightning as pl
import torch

from ridgecode.training.budgeted import EpochLoader
from ridgecode.training.views.view_bank import BankPairs, ViewBank

NOISE = 0.1
"""Standard deviations of a latent dim that are added to each view, so that no view is seen twice the same."""


class BankBatches:
    """One epoch of `steps` batches: two views of each of at most `batch_size` fingers of one data set.

    file: where the bank is kept, so that a resumed run need not encode all of it again
    """

    def __init__(self, bank: ViewBank, file: Path, batch_size: int, steps: int, epoch: int) -> None:
        self.bank, self.file, self.batch_size, self.steps, self.epoch = bank, file, batch_size, steps, epoch

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[BankPairs]:
        first = self.epoch * self.steps
        self.bank.load(self.file, first)
        for step in range(first, first + self.steps):
            self.bank.advance(step)
            if step == first:
                self.bank.save_if_changed(self.file)
            yield self.bank.pairs(step, self.batch_size, NOISE)


class BankData(pl.LightningDataModule):
    """Training batches out of a bank; the arguments are those of `BankBatches`."""

    def __init__(self, bank: ViewBank, file: Path, batch_size: int, steps: int) -> None:
        super().__init__()
        self.bank, self.file, self.batch_size, self.steps = bank, file, batch_size, steps

    def train_dataloader(self) -> EpochLoader:
        trainer = self.trainer
        assert trainer is not None

        def batches(epoch: int) -> BankBatches:
            return BankBatches(self.bank, self.file, self.batch_size, self.steps, epoch)

        return EpochLoader(batches, lambda: trainer.current_epoch)

    def val_dataloader(self) -> EpochLoader:
        # Lightning validates only if there is a loader: one empty batch per epoch.
        return EpochLoader(lambda epoch: [torch.zeros(1)], lambda: 0)
