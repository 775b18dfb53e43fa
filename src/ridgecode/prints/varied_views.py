"""Varied views of a print: what further impressions of the same finger might look like.

print (H, W) --warp--> --press--> --light--> --cover--> --recentre--> view (h, w)

- warp: turned, shifted, scaled, stretched and bent, as a finger lies on the sensor and its skin is pulled; blurred;
- press: thinner ridges of a dry or light finger, thicker ones of a wet or pressed one, differently from place to place;
- light: another contrast and a gain that changes slowly over the print, and grain;
- cover: a part of the finger beside a straight line, or outside an ellipse, has not touched the sensor; and what lies
  outside the sensor's window is cut off;
- recentre: what is left is brought to the middle, as the frame of a print does (prints/frame.py). Otherwise the outline
  would tell where a finger lies, and nobody would have to look at its ridges.

Training takes two views of a finger, or of two impressions of it, as a mated pair. Bending a print at a coarse grid of
points is the plain form of the skin distortion of R. Cappelli, D. Maio and D. Maltoni, "Modelling plastic distortion in
fingerprint images", ICAPR 2001.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ridgecode.prints.movement import blurred

_BEND_POINTS = 5
"""The skin is displaced at so many points a side, and smoothly between them."""
_WARP_POINTS = 17
"""A warp is computed at so many points a side, and is linear between them."""
_FIELD_POINTS = 4
"""Pressure and light change over so many points a side."""
_CELL, _INKED_SHARE = 8, 0.25
"""A cell of 8x8 pixels belongs to the print where it has more than this share of the ink of the view's darkest cell."""
_OFF_CENTRE = 4
"""Most pixels by which a view that is brought to the middle is off it, in rows and in columns."""
_PRINTS_AT_A_TIME = 32
"""So many views stay in a core's cache."""


@dataclass(frozen=True)
class Variation:
    """How far views differ from their print. Shares are of views, 0 to 1.

    rotation_deg, shift_px: limits, +-, of a uniform draw. scale, stretch: standard deviations of a log-normal factor.
    bend_px: standard deviation of the displacement of each point of a 5x5 grid; `bend_share` of views are bent.
    blur_px: largest standard deviation of a Gaussian blur; `blur_share` of views.
    press: standard deviation of the ink level; `press_share` of views. light: standard deviation of gain;
    `light_share`. grain: largest standard deviation of added noise; `grain_share` of views. cover_share: views of which
    a part is missing. window: rows and columns of the sensor's window, whose middle lies within `window_shift_px` of
    the view's, in rows and in columns; `window_share` of views are cut by it, none where it is None. recentre:
    whether what is left of a view is brought to its middle, to within 4 pixels.
    """

    rotation_deg: float = 25.0
    shift_px: float = 11.0
    scale: float = 0.07
    stretch: float = 0.03
    bend_px: float = 1.3
    bend_share: float = 0.7
    blur_px: float = 0.6
    blur_share: float = 0.5
    press: float = 0.15
    press_share: float = 0.6
    light: float = 0.2
    light_share: float = 0.5
    grain: float = 0.08
    grain_share: float = 0.4
    cover_share: float = 0.35
    window: tuple[int, int] | None = None
    window_share: float = 0.6
    window_shift_px: int = 6
    recentre: bool = False


class ViewMovement(NamedTuple):
    """How N views are turned and shifted: rotation float32 (N,) in radians, anticlockwise as seen; right, down float32
    (N,) in pixels of the view."""

    rotation: Tensor
    right: Tensor
    down: Tensor


def varied_views(
    prints: NDArray[np.uint8],
    random: np.random.Generator,
    side: tuple[int, int],
    variation: Variation = Variation(),
) -> Tensor:
    """One view of each print: uint8 (N, H, W), 0 a black ridge -> float32 (N, h, w) in [0, 1], 0 a black ridge.

    side: (h, w) of the views; a print's middle lies in the middle of its view, but for the shift and for `recentre`.
    All draws come from `random`, so that equal generators give equal views.
    """
    return moved_views(prints, random, side, variation)[0]


def moved_views(
    prints: NDArray[np.uint8],
    random: np.random.Generator,
    side: tuple[int, int],
    variation: Variation = Variation(),
) -> tuple[Tensor, ViewMovement]:
    """The views of `varied_views`, and how each was turned and shifted."""
    views = torch.empty(len(prints), *side)
    movements = []
    for start in range(0, len(prints), _PRINTS_AT_A_TIME):
        some = slice(start, start + _PRINTS_AT_A_TIME)
        views[some], movement = _some_views(prints[some], random, side, variation)
        movements.append(movement)
    return views, ViewMovement(*(torch.cat(parts) for parts in zip(*movements, strict=True)))


