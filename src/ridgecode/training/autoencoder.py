"""Training of an autoencoder with Lightning: batches, training step, validation and optimiser."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ridgecode.autoencoders.distortion import bce_floor, distortion
from ridgecode.autoencoders.full import FullAutoencoder
from ridgecode.autoencoders.pca import PCA
from ridgecode.autoencoders.reconstruction import to_grey
from ridgecode.autoencoders.ridge import RidgeAutoencoder, block_weights
from ridgecode.autoencoders.saved import AutoencoderSpec, Network
from ridgecode.autoencoders.windows import windows
from ridgecode.codec.context_model import ContextModel
from ridgecode.codec.full_context import FullContext
from ridgecode.matching.pair_losses import TEMPLATE_TEMPERATURE, identity_loss, infonce
from ridgecode.matching.places.head import PlacesHead
from ridgecode.prints.crops.mated_crops import MatedBatch
from ridgecode.prints.crops.training_crops import TrainingCrops
from ridgecode.prints.names import TrainCrops
from ridgecode.training.budgeted import BudgetedTraining, EpochBatches, EpochLoader
from ridgecode.training.muon import MuonAdamW
from ridgecode.training.schedule import Budget

VALIDATION_BATCH = 256
Batch = Tensor | tuple[Tensor, Tensor] | MatedBatch


class Batches:
    """Validation windows (N, 1, height, width), in order, in batches; with `targets`, batches are (windows, targets).

    Lightning would take a plain list of tensors for several loaders.
    """

    def __init__(self, x: Tensor, targets: Tensor | None = None) -> None:
        inputs = x.split(VALIDATION_BATCH)
        self._batches: list[Batch] = list(inputs)
        if targets is not None:
            self._batches = list(zip(inputs, targets.split(VALIDATION_BATCH), strict=True))

    @classmethod
    def mated(cls, x: Tensor, probes: Tensor, fingers: Tensor) -> "Batches":
        """Batches of mated windows: x and probes (N, 1, height, width), finger numbers (N,)."""
        batches = cls(x)
        columns = (tensor.split(VALIDATION_BATCH) for tensor in (x, probes, fingers))
        batches._batches = [MatedBatch(*batch) for batch in zip(*columns, strict=True)]
        return batches

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._batches)


class PrintWindows(pl.LightningDataModule):
    """Training crops and validation windows of `train` and `val` prints, (N, H, W) uint8, all in memory."""

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
        self.val_windows = windows(val, spec.window)

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
            device=trainer.strategy.root_device,  # crops are cut on the GPU itself, which would wait for the CPU
        )

        def batches(epoch: int) -> EpochBatches:
            # One object for all epochs, so that prints are padded and copied to a GPU once.
            crops.epoch = epoch
            return self.epoch_batches(crops)

        return EpochLoader(batches, lambda: trainer.current_epoch)

    def epoch_batches(self, crops: TrainingCrops) -> EpochBatches:
        """The batches of an epoch: the crops alone; subclasses add targets or probes to them."""
        return crops

    def sheet_windows(self, n: int) -> tuple[Tensor, ...]:
        """The windows that `TrainingSheet` shows: `n` validation windows, and the network's input if it differs."""
        return (self.val_windows[:n],)

    def val_dataloader(self) -> "Batches":
        # Every process validates on all windows, which are few, so that all processes agree on the best epoch.
        return Batches(self.val_windows)


class Rate(NamedTuple):
    """The weight of a bit per pixel in the loss, and the context model that estimates the bits."""

    weight: float
    context: ContextModel | FullContext | None


