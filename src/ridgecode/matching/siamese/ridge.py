"""The network of the system `ridge`: finds a finger's pose, turns it upright, and embeds its ridges.

    frame (160, 160) - local contrast -+- pose: rotation, shift
                                       |    |
                                       +- turned back, its middle (128, 128) - convolutions - flatten - linear -
                                          embedding, of length 1

A template has one number for what it sees at one place, so two templates can only be compared if both see the finger
in the same place. The pose brings it there: rotation and shift of the print against the mean print of the training
data. Sources: J. Engelsma, K. Cao and A. Jain, "Learning a fixed-length fingerprint representation" (DeepPrint), IEEE
TPAMI 43(6), 2021, for an alignment before the embedding; K. He et al., "Identity mappings in deep residual networks",
ECCV 2016, for the blocks.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ridgecode.autoencoders.ridge import ResidualBlock
from ridgecode.errors import BadInput
from ridgecode.prints.frame import FRAME_SIDE

CHANNELS, BLOCKS = (64, 128, 256), (1, 2, 1)
"""Channels and residual blocks of the maps of 16x16, 8x8 and 4x4 places."""
_STEM_CHANNELS = 32
_POSE_CHANNELS, _POSE_BLOCKS = (32, 48, 64), (1, 1, 1)
SEEN_SIDE = 128
"""The embedding is made of the middle of the upright frame: 16 mm at 200 ppi."""
_UNSHUFFLE = 4
"""A square of 4x4 pixels, about a ridge, becomes the channels of one place. Most work is then done on small maps: on a
CPU, moving large maps through memory takes longer than the convolutions do."""
_PLACE = _UNSHUFFLE * 2**3
"""Pixels a side of a place of the last map, after three strides."""
_AT_A_TIME = 16
"""Frames of which all intermediate images stay in a core's cache."""
_LEAST_DEVIATION = 0.06
"""Local contrast below this share of the range from black to white is not raised to the full."""
_MOST_ROTATION, _MOST_SHIFT = 1.2, 60.0
"""Limits of a predicted pose: radians, pixels."""


class Pose(NamedTuple):
    """Where N fingers lie: rotation (N,) in radians, anticlockwise as seen; right, down (N,) in pixels from the middle
    of the frame."""

    rotation: Tensor
    right: Tensor
    down: Tensor


class Middles(NamedTuple):
    """Where the upright middle of N prints should lie: right, down (N,) in pixels from the middle of the print's frame;
    weight (N,): of that in the pose's loss."""

    right: Tensor
    down: Tensor
    weight: Tensor