def _some_views(
    prints: NDArray[np.uint8], random: np.random.Generator, side: tuple[int, int], variation: Variation
) -> tuple[Tensor, ViewMovement]:
    movement = _draw_movement(len(prints), random, variation)
    ink = 1 - torch.from_numpy(np.ascontiguousarray(prints)).float()[:, None] / 255
    views = F.grid_sample(ink, _grid(ink, movement, random, side, variation), align_corners=False)
    _blur(views, random, variation)
    _press(views, random, variation)
    _light(views, random, variation)
    _cover(views, random, variation)
    _cut(views, random, variation)
    if variation.recentre:
        movement = _recentre(views, movement, random)
    return (1 - views[:, 0]).clamp_(0, 1), movement


def _draw_movement(n: int, random: np.random.Generator, variation: Variation) -> ViewMovement:
    limits = np.array([[np.deg2rad(variation.rotation_deg)], [variation.shift_px], [variation.shift_px]])
    return ViewMovement(*torch.from_numpy((random.uniform(-1, 1, (3, n)) * limits).astype(np.float32)))


def _grid(
    ink: Tensor, movement: ViewMovement, random: np.random.Generator, side: tuple[int, int], variation: Variation
) -> Tensor:
    """(N, h, w, 2) places in the prints, in the units of `grid_sample`, that each view's pixels show."""
    n, (h, w) = len(ink), side
    scale, stretch = np.exp(random.normal(0, [[variation.scale], [variation.stretch]], (2, n))).astype(np.float32)
    size, tall = (torch.from_numpy(one)[:, None, None] for one in (scale, stretch))
    turn = movement.rotation[:, None, None]
    x = torch.linspace(-(w - 1) / 2, (w - 1) / 2, _WARP_POINTS)[None, None] - movement.right[:, None, None]
    y = torch.linspace(-(h - 1) / 2, (h - 1) / 2, _WARP_POINTS)[None, :, None] - movement.down[:, None, None]
    # The inverse of: stretch down the print, scale, turn (anticlockwise as seen, y downwards), shift.
    right, down = (x * turn.cos() - y * turn.sin()) / size, (x * turn.sin() + y * turn.cos()) / (size * tall)
    bent = random.random(n) < variation.bend_share
    points = random.normal(0, variation.bend_px, (n, 2, _BEND_POINTS, _BEND_POINTS)) * bent[:, None, None, None]
    bend = _smooth(points, (_WARP_POINTS, _WARP_POINTS), "bicubic")
    places = torch.stack((right, down), 1) + bend
    half = torch.tensor([ink.shape[3] / 2, ink.shape[2] / 2])[:, None, None]
    return F.interpolate(places / half, side, mode="bilinear", align_corners=True).permute(0, 2, 3, 1)


def _blur(views: Tensor, random: np.random.Generator, variation: Variation) -> None:
    sigma = random.uniform(0, variation.blur_px, len(views)) * (random.random(len(views)) < variation.blur_share)
    views[:, 0] = blurred(views[:, 0], torch.from_numpy(sigma.astype(np.float32)))


def _press(views: Tensor, random: np.random.Generator, variation: Variation) -> None:
    """Puts ink where ink exceeds a level that changes over the print: a low level gives thick ridges.

    The level is a share of the print's own ink, the mean of ink weighted by itself.
    """
    n = len(views)
    chosen = np.flatnonzero(random.random(n) < variation.press_share)
    level = random.normal(0, variation.press, (n, 1, 1, 1))
    level = level + random.normal(0, 0.6 * variation.press, (n, 1, _FIELD_POINTS, _FIELD_POINTS))
    steep = torch.from_numpy(random.uniform(1.5, 4.0, (n, 1, 1, 1)).astype(np.float32))
    if len(chosen):
        some = views[chosen]
        ink = some.square().sum((2, 3), keepdim=True) / some.sum((2, 3), keepdim=True).clamp_(min=1e-3)
        some /= ink.clamp_(min=0.05)
        shift = _smooth(level[chosen], tuple(views.shape[2:]), "bilinear")
        # Background stays without ink: it is about 0, and the level is 0.35 or more.
        views[torch.from_numpy(chosen)] = ((some - (0.75 + shift).clamp_(0.35, 1.1)) * steep[chosen] + 0.5).clamp_(0, 1)


