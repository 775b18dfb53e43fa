"""The image Siamese systems by name: the input of each, how it is trained, and how its pairs are drawn.

A system has two recipes: `published` is that of the write-up, `ours` is a corrected one. They differ only in what
`RECIPES` holds.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ridgecode.errors import BadInput
from ridgecode.matching.names import RecipeName, SystemName
from ridgecode.matching.pair_losses import PairLoss, bce, contrastive, infonce
from ridgecode.matching.siamese.networks import (
    ContrastiveNetwork,
    L1Network,
    StripesNetwork,
    SubtractConvNetwork,
    SubtractNetwork,
)
from ridgecode.matching.siamese.ridge import RidgeNetwork
from ridgecode.prints.canonical import resized
from ridgecode.prints.frame import FRAME_SIDE, framed_prints
from ridgecode.prints.movement import Limits

PairRule = Literal["probes", "images", "triplets", "all", "views"]
SYSTEMS: tuple[SystemName, ...] = get_args(SystemName)
PAIR_SYSTEMS: tuple[SystemName, ...] = tuple(name for name in SYSTEMS if name != "ridge")
"""Those that are trained on drawn pairs, by either recipe."""

Network = SubtractNetwork | SubtractConvNetwork | StripesNetwork | ContrastiveNetwork | L1Network | RidgeNetwork
_NETWORKS: dict[str, type[Network]] = {
    "subtract": SubtractNetwork,
    "subtract-conv": SubtractConvNetwork,
    "stripes": StripesNetwork,
    "contrastive": ContrastiveNetwork,
    "l1": L1Network,
    "ridge": RidgeNetwork,
}


@dataclass(frozen=True)
class System:
    """What both recipes of a system share.

    height, width, channels: of the network's input; a height and width of 0 stand for the images' own size
    step: images of their own size are reduced to every `step`-th row and column
    pairs: how the pairs are drawn (`ridgecode.matching.siamese.pair_rules`)
    held_out: the shares of the pairs that are validation and test pairs, if pairs are split by pair
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
    "ridge": System(FRAME_SIDE, FRAME_SIDE, 1, 1, "views", (0.0, 0.0)),
}


@dataclass(frozen=True)
class Recipe:
    """How a system is trained.

    network: the arguments of the network's constructor, beside the input's size
    split_by: "pair", as published, where the same image may be in training and validation pairs, or "subject"
    channels: of the input; 0 for the system's own
    movement: how far both images of a training pair are moved, beside the system's own movement of probes; None: not
    whole_batch: whether each probe is compared with all references of its batch (`batch_loss`), rather than with the
        reference of its pair; pairs of a list or of folders are trained pair by pair all the same
    """

    optimiser: Literal["adam", "rmsprop", "adamw"]
    learning_rate: float
    schedule: Literal["constant", "cosine"]
    batch_size: int
    max_epochs: int
    split_by: Literal["pair", "subject"]
    network: dict[str, Any]
    channels: int = 0
    movement: Limits | None = None
    whole_batch: bool = False


_SMALL_MOVEMENT = Limits(rotation_deg=10.0, shift=0.05, scale=0.05, blur_sigma=0.3, per_axis=True)
_NORMED = {"batch_norm": True}
RECIPES: dict[tuple[str, str], Recipe] = {
    ("subtract", "published"): Recipe("adam", 1e-3, "constant", 32, 15, "pair", {}),
    ("subtract", "ours"): Recipe("adam", 1e-3, "cosine", 32, 15, "subject", _NORMED, whole_batch=True),
    ("subtract-conv", "published"): Recipe("adam", 1e-3, "constant", 32, 15, "pair", {}),
    ("subtract-conv", "ours"): Recipe("adam", 1e-3, "cosine", 32, 15, "subject", _NORMED),
    ("stripes", "published"): Recipe("rmsprop", 1e-3, "constant", 128, 500, "pair", {}),
    ("stripes", "ours"): Recipe("adam", 1e-3, "constant", 128, 10, "pair", {"dropout": 0.0, "last_relu": False}),
    ("contrastive", "published"): Recipe("rmsprop", 1e-3, "constant", 128, 13, "pair", {}),
    ("contrastive", "ours"): Recipe("adam", 1e-3, "cosine", 128, 13, "subject", {}, movement=_SMALL_MOVEMENT),
    ("l1", "published"): Recipe("adam", 1e-4, "constant", 16, 50, "pair", {}),
    ("l1", "ours"): Recipe("adam", 1e-4, "cosine", 16, 50, "subject", _NORMED, channels=1),
    ("ridge", "ours"): Recipe("adamw", 2e-3, "cosine", 256, 16, "subject", {}),
}