class RidgeNetwork(nn.Module):
    """The network, for frames of 160x160 pixels at 200 ppi.

    dims: numbers in an embedding. Raises BadInput for another size of the input and for several channels.
    """

    kind = "infonce"
    least_side = FRAME_SIDE

    def __init__(self, height: int = FRAME_SIDE, width: int = FRAME_SIDE, channels: int = 1, dims: int = 128) -> None:
        super().__init__()
        if (height, width, channels) != (FRAME_SIDE, FRAME_SIDE, 1):
            raise BadInput(
                f"the system ridge takes frames of {FRAME_SIDE}x{FRAME_SIDE} pixels and 1 channel, not "
                f"{height}x{width}x{channels}; leave --image_height, --image_width and --channels out"
            )
        self.dims = dims
        pose, side = _trunk(FRAME_SIDE, _POSE_CHANNELS, _POSE_BLOCKS, stem=0)
        self.pose_branch = nn.Sequential(
            *pose, nn.Flatten(), nn.Linear(_POSE_CHANNELS[-1] * side**2, 64), nn.ReLU(), nn.Linear(64, 3)
        )
        self._see(SEEN_SIDE)
        last = self.pose_branch[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)  # training begins with prints as they lie
        nn.init.zeros_(last.bias)

    def _see(self, side: int) -> None:
        trunk, places = _trunk(side, CHANNELS, BLOCKS, _STEM_CHANNELS)
        self.branch = nn.Sequential(*trunk, nn.Flatten(), nn.Linear(CHANNELS[-1] * places**2, self.dims))
        self.seen_side = side

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """As of any module; also of a network that sees another part of the frame, as those of older versions see all
        of it."""
        last = state_dict.get(f"branch.{len(self.branch) - 1}.weight")
        if last is not None:
            places = math.isqrt(last.shape[1] // CHANNELS[-1])
            if 0 < _PLACE * places <= FRAME_SIDE and _PLACE * places != self.seen_side:
                self._see(_PLACE * places)
        return super().load_state_dict(state_dict, strict, assign)

    def pose(self, ridges: Tensor) -> Pose:
        """The pose of local contrast (N, 1, 160, 160), as `local_contrast` gives it."""
        rotation, right, down = self.pose_branch(ridges).float().tanh().unbind(1)
        return Pose(_MOST_ROTATION * rotation, _MOST_SHIFT * right, _MOST_SHIFT * down)

    def embed_posed(self, ridges: Tensor, pose: Pose) -> Tensor:
        """Embeddings (N, dims), of length 1, of local contrast (N, 1, 160, 160) with the finger in this pose."""
        return F.normalize(self.branch(upright(ridges, pose, self.seen_side)).float(), dim=-1)

    def embed(self, x: Tensor) -> Tensor:
        """(N, 1, 160, 160) in [0, 1], 0 a black ridge -> (N, dims), of length 1."""
        ridges = local_contrast(x)
        return self.embed_posed(ridges, self.pose(ridges))

    def score(self, e1: Tensor, e2: Tensor) -> Tensor:
        """Cosines (...) of embeddings (..., dims)."""
        return (e1 * e2).sum(dim=-1)


def local_contrast(x: Tensor) -> Tensor:
    """(N, 1, H, W) in [0, 1] -> (N, 1, H, W): ridges about 1, valleys about -1, 0 where there is no contrast.

    The local mean is taken away and the rest divided by the local standard deviation, both of a neighbourhood of 20
    pixels, so that sensors, pressure and light matter less. H and W are multiples of 4.
    """
    return torch.cat([_contrast(some) for some in _some(x)])


def _contrast(x: Tensor) -> Tensor:
    small = F.avg_pool2d(torch.cat((x, x.square()), 1), 4)
    smooth = F.avg_pool2d(small, 5, 1, 2, count_include_pad=False)
    mean, square = smooth[:, :1], smooth[:, 1:]
    slope = 1 / ((square - mean.square()).clamp(min=0).sqrt() + _LEAST_DEVIATION)
    both = F.interpolate(torch.cat((mean, slope), 1), x.shape[2:], mode="bilinear", align_corners=False)
    return ((both[:, :1] - x) * both[:, 1:]).clamp(-2.5, 2.5)


def upright(ridges: Tensor, pose: Pose, side: int) -> Tensor:
    """(N, 1, H, W) turned and shifted back by the pose, so that each finger lies upright in the middle; its middle
    `side` rows and columns, (N, 1, side, side), 0 outside."""
    h, w = ridges.shape[2:]
    cos, sin = pose.rotation.cos(), pose.rotation.sin()
    # A place (x, y) of the upright print lies at R (x, y) + shift in the frame; y points down.
    across, down = side / w, side / h
    rows = [cos * across, sin * across, 2 * pose.right / w, -sin * down, cos * down, 2 * pose.down / h]
    turns = torch.stack(rows, 1).view(-1, 2, 3)
    parts = []
    for some, turn in zip(_some(ridges), _some(turns), strict=True):
        grid = F.affine_grid(turn, [some.shape[0], 1, side, side], align_corners=False)
        parts.append(F.grid_sample(some, grid, align_corners=False))
    return torch.cat(parts)


def _some(x: Tensor) -> tuple[Tensor, ...]:
    """Parts of a batch that stay in the cache; all of it at once in an exported graph, whose batch has any size."""
    return (x,) if torch.compiler.is_exporting() else x.split(_AT_A_TIME)


def pose_loss(found: Pose, moved: Pose, prints: Tensor, anchor: float = 0.05, middles: Middles | None = None) -> Tensor:
    """How far predicted poses disagree with the known movements of the views.

    found: predicted, of N views; moved: how each view was turned and shifted from its print; prints: (N,), a number
    for each print, which its views share; middles: where the upright middle of each view's print should lie

    Views of one print must agree on where in the print its upright middle lies. Other impressions of the finger must
    have it at the same place of the finger, which `middles` is for. Without it, `anchor` weighs how far the upright
    middle may be from the print's own middle, so that the mean of all prints stays in the middle; it also weighs how
    far the mean of all prints may be turned.
    """
    cos, sin = moved.rotation.cos(), moved.rotation.sin()
    x, y = found.right - moved.right, found.down - moved.down
    # The inverse of the movement, in units of about the precision that matters: 4 pixels, 0.07 radians.
    own = torch.stack(((x * cos - y * sin) / 4, (x * sin + y * cos) / 4, (found.rotation - moved.rotation) / 0.07), 1)
    _, at, counts = prints.unique(return_inverse=True, return_counts=True)
    mean = torch.zeros(len(counts), 3, device=own.device).index_add_(0, at, own) / counts[:, None]
    apart = F.smooth_l1_loss(own, mean[at].detach())
    wanted, weight = torch.zeros_like(own), torch.full_like(own, anchor)
    if middles is not None:
        wanted[:, 0], wanted[:, 1] = middles.right / 4, middles.down / 4
        weight[:, :2] = middles.weight[:, None]
    return apart + (weight * F.smooth_l1_loss(own, wanted, reduction="none")).mean()


def _trunk(side: int, channels: tuple[int, ...], blocks: tuple[int, ...], stem: int) -> tuple[list[nn.Module], int]:
    """Layers from `side` rows and columns to the last map after its ReLU, and that map's side.

    stem: channels of a convolution on the map that has a place for each 4x4 pixels; 0 for none
    """
    layers: list[nn.Module] = [nn.PixelUnshuffle(_UNSHUFFLE)]
    if stem:
        layers += [nn.Conv2d(_UNSHUFFLE**2, stem, 3, padding=1), nn.ReLU(inplace=True)]
    layers.append(nn.Conv2d(stem or _UNSHUFFLE**2, channels[0], 4, stride=2, padding=1, bias=False))
    for i, (width, n) in enumerate(zip(channels, blocks, strict=True)):
        if i:
            layers.append(nn.Conv2d(channels[i - 1], width, 2, stride=2, bias=False))
        layers += [ResidualBlock(width) for _ in range(n)]
    layers += [nn.BatchNorm2d(channels[-1]), nn.ReLU()]
    return layers, side // _PLACE
