"""How Lightning trains an autoencoder: the step, the validation, the optimiser, the batches."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ridgecode.autoencoders.distortion import bce_floor, distortion
from ridgecode.autoencoders.pca import PCA
from ridgecode.autoencoders.protocol import to_grey
from ridgecode.autoencoders.ridge import RidgeAutoencoder
from ridgecode.autoencoders.saved import AutoencoderSpec, Network
from ridgecode.codec.context_model import ContextModel
from ridgecode.matching.identity_loss import identity_loss
from ridgecode.prints.mated_crops import MatedBatch
from ridgecode.prints.training_crops import TrainCrops, TrainingCrops
from ridgecode.study.budgeted_training import BudgetedTraining, EpochLoader, Sized
from ridgecode.study.muon import MuonAdamW
from ridgecode.study.schedule import Budget

VALIDATION_BATCH = 256
Batch = Tensor | tuple[Tensor, Tensor] | MatedBatch


class Batches:
    """Windows in batches, in order, with their `targets` where these are others. A plain list of tensors would look
    like several loaders to Lightning."""

    def __init__(self, x: Tensor, targets: Tensor | None = None) -> None:
        parts = x.split(VALIDATION_BATCH)
        self._batches: list[Batch] = list(parts)
        if targets is not None:
            self._batches = list(zip(parts, targets.split(VALIDATION_BATCH), strict=True))

    @classmethod
    def mated(cls, x: Tensor, probes: Tensor, fingers: Tensor) -> "Batches":
        """The same of `MatedBatch`es: windows x, with a probe and a finger each."""
        batches = cls(x)
        parts = (part.split(VALIDATION_BATCH) for part in (x, probes, fingers))
        batches._batches = [MatedBatch(*part) for part in zip(*parts, strict=True)]
        return batches

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Batch]:
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

        crops = TrainingCrops(
            self.train_prints,
            self.spec.window,
            self.batch_size,
            self.train_crops,
            self.seed,
            rank=trainer.global_rank,
            world_size=trainer.world_size,
            device=trainer.strategy.root_device,  # prints lie where they train: a GPU would wait for a processor's cuts
        )

        def batches(epoch: int) -> Sized:
            # One object for all epochs: what it holds is padded, and brought to a GPU, once.
            crops.epoch = epoch
            return self.batches_of(crops)

        return EpochLoader(batches, lambda: trainer.current_epoch)

    def batches_of(self, crops: TrainingCrops) -> Sized:
        """What an epoch trains on: the crops of the prints themselves, or more beside them."""
        return crops

    def sheet_windows(self, n: int) -> tuple[Tensor, ...]:
        """What `TrainingSheet` shows: `n` validation windows, then what the network is given where that is another."""
        return (self.val_windows[:n],)

    def val_dataloader(self) -> "Batches":
        # Every process validates on all of it: it is small, and then all of them agree on what is best.
        return Batches(self.val_windows)


def windows(prints: NDArray[np.uint8], spec: AutoencoderSpec) -> Tensor:
    """(N, H, W) uint8 prints -> the view's windows, (N, 1, h, w) float in [0, 1]."""
    return torch.from_numpy(spec.window.take(prints)).unsqueeze(1).float().div_(255)


class Rate(NamedTuple):
    """What a bit a pixel weighs beside the distortion, and the model that tells the bits."""

    weight: float
    context: ContextModel | None


