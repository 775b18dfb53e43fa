"""Training of an image Siamese network with Lightning."""

from collections.abc import Iterator

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor

from ridgecode.matching.error_rates import decisions_at, equal_error_rate, error_rates
from ridgecode.matching.scored_lists import ScoredList
from ridgecode.matching.siamese.images import SiameseImages
from ridgecode.matching.siamese.lists import PROBE_LIMITS
from ridgecode.matching.siamese.pair_rules import PairList
from ridgecode.matching.siamese.pairs import SiamesePairs
from ridgecode.matching.siamese.scoring import embed_images, score_embeddings
from ridgecode.matching.siamese.systems import (
    Network,
    Recipe,
    SiameseSpec,
    batch_loss,
    pair_loss,
    published_threshold,
)
from ridgecode.prints.movement import Limits, move, random_movements
from ridgecode.training.budgeted import BudgetedTraining, EpochLoader
from ridgecode.training.schedule import Budget

KERAS_EPSILON = 1e-7
"""The epsilon of Keras' optimisers, with which the published recipes were trained."""


class PairBatches:
    """One epoch: batches of (probes, references, mated, fingers of the probes): images (B, channels, height, width) in
    [0, 1], bool (B,), int64 (B,).

    augment: moves probes as system B does; movement: limits of a random movement of all images, or None
    """

    def __init__(
        self,
        data: SiameseImages,
        pairs: PairList,
        batch_size: int,
        augment: bool,
        movement: Limits | None,
        seed: int,
        epoch: int,
    ) -> None:
        self.data, self.pairs, self.batch_size = data, pairs, batch_size
        self.augment, self.movement, self.seed, self.epoch = augment, movement, seed, epoch

    def __len__(self) -> int:
        return -(-len(self.pairs.mated) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        random = np.random.default_rng((self.seed, 3, self.epoch))
        spec = self.data.spec
        for start in range(0, len(self.pairs.mated), self.batch_size):
            batch = self.pairs.take(np.arange(start, min(start + self.batch_size, len(self.pairs.mated))))
            probes, references = self.data.images[batch.probe], self.data.images[batch.reference]
            if self.augment:
                probes = move(probes, random_movements(len(probes), random, PROBE_LIMITS))
            if self.movement is not None:
                probes, references = (
                    move(images, random_movements(len(images), random, self.movement))
                    for images in (probes, references)
                )
            fingers = torch.from_numpy(self.data.identity[batch.probe])
            yield spec.tensor(probes), spec.tensor(references), torch.from_numpy(batch.mated), fingers


class SiameseData(pl.LightningDataModule):
    """Training batches; the module itself holds the list that it is validated on."""

    def __init__(
        self, data: SiameseImages, pairs: SiamesePairs, batch_size: int, movement: Limits | None, seed: int
    ) -> None:
        super().__init__()
        self.data, self.pairs, self.batch_size = data, pairs, batch_size
        self.movement, self.seed = movement, seed

    def train_dataloader(self) -> EpochLoader:
        trainer = self.trainer
        assert trainer is not None

        def batches(epoch: int) -> PairBatches:
            moved = self.pairs.augment, self.movement
            return PairBatches(self.data, self.pairs.train(epoch), self.batch_size, *moved, self.seed, epoch)

        return EpochLoader(batches, lambda: trainer.current_epoch)

    def val_dataloader(self) -> EpochLoader:
        # Lightning validates only if there is a loader: one empty batch per epoch.
        return EpochLoader(lambda epoch: [torch.zeros(1)], lambda: 0)


class SiameseTraining(BudgetedTraining):
    """Minimises the system's pair loss; validates on the comparison list `val`.

    Validation reports val_loss, val_eer, and val_accuracy and val_precision (the share of accepted pairs that are
    mated) at the write-ups' threshold, a probability or a distance of 0.5. `val_probes`, embeddings (P, D) of the
    list's probes, and `scores`, float32 (C,), are of the last validation.

    whole_batch: whether the loss compares each probe with all references of its batch
    """

    def __init__(
        self,
        net: Network,
        spec: SiameseSpec,
        recipe: Recipe,
        whole_batch: bool,
        val: ScoredList,
        budget: Budget,
        learning_rate: float,
    ) -> None:
        super().__init__(budget, learning_rate, recipe.schedule)
        self.net, self.spec, self.recipe, self.whole_batch, self.val = net, spec, recipe, whole_batch, val
        self.val_probes, self.scores = torch.zeros(0), np.zeros(0, np.float32)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        if self.recipe.optimiser == "rmsprop":
            return torch.optim.RMSprop(self.net.parameters(), lr=self.learning_rate, alpha=0.9, eps=KERAS_EPSILON)
        return torch.optim.Adam(self.net.parameters(), lr=self.learning_rate, eps=KERAS_EPSILON)

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor, Tensor], batch_idx: int) -> Tensor:
        probes, references, mated, fingers = batch
        # One pass, so that batch norm has the statistics of both; dropout still draws a mask for each image.
        e1, e2 = self.net.embed(torch.cat((probes, references))).chunk(2)
        if self.whole_batch and len(fingers.unique()) > 1:
            found = batch_loss(self.net, e1, e2, fingers)
        else:
            found = pair_loss(self.net, self.net.score(e1, e2), mated)
        self.count(len(mated), {"loss": found.total, **found.terms})
        return found.total

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        self.scores = self._val_scores()
        scores = torch.from_numpy(self.scores)
        mated = torch.from_numpy(self.val.comparisons.mated)
        own, others = scores[mated].numpy(), scores[~mated].numpy()
        threshold = published_threshold(self.net)
        assert threshold is not None, "the system ridge has a training of its own"
        decided = decisions_at(own, others, threshold)
        self.report_validation(
            {
                "val_loss": float(pair_loss(self.net, scores, mated).total),
                "val_eer": equal_error_rate(error_rates(own, others)),
                "val_accuracy": decided.accuracy,
                "val_precision": decided.precision,
            }
        )

    def _val_scores(self) -> np.ndarray:
        self.val_probes = embed_images(self.net, self.spec, self.val.probes)
        references = embed_images(self.net, self.spec, self.val.references)
        rows = self.val.comparisons.probe_rows, self.val.comparisons.reference_rows
        return score_embeddings(self.net, self.val_probes, references, *rows)
