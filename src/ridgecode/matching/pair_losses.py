"""Losses on pairs of prints. Each returns its terms by name as well as their sum."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

IDENTITY_TEMPERATURE = 0.1
TEMPLATE_TEMPERATURE = 0.07
"""Of InfoNCE on the cosines of templates of length 1."""
"""The best of the temperatures in table 5 of Chen et al., "A simple framework for contrastive learning of visual
representations" (SimCLR), ICML 2020; heads with the cosine comparator are trained with it as well."""
LEAST_VARIANCE = 1e-12
"""Added to a dim's variance, so that a dim that never varies has a finite gradient."""


class PairLoss(NamedTuple):
    """total: the loss to minimise, a scalar; terms: the scalars that add up to it, by name."""

    total: Tensor
    terms: dict[str, Tensor]


def bce(logits: Tensor, mated: Tensor) -> PairLoss:
    """Mean binary cross-entropy in nats. logits: (N,), of "mated"; mated: bool (N,).

    The terms are the shares of mated and of non-mated pairs.
    """
    each = F.binary_cross_entropy_with_logits(logits, mated.to(logits.dtype), reduction="none")
    return _by_kind(each, mated, "bce")


def contrastive(distances: Tensor, mated: Tensor, margin: float = 1.0) -> PairLoss:
    """Mean of distance^2 over mated pairs and max(0, margin - distance)^2 over non-mated ones.

    distances: (N,), at least 0; mated: bool (N,). Source: Hadsell, Chopra and LeCun, "Dimensionality reduction by
    learning an invariant mapping", CVPR 2006, without its factor 1/2, as in common Siamese recipes: if all distances
    are margin / 2, the loss is margin^2 / 4.
    """
    each = torch.where(mated, distances.square(), (margin - distances).clamp(min=0).square())
    return _by_kind(each, mated, "contrastive")


def triplet(positive_scores: Tensor, negative_scores: Tensor, margin: float = 0.2) -> PairLoss:
    """Mean over triplets of max(0, margin + negative score - positive score); 0 without triplets.

    positive_scores, negative_scores: (T,), of the mated and of the non-mated pair of each triplet. If scores are minus
    squared distances, this is the loss of Schroff, Kalenichenko and Philbin, "FaceNet: a unified embedding for face
    recognition and clustering", CVPR 2015.
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
    """Cross-entropy, in nats, of finding each probe's own reference among all N, and each reference's own probe.

    Each of the two directions counts half. scores: (N, N), of probe i with reference j; the mated pairs lie on the
    diagonal. If a batch holds a finger more than once, give the identities, int (N,) each: other mated pairs are then
    left out, rather than counted as wrong answers.

    Source: van den Oord, Li and Vinyals, "Representation learning with contrastive predictive coding", arXiv
    1807.03748; in both directions as in Radford et al., "Learning transferable visual models from natural language
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


def many_views_loss(e: Tensor, fingers: Tensor, temperature: float = TEMPLATE_TEMPERATURE) -> Tensor:
    """InfoNCE with several views of a finger: the mean over all mated pairs (i, j) of
    -log(exp(s_ij / t) / (exp(s_ij / t) + sum over non-mated k of exp(s_ik / t))).

    e: (N, D), of length 1; fingers: (N,). Source: P. Khosla et al., "Supervised contrastive learning", NeurIPS 2020,
    eq. 2, with a denominator of one mated pair at a time. Views without a mate add nothing.
    """
    scores = e @ e.T / temperature
    same = fingers[:, None] == fingers[None, :]
    others = scores.masked_fill(same, -torch.inf).logsumexp(1, keepdim=True)
    each = torch.logaddexp(scores, others) - scores
    return each[same & ~torch.eye(len(e), dtype=torch.bool, device=e.device)].mean()


def identity_loss(z: Tensor, references: Tensor, probes: Tensor, fingers: Tensor) -> PairLoss:
    """A matching loss on latent vectors, for an autoencoder whose latent vectors are compared without a head.

    It is `infonce`, in nats, of the cosines of standardised latent vectors, which an evaluation calls "cosine on z".

    z: (B, latent_dim), the references' latent vectors, whose mean and standard deviation standardise all vectors
    references, probes: (B, latent_dim), mated row by row, as they are compared: rounded if they are coded
    fingers: int (B,); other rows of the same finger are no wrong answers

    Source: `infonce`; with normalised vectors and a temperature it is NT-Xent (Chen et al., ICML 2020).
    """
    mean, deviation = z.mean(0), (z.var(0, correction=0) + LEAST_VARIANCE).sqrt()
    e1, e2 = (F.normalize((one - mean) / deviation, dim=1) for one in (probes, references))
    return infonce(e1 @ e2.T, IDENTITY_TEMPERATURE, fingers, fingers)


def _by_kind(each: Tensor, mated: Tensor, name: str) -> PairLoss:
    """The mean of each pair's loss, (N,), as the sum of the share of mated pairs and that of non-mated ones."""
    n = max(1, len(each))
    terms = {
        f"{name}_mated": torch.where(mated, each, 0).sum() / n,
        f"{name}_non_mated": torch.where(mated, 0, each).sum() / n,
    }
    return PairLoss(terms[f"{name}_mated"] + terms[f"{name}_non_mated"], terms)
