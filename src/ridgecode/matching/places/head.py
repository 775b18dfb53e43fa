"""A head that sees places: it reads a latent vector as the decoder does, and makes a template of it.

z (latent_dim,) --the decoder's latent layer, frozen--> map --1x1 convolution, residual blocks, strides--> map of about
3x3 --flatten, linear--> template (template_dim,) of length 1

An MLP on the latent vector has to learn at each place anew what a ridge is, and that a moved print has the same ridges
elsewhere. Convolutions on the decoder's first map learn it for all places together.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ridgecode.autoencoders.ridge import ResidualBlock
from ridgecode.matching.names import Comparator
from ridgecode.matching.places.first_map import FirstMap, MapShape

MOST_CHANNELS, FEWEST_CHANNELS = 256, 64
LARGEST_LAST_MAP = 4
"""Places a side of the map that is flattened: at most so many."""
_SMALLEST_SQUARE = 1e-12


class PlacesHead(nn.Module):
    """Latent vectors to templates of length 1, which are compared by their cosine.

    first_map - 1x1 convolution - residual block - [2x2 stride - residual block]... - batch norm - ReLU - flatten -
    linear - scale to length 1

    Strides halve the map and double the channels until it has at most 4 places a side: 64, 128 and 256 channels on a
    map of 12x12, 256 on one of 4x4. `first_map` is a copy of the decoder's latent layer and is not trained; so the
    head's file needs no autoencoder to make templates of latent vectors.

    latent_dim, embedding_dim: numbers in a latent vector and in a template
    """

    comparator: Comparator = "cosine"

    def __init__(self, first_map: FirstMap, template_dim: int = 128) -> None:
        super().__init__()
        self.first_map = first_map
        self.latent_dim, self.embedding_dim = first_map.shape.latent_dim, template_dim
        rows, columns = first_map.shape.rows, first_map.shape.columns
        strides = max(0, math.ceil(math.log2(max(rows, columns) / LARGEST_LAST_MAP)))
        channels = max(FEWEST_CHANNELS, MOST_CHANNELS >> strides)
        layers: list[nn.Module] = [nn.Conv2d(first_map.shape.channels, channels, 1), ResidualBlock(channels)]
        for _ in range(strides):
            wider = min(MOST_CHANNELS, 2 * channels)
            # An odd row or column gets a neighbour of zeros, so that it is not left out.
            layers.append(nn.Conv2d(channels, wider, 2, stride=2, padding=(rows % 2, columns % 2)))
            rows, columns, channels = (rows + 1) // 2, (columns + 1) // 2, wider
            layers.append(ResidualBlock(channels))
        self.places = nn.Sequential(*layers, nn.BatchNorm2d(channels), nn.ReLU(), nn.Flatten())
        self.template = nn.Linear(channels * rows * columns, template_dim)
        # These turn a score into a logit. The slope is an exponential, so it is positive and keeps the order.
        self.log_slope = nn.Parameter(torch.tensor(math.log(10.0)))
        self.offset = nn.Parameter(torch.tensor(-5.0))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def sizes(self) -> dict[str, Any]:
        """What `of_sizes` needs beside the weights, as JSON takes it."""
        return {"kind": "places", "template_dim": self.embedding_dim, "map": self.first_map.shape._asdict()}

    @classmethod
    def of_sizes(cls, sizes: dict[str, Any], tensors: dict[str, Tensor]) -> "PlacesHead":
        """The head of a file: `sizes` as the method of that name gave them, and its weights. Raises KeyError,
        TypeError, ValueError or RuntimeError where they don't fit."""
        first_map = FirstMap.empty(MapShape(**sizes["map"]), tensors.get("first_map.layer.source"))
        head = cls(first_map, int(sizes["template_dim"]))
        head.load_state_dict(tensors)
        return head

    def embed(self, z: Tensor) -> Tensor:
        """Latent vectors (N, latent_dim) to templates (N, embedding_dim) of length 1."""
        maps = self.first_map(z).contiguous(memory_format=torch.channels_last)
        # In 32 bits, since under autocast the linear layer gives 16.
        return F.normalize(self.template(self.places(maps)).float(), dim=-1)

    def score(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Cosines (...) of templates (..., embedding_dim), which broadcast."""
        return (e1 * e2).sum(dim=-1)

    def score_all(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Cosines (N, M) of N templates with M others."""
        return e1 @ e2.T

    def logit(self, score: Tensor) -> Tensor:
        """Scores to logits of "mated", for losses on probabilities. Same shape; rises with the score."""
        return self.log_slope.exp() * score + self.offset

    def distance(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Euclidean distances (...) of templates, at most 2, for losses on distances. Falls when the score rises."""
        return (e1 - e2).square().sum(dim=-1).clamp(min=_SMALLEST_SQUARE).sqrt()

    def forward(self, z1: Tensor, z2: Tensor) -> Tensor:
        """Scores (N,) of latent vectors z1 and z2, (N, latent_dim) each."""
        return self.score(self.embed(z1), self.embed(z2))
