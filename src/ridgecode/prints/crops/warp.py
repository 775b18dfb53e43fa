"""Turns, scales and bends windows while they are cut, so that a network trains on more shapes than there are prints."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

WARPED_SHARE = 0.5
"""Share of windows that are warped. The others stay sharp, as in validation: interpolation smooths a print."""
TURN_DEG = 8.0
"""Standard deviation of the angle, in degrees."""
LOG_SCALE = 0.05
"""Standard deviation of the scale's natural logarithm."""
BEND_PX = 1.0
"""Standard deviation in pixels, down and across, of the shifts that bend a window."""
BEND_SPACING_PX = 16
"""Those shifts are drawn at the points of a grid: two points a side, and one more for every so many pixels."""


class Warp(NamedTuple):
    """How B windows are warped. Zeros everywhere leave a window as it is.

    turn: (B,) radians, anticlockwise as seen
    log_scale: (B,) natural logarithm of the scale; above 0 enlarges
    bend: (B, 2, r, c) shifts in pixels, down and right, at the r x c points of a coarse grid over the window
    """

    turn: NDArray[np.float32]
    log_scale: NDArray[np.float32]
    bend: NDArray[np.float32]

    def part(self, part: slice) -> "Warp":
        return Warp(*(field[part] for field in self))


def draw_warps(random: np.random.Generator, n: int, height: int, width: int) -> Warp:
    """Random warps of `n` windows of `height` x `width`; half of them are zero."""
    points = (2 + height // BEND_SPACING_PX, 2 + width // BEND_SPACING_PX)
    share = (random.random(n) < WARPED_SHARE).astype(np.float32)
    turn = random.normal(0, np.deg2rad(TURN_DEG), n).astype(np.float32)
    log_scale = random.normal(0, LOG_SCALE, n).astype(np.float32)
    bend = random.normal(0, BEND_PX, (n, 2, *points)).astype(np.float32)
    return Warp(share * turn, share * log_scale, share[:, None, None, None] * bend)


def cut_warped(prints: Tensor, y: Tensor, x: Tensor, warp: Warp) -> Tensor:
    """Cuts a warped window out of each print -> (B, 1, h, w) float in [0, 1]; bicubic, white outside the print.

    prints: (B, H, W) uint8, the print of each window. y: (B, h) its rows in the print; x: (B, w) its columns.
    """
    rows, columns = prints.shape[1:]
    down, right = _offsets(warp, y.shape[1], x.shape[1], prints.device)
    # Offsets are along the window's own axes, and the rows or columns of a mirrored window run backwards.
    at_y = y[:, :, None] + down * torch.sign(y[:, 1] - y[:, 0])[:, None, None]
    at_x = x[:, None, :] + right * torch.sign(x[:, 1] - x[:, 0])[:, None, None]
    # grid_sample wants -1 at the first pixel's centre and 1 at the last one's (align_corners). It pads with zeros, so
    # that white has to be 0 while it interpolates.
    grid = torch.stack((2 * at_x / (columns - 1) - 1, 2 * at_y / (rows - 1) - 1), dim=-1)
    ink = prints.float().neg_().add_(255).unsqueeze(1)
    cut = F.grid_sample(ink, grid, mode="bicubic", padding_mode="zeros", align_corners=True)
    return cut.neg_().add_(255).div_(255).clamp_(0, 1)


def _offsets(warp: Warp, height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """(B, h, w) pixels down and right from each pixel of a window to the place that its grey value is taken from."""
    y = torch.arange(height, device=device)[:, None] - (height - 1) / 2
    x = torch.arange(width, device=device)[None, :] - (width - 1) / 2
    turn, log_scale, bend = (torch.from_numpy(field).to(device) for field in warp)
    cosine = (turn.cos() / log_scale.exp())[:, None, None]
    sine = (turn.sin() / log_scale.exp())[:, None, None]
    bend = F.interpolate(bend, (height, width), mode="bicubic", align_corners=True)
    return y * (cosine - 1) + x * sine + bend[:, 0], x * (cosine - 1) - y * sine + bend[:, 1]
