"""Training of a Siamese head on latent vectors of a frozen autoencoder, with Lightning."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.errors import BadInput
from ridgecode.matching.error_rates import equal_error_rate, error_rates
from ridgecode.matching.head_pairs import mined_pairs, mined_triplets, random_pairs
from ridgecode.matching.heads import LatentHead, score_pairs
from ridgecode.matching.names import LossName, PairsName
from ridgecode.matching.pair_losses import PairLoss, bce, contrastive, infonce, triplet
from ridgecode.matching.scored_lists import ScoredList
from ridgecode.matching.systems import Encoder
from ridgecode.prints.movement import move, random_movements
from ridgecode.prints.store import PrintStore
from ridgecode.training.budgeted import BudgetedTraining, EpochLoader
from ridgecode.training.schedule import Budget

STEPS_PER_EPOCH = 50
HEALTH_PROBES = 2048
"""Validation probes on whose embeddings `CollapseCallback` measures the spread."""


class FingerPrints(NamedTuple):
    """Training prints of F fingers.

    prints: (N, H, W) uint8; reference: (F,), the row of each finger's first Real print
    probes: for each finger, the rows of all its other prints, or of its only print
    """

    prints: NDArray[np.uint8]
    reference: NDArray[np.int64]
    probes: list[NDArray[np.int64]]

    @classmethod
    def of(cls, store: PrintStore, split: str) -> "FingerPrints":
        """The fingers of a split, without duplicated prints. Raises BadInput for fewer than 2 fingers."""
        rows = store.rows(split=split, levels=None, identity=True)
        fingers, levels = store.column("finger_id")[rows].astype(str), store.column("level")[rows]
        order = np.lexsort((store.column("impression")[rows], levels != "Real", fingers))
        groups = np.split(order, np.flatnonzero(fingers[order][1:] != fingers[order][:-1]) + 1)
        groups = [group for group in groups if len(group) and levels[group[0]] == "Real"]
        if len(groups) < 2:
            raise BadInput(f"{store.path} has {len(groups)} fingers in the split {split}; a matcher needs 2 or more")
        probes = [group[1:] if len(group) > 1 else group for group in groups]
        return cls(store.stack(rows), np.array([group[0] for group in groups]), probes)


class FingerBatches:
    """One epoch: batches of the latent vectors of B fingers' references and of one probe each.

    Yields (references, probes, finger numbers): (B, latent_dim), (B, latent_dim), (B,). With `movement`, each probe is
    moved at random before it is encoded. A finger with one print is its own probe, of use with movement only.
    """

    def __init__(
        self,
        fingers: FingerPrints,
        encoder: Encoder,
        reference_latents: NDArray[np.float32],
        batch_size: int,
        movement: bool,
        seed: int,
        epoch: int,
    ) -> None:
        self.fingers, self.encoder, self.reference_latents = fingers, encoder, reference_latents
        self.batch_size = min(batch_size, len(fingers.reference))
        self.movement, self.seed, self.epoch = movement, seed, epoch

    def __len__(self) -> int:
        return STEPS_PER_EPOCH

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        random = np.random.default_rng((self.seed, self.epoch))
        n = len(self.fingers.reference)
        for _ in range(STEPS_PER_EPOCH):
            chosen = random.choice(n, self.batch_size, replace=False)
            rows = np.array([random.choice(self.fingers.probes[finger]) for finger in chosen])
            prints = self.fingers.prints[rows]
            if self.movement:
                prints = move(prints, random_movements(len(prints), random))
            z = self.encoder(prints)
            yield torch.from_numpy(self.reference_latents[chosen]), torch.from_numpy(z), torch.from_numpy(chosen)


class FingerData(pl.LightningDataModule):
    """Training batches; the module itself holds the comparison lists that it is validated on."""

    def __init__(self, fingers: FingerPrints, encoder: Encoder, batch_size: int, movement: bool, seed: int) -> None:
        super().__init__()
        self.fingers, self.encoder, self.seed = fingers, encoder, seed
        self.batch_size, self.movement = batch_size, movement
        self.reference_latents = encoder(fingers.prints[fingers.reference])

    def train_dataloader(self) -> EpochLoader:
        trainer = self.trainer
        assert trainer is not None

        def batches(epoch: int) -> FingerBatches:
            return FingerBatches(
                self.fingers, self.encoder, self.reference_latents, self.batch_size, self.movement, self.seed, epoch
            )

        return EpochLoader(batches, lambda: trainer.current_epoch)

    def val_dataloader(self) -> EpochLoader:
        # Lightning validates only if there is a loader: one empty batch per epoch.
        return EpochLoader(lambda epoch: [torch.zeros(1)], lambda: 0)


class ValidationList(NamedTuple):
    """A protocol's comparison list with the latent vectors of its probes (P, latent_dim) and references
    (R, latent_dim), which do not change while the head is trained."""

    scored: ScoredList
    probes: NDArray[np.float32]
    references: NDArray[np.float32]

    def scores(self, head: LatentHead) -> NDArray[np.float32]:
        rows = self.scored.comparisons.probe_rows, self.scored.comparisons.reference_rows
        return score_pairs(head, self.probes, self.references, *rows)


class HeadTraining(BudgetedTraining):
    """Minimises a pair loss; validates by the equal error rate on the comparison list of each protocol in `lists`."""

    def __init__(
        self,
        head: LatentHead,
        loss: LossName,
        pairs: PairsName,
        lists: dict[str, ValidationList],
        budget: Budget,
        learning_rate: float,
        seed: int,
    ) -> None:
        super().__init__(budget, learning_rate, "cosine")
        self.head, self.loss, self.pairs, self.lists, self.seed = head, loss, pairs, lists, seed
        self.val_probes = torch.zeros(0)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.head.parameters(), lr=self.learning_rate)

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor], batch_idx: int) -> Tensor:
        references, probes, fingers = batch
        found = self._loss(self.head.embed(probes), self.head.embed(references), fingers)
        self.count(len(probes), {"loss": found.total, **found.terms})
        return found.total

    def _loss(self, probes: Tensor, references: Tensor, fingers: Tensor) -> PairLoss:
        head = self.head
        if self.loss == "infonce":
            # A cosine lies in [-1, 1] and needs a temperature; the scale of other scores is learned.
            return infonce(head.score_all(probes, references), 0.1 if head.comparator == "cosine" else 1.0)
        if self.loss == "triplet":
            scores = head.score_all(probes, references)
            if self.pairs == "random":
                # Each finger is once in a batch, in random order, so the next one is a random other finger.
                return triplet(scores.diagonal(), head.score(probes, references.roll(1, 0)))
            chosen = mined_triplets(scores, fingers, fingers)
            return triplet(scores[chosen.probe, chosen.positive], scores[chosen.probe, chosen.negative])
        if self.pairs == "mined":
            pairs = mined_pairs(head.score_all(probes, references), fingers, fingers)
        else:
            # The step seeds the draw, so that a resumed run draws the same pairs as an uninterrupted one.
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.global_step)
            pairs = random_pairs(fingers, fingers, generator)
        e1, e2 = probes[pairs.probe], references[pairs.reference]
        if self.loss == "contrastive":
            return contrastive(head.distance(e1, e2), pairs.mated)
        return bce(head.logit(head.score(e1, e2)), pairs.mated)

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        figures = {}
        for protocol, validation in self.lists.items():
            scores, mated = validation.scores(self.head), validation.scored.comparisons.mated
            figures[f"val_eer_{protocol}"] = equal_error_rate(error_rates(scores[mated], scores[~mated]))
        self.report_validation(figures)
        with torch.inference_mode():
            z = torch.from_numpy(next(iter(self.lists.values())).probes[:HEALTH_PROBES])
            self.val_probes = self.head.embed(z.to(self.device)).cpu()


def constant_floor(loss: LossName, batch_size: int) -> float:
    """The loss of a head that gives all pairs the same score: ln 2 for bce, a quarter of the squared margin for
    contrastive, the margin for triplet, the logarithm of the batch size for infonce."""
    return {"bce": math.log(2), "contrastive": 0.25, "triplet": 0.2, "infonce": math.log(batch_size)}[loss]


def validation_list(encoder: Encoder, scored: ScoredList) -> ValidationList:
    return ValidationList(scored, encoder(scored.probes), encoder(scored.references))
