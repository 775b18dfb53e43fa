"""Training of the network of the system `ridge` with Lightning."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.matching.error_rates import equal_error_rate, error_rates
from ridgecode.matching.pair_losses import many_views_loss
from ridgecode.matching.scored_lists import ScoredList
from ridgecode.matching.siamese.ridge import Pose, RidgeNetwork, local_contrast, pose_loss
from ridgecode.matching.siamese.scoring import embed_images
from ridgecode.matching.siamese.systems import SiameseSpec
from ridgecode.matching.templates.format import TemplateFormat
from ridgecode.matching.templates.scoring import pair_scores
from ridgecode.matching.vectors import dot_scores
from ridgecode.training.budgeted import BudgetedTraining
from ridgecode.training.muon import matcher_optimiser
from ridgecode.training.running_norms import RunningNorms
from ridgecode.training.schedule import Budget
from ridgecode.training.views.ridge_views import RidgeBatch

WEIGHT_DECAY = 0.02
POSE_WEIGHT = 0.3
POSE_ANCHOR = 0.05


class RidgeTraining(BudgetedTraining):
    """Minimises InfoNCE among a batch's fingers, and the disagreement of predicted poses with known movements.

    The pose gets no gradient from the embedding: it would turn prints to wherever fingers of a batch differ most.

    lists: validation lists by name, of frames (N, 160, 160); scores: of the last validation, float32 (C,) by name.
    Reports val_eer_NAME of each, and their mean, val_eer; with `format`, of templates as they are stored.
    bf16: whether the network computes in bf16
    """

    def __init__(
        self,
        net: RidgeNetwork,
        spec: SiameseSpec,
        format: TemplateFormat | None,
        lists: dict[str, ScoredList],
        budget: Budget,
        learning_rate: float,
        bf16: bool,
    ) -> None:
        super().__init__(budget, learning_rate, "cosine")
        self.net, self.spec, self.format, self.lists, self.bf16 = net, spec, format, lists, bf16
        self.val_probes, self.scores = torch.zeros(0), dict[str, NDArray[np.float32]]()
        self.norms = RunningNorms(net)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return matcher_optimiser(self.net, self.learning_rate, WEIGHT_DECAY)

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        super().on_train_batch_start(batch, batch_idx)
        self.norms.before_step(self.budget.used(self.global_step))

    def training_step(self, batch: RidgeBatch, batch_idx: int) -> Tensor:
        ridges = local_contrast(batch.views[:, None])
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            pose = self.net.pose(ridges)
            e = self.net.embed_posed(ridges, Pose(*(one.detach() for one in pose)))
        terms = {
            "infonce": many_views_loss(e, batch.fingers),
            "pose": pose_loss(pose, batch.moved, batch.impressions, POSE_ANCHOR, batch.middles),
        }
        loss = terms["infonce"] + POSE_WEIGHT * terms["pose"]
        self.count(len(e), {"loss": loss, **terms})
        return loss

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        figures = {}
        for name, of in self.lists.items():
            self.scores[name] = self._list_scores(of)
            mated = of.comparisons.mated
            figures[f"val_eer_{name}"] = equal_error_rate(
                error_rates(self.scores[name][mated], self.scores[name][~mated])
            )
        self.report_validation({**figures, "val_eer": float(np.mean(list(figures.values())))})

    def _list_scores(self, of: ScoredList) -> NDArray[np.float32]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            self.val_probes = embed_images(self.net, self.spec, of.probes)
            probes, references = self.val_probes.numpy(), embed_images(self.net, self.spec, of.references).numpy()
        rows = of.comparisons.probe_rows, of.comparisons.reference_rows
        if self.format is None:
            return dot_scores(probes, references, *rows)
        return pair_scores(self.format, self.format.quantise(probes), self.format.quantise(references), *rows)
