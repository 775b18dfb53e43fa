"""How Lightning trains an image Siamese network."""

from collections.abc import Iterator

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor

from ridgecode.matching.error_rates import decisions_at, equal_error_rate, error_rates
from ridgecode.matching.pair_lists import PairList
from ridgecode.matching.siamese.systems import Network, Recipe, SiameseSpec, pair_loss, published_threshold
from ridgecode.prints.movement import Limits, move, random_movements
from ridgecode.study.budgeted_training import BudgetedTraining, EpochLoader
from ridgecode.study.matching_systems import ScoredList
from ridgecode.study.schedule import Budget
from ridgecode.study.siamese_lists import PROBE_LIMITS
from ridgecode.study.siamese_pairs import SiameseImages, SiamesePairs
from ridgecode.study.siamese_systems import embed_images, score_embeddings

KERAS_EPSILON = 1e-7


class PairBatches:
    """One epoch: batches of (probes, references, mated), each image (B, channels, height, width) in [0, 1]."""

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

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        random = np.random.default_rng((self.seed, 3, self.epoch))
        spec = self.data.spec
        for start in range(0, len(self.pairs.mated), self.batch_size):
            part = self.pairs.take(np.arange(start, min(start + self.batch_size, len(self.pairs.mated))))
            probes, references = self.data.images[part.probe], self.data.images[part.reference]
            if self.augment:
                probes = move(probes, random_movements(len(probes), random, PROBE_LIMITS))
            if self.movement is not None:
                probes, references = (
                    move(images, random_movements(len(images), random, self.movement))
                    for images in (probes, references)
                )
            yield spec.tensor(probes), spec.tensor(references), torch.from_numpy(part.mated)


class SiameseData(pl.LightningDataModule):
    """Training batches; the validation list is the module's own."""

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
        # Lightning validates only where there is a loader: one empty batch an epoch.
        return EpochLoader(lambda epoch: [torch.zeros(1)], lambda: 0)


class SiameseTraining(BudgetedTraining):
    """Minimises the system's pair loss; validates on a fixed list of pairs.

    val_loss; val_eer; and at the write-ups' own threshold (a probability or a distance of 0.5) val_accuracy and
    val_precision, the share of accepted pairs that are mated. `val_probes`: embeddings of the list's probes; `scores`:
    of its pairs, float32 (C,); both of the last validation.
    """

    def __init__(
        self, net: Network, spec: SiameseSpec, recipe: Recipe, val: ScoredList, budget: Budget, learning_rate: float
    ) -> None:
        super().__init__(budget, learning_rate, recipe.schedule)
        self.net, self.spec, self.recipe, self.val = net, spec, recipe, val
        self.val_probes, self.scores = torch.zeros(0), np.zeros(0, np.float32)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        # Keras' constants, which the published recipes were trained with.
        if self.recipe.optimiser == "rmsprop":
            return torch.optim.RMSprop(self.net.parameters(), lr=self.learning_rate, alpha=0.9, eps=KERAS_EPSILON)
        return torch.optim.Adam(self.net.parameters(), lr=self.learning_rate, eps=KERAS_EPSILON)

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor], batch_idx: int) -> Tensor:
        probes, references, mated = batch
        # One pass for both, so that batch norm sees them alike; dropout still draws a mask for each image.
        e1, e2 = self.net.embed(torch.cat((probes, references))).chunk(2)
        found = pair_loss(self.net, self.net.score(e1, e2), mated)
        self.count(len(mated), {"loss": found.total, **found.terms})
        return found.total

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        self.scores = self._val_scores()
        scores = torch.from_numpy(self.scores)
        mated = torch.from_numpy(self.val.comparisons.mated)
        own, others = scores[mated].numpy(), scores[~mated].numpy()
        decided = decisions_at(own, others, published_threshold(self.net))
        self.tell(
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
