"""Losses on pairs, each with its labelled terms; a batch's loss is the sum of its terms."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F


class PairLoss(NamedTuple):
    """`total` is what to minimise, a scalar; `terms` are the scalars that add up to it, by name."""

    total: Tensor
    terms: dict[str, Tensor]


def bce(logits: Tensor, mated: Tensor) -> PairLoss:
    """Mean binary cross-entropy of logits (N,) against mated (N,) bool, in nats: the part of each kind of pair."""
    each = F.binary_cross_entropy_with_logits(logits, mated.to(logits.dtype), reduction="none")
    return _by_kind(each, mated, "bce")


def contrastive(distances: Tensor, mated: Tensor, margin: float = 1.0) -> PairLoss:
    """Mean of distance^2 for mated pairs and max(0, margin - distance)^2 for the others; (N,) each.

    Source: Hadsell, Chopra and LeCun, "Dimensionality reduction by learning an invariant mapping", CVPR 2006, without
    its factor 1/2, as common Siamese recipes have it: equal distances of margin / 2 cost margin^2 / 4.
    """
    each = torch.where(mated, distances.square(), (margin - distances).clamp(min=0).square())
    return _by_kind(each, mated, "contrastive")


def triplet(positive_scores: Tensor, negative_scores: Tensor, margin: float = 0.2) -> PairLoss:
    """Mean over triplets of max(0, margin + negative score - positive score); (T,) each, 0 without triplets.

    With scores that are minus squared distances this is Schroff, Kalenichenko and Philbin, "FaceNet: a unified
    embedding for face recognition and clustering", CVPR 2015.
    """
    each = (margin + negative_scores - positive_scores).clamp(min=0)
    total = each.sum() / max(1, len(each))
    return PairLoss(total, {"triplet": total})


def infonce(
    scores: Tensor,
    temperature: float = 0.1,
    probe_identity: Tensor | None = None,
    reference_identity: Tensor | None = None,
) -> PairLoss:
    """Cross-entropy, in nats, of picking out each probe's own reference and each reference's own probe, half and half.

    `scores` (N,N) holds probe i against reference j; the mated pairs are on its diagonal. Where a batch holds a finger
    more than once, give the identities, int (N,) each, and its other mated pairs don't count as wrong answers.
    Source: van den Oord, Li and Vinyals, "Representation learning with contrastive predictive coding", arXiv
    1807.03748; in both directions as Radford et al., "Learning transferable visual models from natural language
    supervision", ICML 2021.
    """
    logits = scores / temperature
    n = len(scores)
    own = torch.arange(n, device=scores.device)
    if probe_identity is not None and reference_identity is not None:
        same = probe_identity[:, None] == reference_identity[None, :]
        same.fill_diagonal_(False)
        logits = logits.masked_fill(same, -torch.inf)
    terms = {
        "infonce_probe": F.cross_entropy(logits, own) / 2,
        "infonce_reference": F.cross_entropy(logits.T, own) / 2,
    }
    return PairLoss(terms["infonce_probe"] + terms["infonce_reference"], terms)


def _by_kind(each: Tensor, mated: Tensor, name: str) -> PairLoss:
    n = max(1, len(each))
    terms = {
        f"{name}_mated": torch.where(mated, each, 0).sum() / n,
        f"{name}_non_mated": torch.where(mated, 0, each).sum() / n,
    }
    return PairLoss(terms[f"{name}_mated"] + terms[f"{name}_non_mated"], terms)
