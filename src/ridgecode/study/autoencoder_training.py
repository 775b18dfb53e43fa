"""How Lightning trains an autoencoder: the step, the validation, the optimiser, the batches."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.autoencoders.distortion import bce_floor, distortion
from ridgecode.autoencoders.protocol import to_grey
from ridgecode.autoencoders.ridge import RidgeAutoencoder
from ridgecode.autoencoders.saved import AutoencoderSpec, Network
from ridgecode.prints.training_crops import TrainCrops, TrainingCrops
from ridgecode.study.schedule import Budget, learning_rate_factor

VALIDATION_BATCH = 256


class EpochLoader:
    """Gives Lightning the batches of the epoch it is at: they depend on the seed and the epoch alone."""

    def __init__(self, batches: Callable[[int], TrainingCrops], epoch: Callable[[], int]) -> None:
        self._batches, self._epoch = batches, epoch

    def __len__(self) -> int:
        return len(self._batches(self._epoch()))

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self._batches(self._epoch()))


class Batches:
    """Windows in batches, in order. A plain list of tensors would look like several loaders to Lightning."""

    def __init__(self, x: Tensor) -> None:
        self._batches = x.split(VALIDATION_BATCH)

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self._batches)


class PrintWindows(pl.LightningDataModule):
    """Training crops and validation windows, all in memory: uint8 prints of (N, H, W)."""

    def __init__(
        self,
        train: NDArray[np.uint8],
        val: NDArray[np.uint8],
        spec: AutoencoderSpec,
        batch_size: int,
        train_crops: TrainCrops,
        seed: int,
    ) -> None:
        super().__init__()
        self.train_prints, self.spec = train, spec
        self.batch_size, self.train_crops, self.seed = batch_size, train_crops, seed
        self.val_windows = windows(val, spec)

    def train_dataloader(self) -> EpochLoader:
        trainer = self.trainer
        assert trainer is not None

        def batches(epoch: int) -> TrainingCrops:
            return TrainingCrops(
                self.train_prints,
                self.spec.window,
                self.batch_size,
                self.train_crops,
                self.seed,
                epoch,
                trainer.global_rank,
                trainer.world_size,
            )

        return EpochLoader(batches, lambda: trainer.current_epoch)

    def val_dataloader(self) -> "Batches":
        # Every process validates on all of it: it is small, and then all of them agree on what is best.
        return Batches(self.val_windows)


def windows(prints: NDArray[np.uint8], spec: AutoencoderSpec) -> Tensor:
    """(N, H, W) uint8 prints -> the view's windows, (N, 1, h, w) float in [0, 1]."""
    return torch.from_numpy(spec.window.take(prints)).unsqueeze(1).float().div_(255)


class AutoencoderTraining(pl.LightningModule):
    """Minimises the spec's distortion. Validation means are kept in `validated` for the callbacks."""

    def __init__(
        self, net: Network, spec: AutoencoderSpec, budget: Budget, learning_rate: float, schedule: str
    ) -> None:
        super().__init__()
        self.net, self.spec, self.budget = net, spec, budget
        self.learning_rate, self.schedule = learning_rate, schedule
        self.train_terms: dict[str, list[Tensor]] = {}
        self._val_sums: dict[str, Tensor] = {}
        self.validated: dict[str, float] = {}
        self.crops = 0

    def configure_optimizers(self) -> torch.optim.Optimizer:
        if isinstance(self.net, RidgeAutoencoder):
            return torch.optim.AdamW(self.net.parameters(), lr=self.learning_rate)
        return torch.optim.Adam(self.net.parameters(), lr=self.learning_rate)  # as the write-up had it

    def on_train_batch_start(self, batch: Tensor, batch_idx: int) -> int | None:
        if self.trainer.strategy.reduce_boolean_decision(self.budget.out_of_time(), all=False):
            self.trainer.should_stop = True
            return -1  # skips what is left of this epoch; its validation and checkpoint follow
        factor = learning_rate_factor(self.schedule, self.budget.used(self.global_step))
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = self.learning_rate * factor
        return None

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        batch = batch.contiguous(memory_format=torch.channels_last)
        found = distortion(self.spec.distortion, self.net(batch).x_hat.float(), batch)
        for name, value in {"loss": found.total, **found.terms}.items():
            self.train_terms.setdefault(name, []).append(value.detach())
        self.crops += len(batch) * self.trainer.world_size
        return found.total

    def on_validation_epoch_start(self) -> None:
        self._val_sums = {}

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        raw = self.net(batch.contiguous(memory_format=torch.channels_last)).x_hat.float()
        found = distortion(self.spec.distortion, raw, batch)
        grey = to_grey(raw, self.net.logits)
        sums = {"loss": found.total, **found.terms, "mse": (grey - batch).square().mean()}
        if self.net.logits:
            sums["bce_above_floor"] = found.terms["bce"] - bce_floor(batch)
        sums = {name: value * len(batch) for name, value in sums.items()} | {"n": torch.tensor(float(len(batch)))}
        for name, value in sums.items():
            self._val_sums[name] = self._val_sums.get(name, torch.zeros((), device=value.device)) + value

    def on_validation_epoch_end(self) -> None:
        n = float(self._val_sums.pop("n"))
        self.validated = {f"val_{name}": float(value) / n for name, value in self._val_sums.items()}
        self.validated["val_psnr_db"] = -10 * float(np.log10(self.validated["val_mse"]))
        # Early stopping and the progress bar read what is logged.
        for name in ("val_loss", "val_mse"):
            self.log(name, self.validated[name], prog_bar=name == "val_mse", rank_zero_only=False, sync_dist=False)

    def train_means(self) -> dict[str, float]:
        """Means of the training terms since the last call."""
        means = {f"train_{name}": float(torch.stack(values).mean()) for name, values in self.train_terms.items()}
        self.train_terms.clear()
        return means


def optimiser_defaults(backbone: str) -> tuple[float, str]:
    """(learning rate, schedule) of a backbone: the write-up's for the ResNets, ours for `ridge`."""
    return (2e-3, "cosine") if backbone == "ridge" else (1e-4, "constant")