class AutoencoderTraining(BudgetedTraining):
    """Minimises the spec's distortion from a batch's targets: its second part, or the windows themselves; with a `rate`
    the bits of coded latent vectors beside it, and the decoder then sees these vectors rounded; with an
    `identity_weight`, of batches that are mated, also that many times the matching loss of these vectors."""

    def __init__(
        self,
        net: Network,
        spec: AutoencoderSpec,
        budget: Budget,
        learning_rate: float,
        schedule: str,
        rate: Rate | None = None,
        identity_weight: float = 0.0,
    ) -> None:
        super().__init__(budget, learning_rate, schedule)
        self.net, self.spec = net, spec
        rate_weight, self.context = rate or Rate(0.0, None)
        self._weights = {"bpp": rate_weight, "identity": identity_weight}
        rows, columns = spec.window.inside
        self._pixels = len(range(spec.window.height)[rows]) * len(range(spec.window.width)[columns])
        self._val_sums: dict[str, Tensor] = {}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return optimiser_of(self.net, self.learning_rate, self.context)

    def _terms_of(self, x: Tensor, mated: MatedBatch | None) -> tuple[Tensor, dict[str, Tensor]]:
        """The decoder's own output for x (N, 1, H, W), and what is weighed beside the distortion: bits a print and bits
        a pixel where a rate is trained for, the matching loss where the batch is `mated`."""
        if self.context is None and mated is None:
            return self.net(x).x_hat.float(), {}
        assert not isinstance(self.net, PCA)
        n, terms = len(x), {}
        # Probes go through with their references: batch norm then sees one mixture, in training as in use.
        z = self.net.encode(x if mated is None else torch.cat([x, mated.probes]))
        z_hat = z
        if self.context is not None:
            z_hat, bits, *_ = self.context(z)
            terms = {"bits": bits[:n].mean(), "bpp": bits[:n].mean() / self._pixels}
        if mated is not None:
            terms["identity"] = identity_loss(z[:n].float(), z_hat[:n].float(), z_hat[n:].float(), mated.fingers).total
        return self.net.draw(z_hat[:n]).float(), terms

    def _total(self, distortion: Tensor, terms: dict[str, Tensor]) -> Tensor:
        """The loss: the distortion and its weighted `terms`."""
        for name, weight in self._weights.items():
            if name in terms:
                distortion = distortion + weight * terms[name]
        return distortion

    def reconstruct(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) -> what a user gets back, in [0, 1]: of rounded latent vectors, where a rate is trained for."""
        z = self.net.encode(x)
        return self.net.decode(z if self.context is None else self.context(z).z_hat)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        x, target = _parts(batch)
        raw, terms = self._terms_of(x, batch if isinstance(batch, MatedBatch) else None)
        found = distortion(self.spec.distortion, raw, target)
        total = self._total(found.total, terms)
        self.count(len(x), {"loss": total, **found.terms, **terms})
        return total

    def on_validation_epoch_start(self) -> None:
        self._val_sums = {}

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        x, target = _parts(batch)
        raw, terms = self._terms_of(x, batch if isinstance(batch, MatedBatch) else None)
        rows, columns = self.spec.window.inside  # as `evaluate` has it: a white margin is easy to draw
        raw, target = raw[..., rows, columns], target[..., rows, columns]
        found = distortion(self.spec.distortion, raw, target)
        mse = (to_grey(raw, self.net.logits) - target).square().flatten(1).mean(1)
        total = self._total(found.total, terms)
        sums = {"loss": total, **found.terms, **terms, "mse": mse.mean(), "psnr_db": -10 * mse.log10().mean()}
        if self.net.logits:
            sums["bce_above_floor"] = found.terms["bce"] - bce_floor(target)
        sums = {name: value * len(x) for name, value in sums.items()} | {"n": torch.tensor(float(len(x)))}
        for name, value in sums.items():
            self._val_sums[name] = self._val_sums.get(name, torch.zeros((), device=value.device)) + value

    def on_validation_epoch_end(self) -> None:
        n = float(self._val_sums.pop("n"))
        self.tell({f"val_{name}": float(value) / n for name, value in self._val_sums.items()})


def _parts(batch: Batch) -> tuple[Tensor, Tensor]:
    """Input and target; one and the same tensor where they don't differ."""
    if isinstance(batch, MatedBatch):
        batch = batch.references
    x, target = (batch, batch) if isinstance(batch, Tensor) else batch
    first = x.contiguous(memory_format=torch.channels_last)
    return first, first if target is x else target.contiguous(memory_format=torch.channels_last)


def optimiser_of(net: nn.Module, learning_rate: float, context: nn.Module | None = None) -> torch.optim.Optimizer:
    """Muon and AdamW for `ridge`, AdamW for the `context` model beside it; Adam for the ResNets, as the write-up had
    it."""
    if not isinstance(net, RidgeAutoencoder):
        return torch.optim.Adam(net.parameters(), lr=learning_rate)
    inner = net.block_weights()
    others = [p for p in net.parameters() if all(p is not weight for weight in inner)]
    others += [] if context is None else list(context.parameters())
    # A shorter memory of squared gradients than torch's 0.999: they change fast when ridges are first found.
    return MuonAdamW(inner, others, lr=learning_rate, betas=(0.9, 0.95))


def optimiser_defaults(backbone: str) -> tuple[float, str]:
    """(learning rate, schedule) of a backbone: the write-up's for the ResNets, ours for `ridge`."""
    return (4e-3, "cosine") if backbone == "ridge" else (1e-4, "constant")