def _light(views: Tensor, random: np.random.Generator, variation: Variation) -> None:
    n, side = len(views), tuple(views.shape[2:])
    lit = (random.random(n) < variation.light_share)[:, None, None, None]
    gain = 1 + lit * random.normal(0, variation.light, (n, 1, _FIELD_POINTS, _FIELD_POINTS))
    darkest = np.where(random.random(n) < variation.light_share, random.uniform(0.45, 1.0, n), 1.0)
    views *= _smooth(np.clip(gain, 0.2, 1.8) * darkest[:, None, None, None], side, "bilinear")
    grain = random.uniform(0, variation.grain, n) * (random.random(n) < variation.grain_share)
    for i in np.flatnonzero(grain):
        views[i, 0] += torch.from_numpy(random.standard_normal(side, dtype=np.float32) * np.float32(grain[i]))


def _cover(views: Tensor, random: np.random.Generator, variation: Variation) -> None:
    """Removes what lies beyond a line, or outside an ellipse, so that at least about half of a usual print stays."""
    n, (h, w) = len(views), tuple(views.shape[2:])
    covered = random.random(n) < variation.cover_share
    by_line = random.random(n) < 0.6
    angle, away = random.uniform(0, 2 * np.pi, n), random.uniform(0.05, 0.4, n) * min(h, w)
    centre = random.normal(0, 0.1, (2, n)) * min(h, w)
    radii = random.uniform(0.25, 0.45, (2, n)) * min(h, w)
    x, y = np.arange(w, dtype=np.float32) - (w - 1) / 2, np.arange(h, dtype=np.float32)[:, None] - (h - 1) / 2
    for i in np.flatnonzero(covered):
        if by_line[i]:
            missing = x * np.cos(angle[i]) + y * np.sin(angle[i]) > away[i]
        else:
            missing = ((x - centre[0, i]) / radii[0, i]) ** 2 + ((y - centre[1, i]) / radii[1, i]) ** 2 > 1
        views[i, 0][torch.from_numpy(missing)] = 0


def _cut(views: Tensor, random: np.random.Generator, variation: Variation) -> None:
    if variation.window is None:
        return
    n, sides = len(views), tuple(views.shape[2:])
    middles = random.integers(-variation.window_shift_px, variation.window_shift_px + 1, (n, 2))
    for i in np.flatnonzero(random.random(n) < variation.window_share):
        for axis, (side, window) in enumerate(zip(sides, variation.window, strict=True)):
            first = (side - window) // 2 + int(middles[i, axis])
            view = views[i, 0].movedim(axis, 0)
            view[: max(first, 0)] = 0
            view[max(first + window, 0) :] = 0


def _recentre(views: Tensor, movement: ViewMovement, random: np.random.Generator) -> ViewMovement:
    """Shifts each view, so that the centroid of its print lies near the middle; returns the movements with that."""
    cells = F.avg_pool2d(views, _CELL)[:, 0]
    inked = (cells > _INKED_SHARE * cells.amax((1, 2), keepdim=True)).float()
    shifts = random.integers(-_OFF_CENTRE, _OFF_CENTRE + 1, (2, len(views)))
    for axis, side in enumerate(views.shape[2:]):
        place = (torch.arange(inked.shape[1 + axis]) + 0.5) * _CELL - side / 2
        along = inked.sum(2 - axis)
        shifts[axis] -= ((along * place).sum(1) / along.sum(1).clamp(min=1)).round().long().numpy()
    for view, both in zip(views[:, 0], shifts.T.tolist(), strict=True):
        shifted = torch.roll(view, both, (0, 1))
        for lines, by in zip((shifted, shifted.T), both, strict=True):
            lines[slice(0, by) if by >= 0 else slice(by, None)] = 0
        view.copy_(shifted)
    down, right = torch.from_numpy(shifts).float()
    return ViewMovement(movement.rotation, movement.right + right, movement.down + down)


def _smooth(points: NDArray[np.float64], side: tuple[int, ...], mode: str) -> Tensor:
    """(N, C, k, k) values -> (N, C, h, w), smooth between the points."""
    return F.interpolate(torch.from_numpy(points.astype(np.float32)), side, mode=mode, align_corners=True)