@dataclass(frozen=True)
class SiameseSpec:
    """All that is needed to build the network again and to bring images to its input.

    height, width: pixels; step: of images that are larger by this factor, every `step`-th row and column is taken.
    dims: numbers in an embedding, of the system `ridge`, which has no number of its own; 0 for the others
    """

    system: SystemName
    recipe: RecipeName
    height: int
    width: int
    channels: int
    step: int
    dims: int = 0

    def fit(self, prints: np.ndarray) -> np.ndarray:
        """(N, H, W) uint8 images of any size -> (N, height, width) uint8.

        The system `ridge` takes the frame of each print. For the others images of that size stay as they are.
        """
        if self.system == "ridge":
            return framed_prints(prints)
        shape = (self.height, self.width)
        if prints.shape[1:] == shape:
            return prints
        if self.step > 1 and tuple(-(-side // self.step) for side in prints.shape[1:]) == shape:
            return np.ascontiguousarray(prints[:, :: self.step, :: self.step])
        return np.stack([resized(one, *shape) for one in prints]) if len(prints) else np.empty((0, *shape), np.uint8)

    def tensor(self, images: np.ndarray) -> Tensor:
        """(N, height, width) uint8 -> the network's input, (N, channels, height, width) float in [0, 1].

        Images are grey: all channels are the same, as in SOCOFing's own files.
        """
        grey = torch.from_numpy(images).unsqueeze(1).float().div_(255).expand(-1, self.channels, -1, -1)
        return grey.contiguous(memory_format=torch.channels_last)

    @property
    def input(self) -> str:
        """The input's size as rows, columns and channels: `90x90x1`."""
        return f"{self.height}x{self.width}x{self.channels}"


def siamese_spec(
    system: SystemName,
    recipe: RecipeName,
    image_shape: tuple[int, int],
    height: int = 0,
    width: int = 0,
    channels: int = 0,
) -> SiameseSpec:
    """The spec of a system for images of `image_shape` (rows, columns).

    height, width, channels: of the input; 0 takes the recipe's or the system's own. Where a system takes the images'
    own size and one of height and width is given, the other follows from the images' shape.
    """
    facts, own = SYSTEM_FACTS[system], RECIPES[system, recipe].channels
    rows, columns = (-(-side // facts.step) for side in image_shape)
    if height and not width:
        columns = max(1, round(height * columns / rows))
    elif width and not height:
        rows = max(1, round(width * rows / columns))
    return SiameseSpec(
        system,
        recipe,
        height or facts.height or rows,
        width or facts.width or columns,
        channels or own or facts.channels,
        facts.step,
    )


def least_side(system: SystemName) -> int:
    """The smallest height and width, in pixels, of the input of the system's network."""
    return _NETWORKS[system].least_side


def build_siamese(spec: SiameseSpec) -> Network:
    """The spec's network, its weights drawn by torch's global generator.

    Raises BadInput for an unknown system or recipe, and for an input that is too small for the network.
    """
    if (spec.system, spec.recipe) not in RECIPES:
        raise BadInput(
            f"there is no system {spec.system} with the recipe {spec.recipe}; choose from {', '.join(SYSTEMS)}"
        )
    arguments = RECIPES[spec.system, spec.recipe].network | ({"dims": spec.dims} if spec.dims else {})
    net = _NETWORKS[spec.system](spec.height, spec.width, spec.channels, **arguments)
    # On a CPU this order in memory is twice as fast as the usual one (benchmarks/siamese.py).
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return net


def pair_loss(net: Network, scores: Tensor, mated: Tensor) -> PairLoss:
    """The system's loss on the scores (N,) of pairs. mated: bool (N,).

    Binary cross-entropy if scores are logits, the contrastive loss if they are minus distances.
    """
    return bce(scores, mated) if net.kind == "bce" else contrastive(-scores, mated)


def batch_loss(net: Network, e1: Tensor, e2: Tensor, fingers: Tensor) -> PairLoss:
    """The loss of comparing each of N probes with each of N references.

    e1, e2: (N, D), embeddings of the probes and of the references; fingers: int (N,), of both

    The loss is the sum of two. Binary cross-entropy, in which mated and non-mated comparisons count half each, makes a
    score a logit. InfoNCE depends most on the references that are hardest to tell from the probe's own. N (N - 1)
    non-mated comparisons need no more images than N would.
    """
    scores = net.score(e1[:, None], e2[None, :])
    mated = fingers[:, None] == fingers[None, :]
    each = functional.binary_cross_entropy_with_logits(scores, mated.float(), reduction="none")
    terms = {"bce_mated": each[mated].mean() / 2, "bce_non_mated": each[~mated].mean() / 2}
    terms |= infonce(scores, 1.0, fingers, fingers).terms
    return PairLoss(torch.stack(list(terms.values())).sum(), terms)


def published_threshold(net: Network) -> float | None:
    """The threshold of the write-ups: a logit of 0, which is a probability of 0.5, or a distance of 0.5. None for the
    system `ridge`, which is ours."""
    if net.kind == "infonce":
        return None
    return 0.0 if net.kind == "bce" else -0.5


def constant_floor(net: Network, mated_share: float) -> float:
    """The lowest loss of a network that gives every pair the same score. mated_share: p, a fraction of the pairs.

    Binary cross-entropy: the entropy of p; ln 2 if p is a half. Contrastive with margin 1: if all pairs have the
    distance d, the loss is p d^2 + (1 - p) (1 - d)^2; its minimum is p (1 - p), at d = 1 - p; 0.25 if p is a half.
    """
    p = mated_share
    if not 0 < p < 1:
        return 0.0
    return p * (1 - p) if net.kind == "contrastive" else -(p * np.log(p) + (1 - p) * np.log(1 - p))
