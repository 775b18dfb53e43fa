"""Training of a Siamese head on latent vectors of a frozen autoencoder, with Lightning."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.errors import BadInput
from ridgecode.matching.error_rates import equal_error_rate, error_rates
from ridgecode.matching.head_pairs import mined_pairs, mined_triplets, random_pairs
from ridgecode.matching.heads import Head
from ridgecode.matching.names import LossName, PairsName
from ridgecode.matching.pair_losses import TEMPLATE_TEMPERATURE, PairLoss, bce, contrastive, infonce, triplet
from ridgecode.matching.places.head import PlacesHead
from ridgecode.matching.systems import Encoder
from ridgecode.matching.templates.format import TemplateFormat
from ridgecode.prints.movement import move, random_movements
from ridgecode.prints.store import PrintStore
from ridgecode.training.budgeted import BudgetedTraining, EpochLoader
from ridgecode.training.head_validation import ValidationList
from ridgecode.training.muon import matcher_optimiser
from ridgecode.training.running_norms import RunningNorms
from ridgecode.training.schedule import Budget

STEPS_PER_EPOCH = 50
PLACES_STEPS_PER_EPOCH = 250
PLACES_WEIGHT_DECAY, MLP_WEIGHT_DECAY = 0.02, 0.01
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
        steps: int,
    ) -> None:
        self.steps = steps
        self.fingers, self.encoder, self.reference_latents = fingers, encoder, reference_latents
        self.batch_size = min(batch_size, len(fingers.reference))
        self.movement, self.seed, self.epoch = movement, seed, epoch

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        random = np.random.default_rng((self.seed, self.epoch))
        n = len(self.fingers.reference)
        for _ in range(self.steps):
            chosen = random.choice(n, self.batch_size, replace=False)
            rows = np.array([random.choice(self.fingers.probes[finger]) for finger in chosen])
            prints = self.fingers.prints[rows]
            if self.movement:
                prints = move(prints, random_movements(len(prints), random))
            z = self.encoder(prints)
            yield torch.from_numpy(self.reference_latents[chosen]), torch.from_numpy(z), torch.from_numpy(chosen)


class FingerData(pl.LightningDataModule):
    """Training batches, `steps` an epoch; the module itself holds the comparison lists that it is validated on."""

    def __init__(
        self, fingers: FingerPrints, encoder: Encoder, batch_size: int, movement: bool, seed: int, steps: int
    ) -> None:
        super().__init__()
        self.steps = steps
        self.fingers, self.encoder, self.seed = fingers, encoder, seed
        self.batch_size, self.movement = batch_size, movement
        self.reference_latents = encoder(fingers.prints[fingers.reference])

    def train_dataloader(self) -> EpochLoader:
        trainer = self.trainer
        assert trainer is not None

        def batches(epoch: int) -> FingerBatches:
            how = (self.batch_size, self.movement, self.seed, epoch, self.steps)
            return FingerBatches(self.fingers, self.encoder, self.reference_latents, *how)

        return EpochLoader(batches, lambda: trainer.current_epoch)

    def val_dataloader(self) -> EpochLoader:
        # Lightning validates only if there is a loader: one empty batch per epoch.
        return EpochLoader(lambda epoch: [torch.zeros(1)], lambda: 0)


class HeadTraining(BudgetedTraining):
    """Minimises a pair loss; validates by the equal error rate on the comparison list of each protocol in `lists`.

    bf16: whether the head's steps are computed in bf16; validation never is. format: of the templates that are
    validated; None for floats. teacher_weight: weight of one minus the cosine of a view's template with its teacher's.
    several_sets: whether each batch is of one of several data sets. scores: of each list at the last validation, (C,).
    """

    def __init__(
        self,
        head: Head,
        loss: LossName,
        pairs: PairsName,
        lists: dict[str, ValidationList],
        budget: Budget,
        learning_rate: float,
        seed: int,
        bf16: bool = False,
        format: TemplateFormat | None = None,
        teacher_weight: float = 0.0,
        several_sets: bool = False,
    ) -> None:
        super().__init__(budget, learning_rate, "cosine")
        self.head, self.loss, self.pairs, self.lists, self.seed = head, loss, pairs, lists, seed
        self.bf16, self.format, self.teacher_weight = bf16, format, teacher_weight
        self.scores: dict[str, NDArray[np.float32]] = {}
        self.val_probes = torch.zeros(0)
        self.norms = RunningNorms(head) if several_sets else None

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        super().on_train_batch_start(batch, batch_idx)
        if self.norms is not None:
            self.norms.before_step(self.budget.used(self.global_step))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        if isinstance(self.head, PlacesHead):
            return matcher_optimiser(self.head, self.learning_rate, PLACES_WEIGHT_DECAY)
        return torch.optim.AdamW(self.head.parameters(), lr=self.learning_rate, weight_decay=MLP_WEIGHT_DECAY)

    def training_step(self, batch: tuple[Tensor, ...], batch_idx: int) -> Tensor:
        references, probes, fingers, *taught = batch
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            if isinstance(self.head, PlacesHead):  # its batch norms take both sides together
                e1, e2 = self.head.embed(torch.cat((probes, references))).split(len(probes))
            else:
                e1, e2 = self.head.embed(probes), self.head.embed(references)
        found = self._loss(e1, e2, fingers)
        total, terms = found.total, dict(found.terms)
        if self.teacher_weight:
            first, second = taught[0].chunk(2)  # of references and probes
            terms["teacher"] = 1 - (torch.cat((e2 * first, e1 * second)).sum(1)).mean()
            total = total + self.teacher_weight * terms["teacher"]
        self.count(len(probes), {"loss": total, **terms})
        return total

    def _loss(self, probes: Tensor, references: Tensor, fingers: Tensor) -> PairLoss:
        head = self.head
        if self.loss == "infonce":
            # A cosine lies in [-1, 1] and needs a temperature; the scale of other scores is learned.
            return infonce(head.score_all(probes, references), _temperature(head))
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
            scores, mated = validation.scores(self.head, self.format), validation.scored.comparisons.mated
            self.scores[protocol] = scores
            figures[f"val_eer_{protocol}"] = equal_error_rate(error_rates(scores[mated], scores[~mated]))
        self.report_validation(figures)
        with torch.inference_mode():
            z = torch.from_numpy(next(iter(self.lists.values())).probes[:HEALTH_PROBES])
            self.val_probes = self.head.embed(z.to(self.device)).cpu()


def constant_floor(loss: LossName, batch_size: int) -> float:
    """The loss of a head that gives all pairs the same score: ln 2 for bce, a quarter of the squared margin for
    contrastive, the margin for triplet, the logarithm of the batch size for infonce."""
    return {"bce": math.log(2), "contrastive": 0.25, "triplet": 0.2, "infonce": math.log(batch_size)}[loss]


def _temperature(head: Head) -> float:
    """Of `infonce`. A cosine lies in [-1, 1] and needs a small one; the scale of other scores is learned."""
    if isinstance(head, PlacesHead):
        return TEMPLATE_TEMPERATURE
    return 0.1 if head.comparator == "cosine" else 1.0
