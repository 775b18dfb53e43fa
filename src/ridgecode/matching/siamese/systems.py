"""The image Siamese systems by name: what each reads, how it is trained, and how its pairs are drawn.

A system has two recipes. `published` is the write-up's own; `ours` repairs it, and differs in nothing but what
`RECIPES` says.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from ridgecode.errors import BadInput
from ridgecode.matching.pair_losses import PairLoss, bce, contrastive
from ridgecode.matching.siamese.euclidean import ContrastiveNetwork, StripesNetwork
from ridgecode.matching.siamese.l1 import L1Network
from ridgecode.matching.siamese.subtract import SubtractConvNetwork, SubtractNetwork
from ridgecode.prints.canonical import resized
from ridgecode.prints.movement import Limits

SystemName = Literal["subtract", "subtract-conv", "stripes", "contrastive", "l1"]
RecipeName = Literal["ours", "published"]
PairRule = Literal["probes", "images", "triplets", "all"]
SYSTEMS: tuple[SystemName, ...] = get_args(SystemName)

Network = SubtractNetwork | SubtractConvNetwork | StripesNetwork | ContrastiveNetwork | L1Network
_NETWORKS: dict[str, type[Network]] = {
    "subtract": SubtractNetwork,
    "subtract-conv": SubtractConvNetwork,
    "stripes": StripesNetwork,
    "contrastive": ContrastiveNetwork,
    "l1": L1Network,
}


@dataclass(frozen=True)
class System:
    """What both recipes of a system share.

    height, width, channels: of the network's input; 0 keeps the images' own size, of which every `step`-th pixel each
    way is taken. pairs: how its pairs are drawn (`ridgecode.matching.pair_lists`). held_out: shares of the pairs for
    validation and test where pairs are split by pair.
    """

    height: int
    width: int
    channels: int
    step: int
    pairs: PairRule
    held_out: tuple[float, float]


SYSTEM_FACTS: dict[str, System] = {
    "subtract": System(90, 90, 1, 1, "probes", (0.10, 0.0)),
    "subtract-conv": System(90, 90, 1, 1, "probes", (0.10, 0.0)),
    "stripes": System(160, 160, 1, 1, "all", (0.0, 0.0)),
    "contrastive": System(0, 0, 1, 2, "images", (0.1875, 0.25)),  # a quarter of the 75 % that train
    "l1": System(100, 100, 3, 1, "triplets", (0.10, 0.20)),
}


@dataclass(frozen=True)
class Recipe:
    """How a system is trained. network: arguments of its constructor; split_by: "pair" (as published: images recur on
    both sides) or "subject"; channels: 0 for the system's own; movement: how far both images of a training pair are
    moved, beyond what the system does itself; None for not at all."""

    optimiser: Literal["adam", "rmsprop"]
    learning_rate: float
    schedule: Literal["constant", "cosine"]
    batch_size: int
    max_epochs: int
    split_by: Literal["pair", "subject"]
    network: dict[str, Any]
    channels: int = 0
    movement: Limits | None = None


_SMALL_MOVEMENT = Limits(rotation_deg=10.0, shift=0.05, scale=0.05, blur_sigma=0.3, per_axis=True)
_NORMED = {"batch_norm": True}
RECIPES: dict[tuple[str, str], Recipe] = {
    ("subtract", "published"): Recipe("adam", 1e-3, "constant", 32, 15, "pair", {}),
    ("subtract", "ours"): Recipe("adam", 1e-3, "cosine", 32, 15, "subject", _NORMED),
    ("subtract-conv", "published"): Recipe("adam", 1e-3, "constant", 32, 15, "pair", {}),
    ("subtract-conv", "ours"): Recipe("adam", 1e-3, "cosine", 32, 15, "subject", _NORMED),
    ("stripes", "published"): Recipe("rmsprop", 1e-3, "constant", 128, 500, "pair", {}),
    ("stripes", "ours"): Recipe("adam", 1e-3, "constant", 128, 10, "pair", {"dropout": 0.0, "last_relu": False}),
    ("contrastive", "published"): Recipe("rmsprop", 1e-3, "constant", 128, 13, "pair", {}),
    ("contrastive", "ours"): Recipe("adam", 1e-3, "cosine", 128, 13, "subject", {}, movement=_SMALL_MOVEMENT),
    ("l1", "published"): Recipe("adam", 1e-4, "constant", 16, 50, "pair", {}),
    ("l1", "ours"): Recipe("adam", 1e-4, "cosine", 16, 50, "subject", _NORMED, channels=1),
}


@dataclass(frozen=True)
class SiameseSpec:
    """What has to be known to build the network again and to bring images to its input: pixels, of which every
    `step`-th is taken of images that are larger by that factor."""

    system: SystemName
    recipe: RecipeName
    height: int
    width: int
    channels: int
    step: int

    def fit(self, prints: np.ndarray) -> np.ndarray:
        """(N, H, W) uint8 images of any size -> (N, height, width) uint8; images of that size stay as they are."""
        shape = (self.height, self.width)
        if prints.shape[1:] == shape:
            return prints
        if self.step > 1 and tuple(-(-side // self.step) for side in prints.shape[1:]) == shape:
            return np.ascontiguousarray(prints[:, :: self.step, :: self.step])
        return np.stack([resized(one, *shape) for one in prints]) if len(prints) else np.empty((0, *shape), np.uint8)

    def tensor(self, images: np.ndarray) -> Tensor:
        """(N, height, width) uint8 -> the network's input, (N, channels, height, width) float in [0, 1]. Images are
        grey: each channel holds the same, as SOCOFing's own files do."""
        grey = torch.from_numpy(images).unsqueeze(1).float().div_(255).expand(-1, self.channels, -1, -1)
        return grey.contiguous(memory_format=torch.channels_last)

    @property
    def input(self) -> str:
        """The input in words, `90x90x1`: rows, columns, channels."""
        return f"{self.height}x{self.width}x{self.channels}"


