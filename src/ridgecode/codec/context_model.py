"""Probabilities of a latent grid from what was coded before: a small network beside the autoencoder, trained with it.

Channels are coded in slices, few first, and each slice in two passes like the colours of a checkerboard (He et al.,
ELIC, arXiv 2203.10886). A pass sees the slices before it at the places around its own, its own slice at the four
neighbours where these are coded already, and where on the print it is; it tells a mean and a scale for each dim. What
is rounded is the distance from the mean (Minnen et al., arXiv 1809.02736), so that a dim that says nothing new costs
next to nothing and decodes to what was expected.

This module is for training. Coding does the same sums in fixed point (fixed_point.py), bit for bit alike everywhere.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ridgecode.codec.scales import A_DOUBLING, LEAST, bits

HIDDEN = 64
LIMIT = 64.0
"""What a pass sees, in quantiser steps, and its hidden values are clamped to this: fixed point has room for it."""
FRACTION = 256
"""Means and hidden values are whole multiples of 1 / FRACTION in fixed point."""
START_STEP = 0.35
"""Quantiser step of the loudest channel at first, in standard deviations."""
START_INDEX = A_DOUBLING * math.log2(1 / LEAST)
"""Scale index that all dims have at first: 1 step."""


class Coded(NamedTuple):
    """z_hat: (N, latent_dim), as a decoder will see the latent vectors. bits: (N,), what coding them costs.

    symbols, indices: (N, channels, rows, columns), the whole numbers that are coded and the scale index of each.
    """

    z_hat: Tensor
    bits: Tensor
    symbols: Tensor
    indices: Tensor


class Slice(NamedTuple):
    """Channels `first` to `last` (exclusive)."""

    first: int
    last: int


def slices_of(channels: int) -> list[Slice]:
    """An eighth of the channels, another, a quarter, a half; fewer slices where there are fewer than 8 channels."""
    ends = sorted({max(1, channels * share // 8) for share in (1, 2, 4)} | {channels})
    return [Slice(first, last) for first, last in zip([0, *ends], ends, strict=False)]


def place_features(rows: int, columns: int) -> Tensor:
    """(5, rows, columns) of where a place lies, in [-1, 1], in whole multiples of 1 / FRACTION: its row, its column,
    their squares, and 1."""
    y, x = ((2 * torch.arange(n) + 1 - n) / n for n in (rows, columns))
    grids = [y[:, None].expand(rows, columns), x[None, :].expand(rows, columns)]
    grids += [grids[0].square(), grids[1].square(), torch.ones(rows, columns)]
    return (torch.stack(grids) * FRACTION).round() / FRACTION


class Pass(nn.Sequential):
    """(N, seen, rows, columns) -> (N, 2 * told, rows, columns): the means, then the scale indices, of one pass."""

    def __init__(self, seen: int, told: int, hidden: int) -> None:
        last = nn.Conv2d(hidden, 2 * told, 1)
        super().__init__(
            nn.Conv2d(seen, hidden, 3, padding=1), nn.ReLU(), nn.Conv2d(hidden, hidden, 1), nn.ReLU(), last
        )
        nn.init.zeros_(last.weight)
        assert last.bias is not None
        with torch.no_grad():
            last.bias.zero_()[told:] = START_INDEX

    def forward(self, seen: Tensor) -> Tensor:
        """Means in quantiser steps; hidden values are clamped as in fixed point."""
        first, _, second, _, last = self
        out = first(seen.clamp(-LIMIT, LIMIT)).clamp(0, LIMIT)
        return last(second(out).clamp(0, LIMIT))


class ContextModel(nn.Module):
    """Rounds latent vectors of a grid, and tells what coding them costs.

    shape: channels, rows and columns of the latent map; entries: (latent_dim,) where in the flattened map each dim lies
    (grid_latent.py). `log_step` (channels,) is the natural logarithm of each channel's quantiser step.
    """

    entries: Tensor
    present: Tensor
    black: Tensor
    places: Tensor

    def __init__(self, shape: tuple[int, int, int], entries: Tensor, hidden: int = HIDDEN) -> None:
        super().__init__()
        channels, rows, columns = self.shape = shape
        self.log_step = nn.Parameter(torch.zeros(channels))
        self.slices = slices_of(channels)
        passes = []
        places = place_features(rows, columns)
        for first, last in self.slices:
            seen = len(places) + first
            passes += [Pass(seen, last - first, hidden), Pass(seen + last - first, last - first, hidden)]
        self.passes = nn.ModuleList(passes)
        present = torch.zeros(math.prod(shape))
        present[entries] = 1
        self.register_buffer("entries", entries, persistent=False)
        self.register_buffer("present", present.view(shape), persistent=False)
        self.register_buffer("places", places, persistent=False)
        black = (torch.arange(rows)[:, None] + torch.arange(columns)) % 2 == 0
        self.register_buffer("black", black.float(), persistent=False)

    @torch.no_grad()
    def start(self, z: Tensor, loudness: Tensor) -> None:
        """First steps, from latent vectors z (N, latent_dim) of training prints and from how loudly a decoder hears
        each channel (channels,): equal steps in what is heard, as reverse water-filling has it."""
        count = self.present.sum((1, 2)).clamp_min(1)
        std = (self.to_map(z - z.mean(0)).square().mean(0).sum((1, 2)) / count).sqrt().clamp_min(1e-6)
        heard = std * loudness.clamp_min(1e-12)
        self.log_step.copy_((START_STEP * std * heard.max() / heard).log())

    def to_map(self, z: Tensor) -> Tensor:
        """(N, latent_dim) -> (N, channels, rows, columns), with 0 where no dim lies."""
        return z.new_zeros(len(z), math.prod(self.shape)).index_copy(1, self.entries, z).unflatten(1, self.shape)

    def forward(self, z: Tensor) -> Coded:
        """Bits are those of the rounded values, and teach the scales. In training z_hat has the gradient of no rounding
        (Minnen & Singh, arXiv 2007.08739), and the bits have, to latent vectors and means, the gradient of values with
        uniform noise in place of rounding; scales that noise teaches would cost a fifth more.

        In float32 under autocast too: bf16 rounds means and scales by up to 0.4 %, which coding will not."""
        with torch.autocast(z.device.type, enabled=False):
            return self._coded(z.float())

    def _coded(self, z: Tensor) -> Coded:
        step = self.log_step.exp()[:, None, None]
        y = self.to_map(z) / step
        seen = self.places.expand(len(y), -1, -1, -1)
        heard: list[Tensor] = []
        total = y.new_zeros(len(y))
        all_symbols, all_indices = [], []
        networks = iter(self.passes)
        for first, last in self.slices:
            own = y[:, first:last]
            known = torch.zeros_like(own)
            symbols, indices = torch.zeros_like(own), torch.zeros_like(own)
            for colour in (self.black, 1 - self.black):
                mask = colour * self.present[first:last]
                told = next(networks)(seen if colour is self.black else torch.cat([seen, known], 1))
                mean, index = told.chunk(2, 1)
                away = own - mean
                rounded = away.round()
                cost = bits(rounded.detach(), index)
                if self.training:
                    noisy = bits(away + torch.rand_like(away) - 0.5, index.detach())
                    cost = cost + noisy - noisy.detach()
                total = total + (mask * cost).flatten(1).sum(1)
                known = known + mask * (away + (rounded - away).detach() + mean)
                symbols, indices = symbols + mask * rounded.detach(), indices + mask * index.detach()
            heard.append(known)
            seen = torch.cat([seen, known], 1)
            all_symbols.append(symbols)
            all_indices.append(indices)
        z_hat = (torch.cat(heard, 1) * step).flatten(1)[:, self.entries]
        return Coded(z_hat, total, torch.cat(all_symbols, 1), torch.cat(all_indices, 1))