class AutoencoderTraining(BudgetedTraining):
    """Minimises distortion + rate.weight x bits per pixel + identity_weight x matching loss.

    The distortion compares the decoder's output with a batch's targets, or with its windows if it has none. With a
    context model in `rate`, the decoder gets rounded latent vectors. Only mated batches have a matching loss.

    identity_head: whose templates the matching loss compares, and which is trained along; None compares latent vectors
    """

    def __init__(
        self,
        net: Network,
        spec: AutoencoderSpec,
        budget: Budget,
        learning_rate: float,
        schedule: str,
        rate: Rate | None = None,
        identity_weight: float = 0.0,
        identity_head: PlacesHead | None = None,
    ) -> None:
        super().__init__(budget, learning_rate, schedule)
        self.net, self.spec, self.identity_head = net, spec, identity_head
        rate_weight, self.context = rate or Rate(0.0, None)
        self._weights = {"bpp": rate_weight, "identity": identity_weight}
        rows, columns = spec.window.inside
        self._pixels = len(range(spec.window.height)[rows]) * len(range(spec.window.width)[columns])
        self._val_sums: dict[str, Tensor] = {}
        self._seed = torch.initial_seed()  # that of the run, which was set before

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        super().on_train_batch_start(batch, batch_idx)
        if self.context is not None:
            # The noise of a step depends on the seed and the step alone, so that a resumed run has the same.
            torch.manual_seed(self._seed * 1_000_003 + self.global_step)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return optimiser_of(self.net, self.learning_rate, [self.context, self.identity_head])

    def _terms_of(self, x: Tensor, mated: MatedBatch | None) -> tuple[Tensor, dict[str, Tensor]]:
        """The decoder's output for x (N, 1, H, W), before it becomes grey values, and the other terms of the loss: bits
        per print and per pixel if there is a context model, the matching loss if the batch is `mated`."""
        if self.context is None and mated is None:
            return self.net(x).x_hat.float(), {}
        assert not isinstance(self.net, PCA)
        n, terms = len(x), {}
        # Probes and references in one pass, so that batch norm has the statistics of both, as in use.
        z = self.net.encode(x if mated is None else torch.cat([x, mated.probes]))
        z_hat = z
        if self.context is not None:
            z_hat, bits, *_ = self.context(z)
            terms = {"bits": bits[:n].mean(), "bpp": bits[:n].mean() / self._pixels}
        if mated is not None:
            terms["identity"] = self._identity(z[:n].float(), z_hat.float(), mated.fingers)
        return self.net.draw(z_hat[:n]).float(), terms

    def _identity(self, z: Tensor, z_hat: Tensor, fingers: Tensor) -> Tensor:
        """The matching loss of references and probes, which follow each other in z_hat."""
        references, probes = z_hat.chunk(2)
        if self.identity_head is None:
            return identity_loss(z, references, probes, fingers).total
        e1, e2 = self.identity_head.embed(z_hat).chunk(2)
        return infonce(e2 @ e1.T, TEMPLATE_TEMPERATURE, fingers, fingers).total

    def _total(self, distortion: Tensor, terms: dict[str, Tensor]) -> Tensor:
        """The loss: the distortion plus the weighted `terms`."""
        for name, weight in self._weights.items():
            if name in terms:
                distortion = distortion + weight * terms[name]
        return distortion

    def reconstruct(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) windows -> their reconstructions in [0, 1], from rounded latent vectors if there is a context
        model."""
        z = self.net.encode(x)
        return self.net.decode(z if self.context is None else self.context(z).z_hat)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        x, target = _input_and_target(batch)
        raw, terms = self._terms_of(x, batch if isinstance(batch, MatedBatch) else None)
        found = distortion(self.spec.distortion, raw, target)
        total = self._total(found.total, terms)
        self.count(len(x), {"loss": total, **found.terms, **terms})
        return total

    def on_validation_epoch_start(self) -> None:
        self._val_sums = {}

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        x, target = _input_and_target(batch)
        raw, terms = self._terms_of(x, batch if isinstance(batch, MatedBatch) else None)
        rows, columns = self.spec.window.inside  # as `evaluate` does: a white margin is easy to reconstruct
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
        self.report_validation({f"val_{name}": float(value) / n for name, value in self._val_sums.items()})


def _input_and_target(batch: Batch) -> tuple[Tensor, Tensor]:
    """A batch's input and target, channels last; the same tensor twice if the batch has no target of its own."""
    if isinstance(batch, MatedBatch):
        batch = batch.references
    if isinstance(batch, Tensor):
        x = batch.contiguous(memory_format=torch.channels_last)
        return x, x
    x, target = (tensor.contiguous(memory_format=torch.channels_last) for tensor in batch)
    return x, target


def optimiser_of(
    net: nn.Module, learning_rate: float, beside: Sequence[nn.Module | None] = ()
) -> torch.optim.Optimizer:
    """For `ridge`, Muon on its blocks' weights and AdamW on the rest and on the modules `beside` it; for ResNets, Adam
    as in the write-up."""
    more = [p for module in beside if module is not None for p in module.parameters()]
    if not isinstance(net, RidgeAutoencoder | FullAutoencoder):
        return torch.optim.Adam([*net.parameters(), *more], lr=learning_rate)
    inner = block_weights(net)
    others = [p for p in net.parameters() if all(p is not weight for weight in inner)]
    others += more
    # 0.95 where torch has 0.999: squared gradients change fast in the epochs in which the network learns ridges.
    return MuonAdamW(inner, others, lr=learning_rate, betas=(0.9, 0.95))


def optimiser_defaults(backbone: str) -> tuple[float, str]:
    """The default (learning rate, schedule) of a backbone; those of the ResNets are the write-up's."""
    return (4e-3, "cosine") if backbone == "ridge" else (1e-4, "constant")
