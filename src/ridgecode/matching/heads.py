"""Siamese heads on latent vectors: one small network embeds both vectors, a comparator scores the two embeddings.

With every comparator, a higher score means that the vectors are more alike.
"""

import math
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ridgecode.errors import BadInput
from ridgecode.matching.names import Comparator
from ridgecode.matching.places.head import PlacesHead
from ridgecode.matching.vectors import chunks_of_pairs

COMPARATORS: tuple[Comparator, ...] = get_args(Comparator)
# The width of the dense layer of system B (ridgecode.matching.siamese), whose input is the difference.
_SUBTRACT_HIDDEN = 128
# Squared distances below this count as this, since the slope of a distance is infinite at 0.
_SMALLEST_SQUARE = 1e-12
# The maps of more latent vectors would not stay in the processor's cache.
_MAPS_AT_ONCE = 128


class LatentHead(nn.Module):
    """An MLP that embeds latent vectors, with a comparator of two embeddings.

    z - standardise - dense `hidden` - ReLU - dense `hidden` - ReLU - dense `embedding_dim` - embedding

    Comparators, for embeddings e1 and e2:
    - `l1`: a dense layer from |e1 - e2| to a logit. Source: Koch et al., "Siamese neural networks for one-shot image
      recognition", ICML deep learning workshop 2015;
    - `subtract`: e1 - e2, dense 128, ReLU, dense 1: a logit. The score is the mean over e1 - e2 and e2 - e1, so that
      the order of a pair does not matter;
    - `euclidean`: minus the distance |e1 - e2|;
    - `cosine`: the cosine of the angle between e1 and e2.

    latent_dim, hidden, embedding_dim: numbers of floats
    latent_mean, latent_std: (latent_dim,), of the training latent vectors, which standardise z; 0 and 1 if not given. A
        dim whose standard deviation is 0 is not scaled

    Raises BadInput for another comparator.
    """

    latent_mean: Tensor
    latent_std: Tensor

    def __init__(
        self,
        latent_dim: int,
        hidden: int = 256,
        embedding_dim: int = 128,
        comparator: Comparator = "cosine",
        latent_mean: Tensor | None = None,
        latent_std: Tensor | None = None,
    ) -> None:
        super().__init__()
        if comparator not in COMPARATORS:
            raise BadInput(f"no comparator is called {comparator!r}; choose from {', '.join(COMPARATORS)}")
        self.latent_dim, self.hidden, self.embedding_dim = latent_dim, hidden, embedding_dim
        self.comparator: Comparator = comparator
        mean = torch.zeros(latent_dim) if latent_mean is None else latent_mean.detach().float().clone()
        std = torch.ones(latent_dim) if latent_std is None else latent_std.detach().float().clone()
        self.register_buffer("latent_mean", mean)
        self.register_buffer("latent_std", torch.where(std > 0, std, 1.0))
        self.branch = nn.Sequential(
            nn.Linear(latent_dim, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, embedding_dim),
        )
        if comparator == "l1":
            self.dense = nn.Linear(embedding_dim, 1)
            # With negative weights a larger difference gives a lower score from the start. Training may change signs.
            nn.init.constant_(self.dense.weight, -1 / math.sqrt(embedding_dim))
        elif comparator == "subtract":
            self.difference = nn.Sequential(
                nn.Linear(embedding_dim, _SUBTRACT_HIDDEN), nn.ReLU(), nn.Linear(_SUBTRACT_HIDDEN, 1)
            )
        else:
            # These turn a score into a logit. The slope is an exponential, so it is positive and keeps the order.
            self.log_slope = nn.Parameter(torch.tensor(math.log(10.0 if comparator == "cosine" else 1.0)))
            self.offset = nn.Parameter(torch.tensor(-5.0 if comparator == "cosine" else 1.0))

    def sizes(self) -> dict[str, Any]:
        """The arguments that build the head again, as JSON takes them."""
        sizes = {"latent_dim": self.latent_dim, "hidden": self.hidden, "embedding_dim": self.embedding_dim}
        return {**sizes, "comparator": self.comparator}

    def embed(self, z: Tensor) -> Tensor:
        """Latent vectors (N, latent_dim) to embeddings (N, embedding_dim); of length 1 if the comparator is cosine."""
        embedding = self.branch((z - self.latent_mean) / self.latent_std)
        return F.normalize(embedding, dim=-1) if self.comparator == "cosine" else embedding

    def score(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Scores (...) of embeddings (..., embedding_dim), which broadcast. Logits with `l1` and `subtract`."""
        if self.comparator == "cosine":
            return (e1 * e2).sum(dim=-1)
        if self.comparator == "euclidean":
            return -_distance(e1, e2)
        if self.comparator == "l1":
            return self.dense((e1 - e2).abs()).squeeze(-1)
        difference = e1 - e2
        return ((self.difference(difference) + self.difference(-difference)) / 2).squeeze(-1)

    def score_all(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Scores (N, M) of N embeddings with M others. Takes N x M x embedding_dim floats, but for the cosine."""
        return e1 @ e2.T if self.comparator == "cosine" else self.score(e1[:, None], e2[None, :])

    def logit(self, score: Tensor) -> Tensor:
        """Scores to logits of "mated", for losses on probabilities. Same shape; rises with the score."""
        return score if self.comparator in ("l1", "subtract") else self.log_slope.exp() * score + self.offset

    def distance(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Distances (...), at least 0, of embeddings (..., embedding_dim), for losses on distances.

        The Euclidean distance with `euclidean` and `cosine`, whose unit vectors are at most 2 apart. With `l1` and
        `subtract` it is softplus(-logit), which is near 0 if the logit is high. Falls when the score rises.
        """
        if self.comparator in ("euclidean", "cosine"):
            return _distance(e1, e2)
        return F.softplus(-self.score(e1, e2))

    def forward(self, z1: Tensor, z2: Tensor) -> Tensor:
        """Scores (N,) of latent vectors z1 and z2, (N, latent_dim) each."""
        return self.score(self.embed(z1), self.embed(z2))


Head = LatentHead | PlacesHead
"""A head on latent vectors: an MLP, or one that sees places."""


def score_pairs(
    head: Head,
    probes: np.ndarray | Tensor,
    references: np.ndarray | Tensor,
    probe_rows: np.ndarray,
    reference_rows: np.ndarray,
) -> np.ndarray:
    """Scores of a comparison list, float32 (N,). Embeds each latent vector once, then scores the pairs in chunks.

    probes: (P, latent_dim); references: (R, latent_dim), latent vectors; probe_rows, reference_rows: int (N,), the rows
    of each pair. Runs on the head's device and leaves its training mode as it was. Raises BadInput when the vectors are
    not of the head's size.
    """
    device = next(head.parameters()).device
    was_training = head.training
    head.eval()
    try:
        with torch.inference_mode():
            e1, e2 = (_embed_all(head, torch.as_tensor(z, dtype=torch.float32), device) for z in (probes, references))
            rows1, rows2 = (torch.as_tensor(rows, device=device) for rows in (probe_rows, reference_rows))
            scores = torch.empty(len(rows1), device=device)
            # The widest vector that a pair needs is the embedding, or the dense layer of `subtract`.
            width = max(head.embedding_dim, _SUBTRACT_HIDDEN if head.comparator == "subtract" else 0)
            for part in chunks_of_pairs(len(rows1), width):
                scores[part] = head.score(e1[rows1[part]], e2[rows2[part]])
    finally:
        head.train(was_training)
    return scores.cpu().numpy()


def _embed_all(head: Head, z: Tensor, device: torch.device) -> Tensor:
    if z.ndim != 2 or z.shape[1] != head.latent_dim:
        raise BadInput(f"the head takes latent vectors of {head.latent_dim} latent dimensions, not {tuple(z.shape)}")
    at_once = _MAPS_AT_ONCE if isinstance(head, PlacesHead) else 8192
    return torch.cat([head.embed(part.to(device)) for part in z.split(at_once)])


def _distance(e1: Tensor, e2: Tensor) -> Tensor:
    return (e1 - e2).square().sum(dim=-1).clamp(min=_SMALLEST_SQUARE).sqrt()