def siamese_spec(
    system: SystemName,
    recipe: RecipeName,
    image_shape: tuple[int, int],
    height: int = 0,
    width: int = 0,
    channels: int = 0,
) -> SiameseSpec:
    """The spec of a system for images of `image_shape` (rows, columns); 0 takes the recipe's or the system's own."""
    facts, own = SYSTEM_FACTS[system], RECIPES[system, recipe].channels
    rows, columns = (-(-side // facts.step) for side in image_shape)
    return SiameseSpec(
        system,
        recipe,
        height or facts.height or rows,
        width or facts.width or columns,
        channels or own or facts.channels,
        facts.step,
    )


def build_siamese(spec: SiameseSpec) -> Network:
    """The spec's network with fresh weights, which torch's global generator draws. Raises BadInput for a system that
    there is not, and for an input that is too small for it."""
    if (spec.system, spec.recipe) not in RECIPES:
        raise BadInput(
            f"there is no system {spec.system} with the recipe {spec.recipe}; choose from {', '.join(SYSTEMS)}"
        )
    arguments = RECIPES[spec.system, spec.recipe].network
    net = _NETWORKS[spec.system](spec.height, spec.width, spec.channels, **arguments)
    # Twice as fast as the usual order of memory on processors (benchmarks/siamese.py).
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return net


def pair_loss(net: Network, scores: Tensor, mated: Tensor) -> PairLoss:
    """The system's loss on scores (N,): binary cross-entropy of logits, or contrastive of minus distances."""
    return bce(scores, mated) if net.kind == "bce" else contrastive(-scores, mated)


def published_threshold(net: Network) -> float:
    """The score at which the write-ups accept: a probability of 0.5 (logit 0), a distance below 0.5."""
    return 0.0 if net.kind == "bce" else -0.5


def constant_floor(net: Network, mated_share: float) -> float:
    """The loss of the best constant answer, where a fraction `mated_share` of the pairs is mated.

    Binary cross-entropy: the entropy of that share, ln 2 at a half. Contrastive with margin 1: the distance d that all
    pairs share costs p d^2 + (1 - p) (1 - d)^2, least at d = 1 - p: p (1 - p), 0.25 at a half.
    """
    p = mated_share
    if not 0 < p < 1:
        return 0.0
    return p * (1 - p) if net.kind == "contrastive" else -(p * np.log(p) + (1 - p) * np.log(1 - p))
