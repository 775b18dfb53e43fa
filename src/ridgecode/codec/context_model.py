"""A small network that predicts the distribution of each latent dim from the dims coded before it.

It is trained together with the autoencoder. The latent map (channels, rows, columns) is coded in slices of channels,
the first ones small, and each slice in two passes, like the two colours of a checkerboard (He et al., ELIC, arXiv
2203.10886). The network of a pass reads, in the 3x3 places around the one that it predicts,
- the slices coded before,
- of its own slice the places of the other colour, in the second pass,
- the position of each place on the print,
and predicts a mean and a scale for each dim. The difference from the mean is rounded and coded (Minnen et al., arXiv
1809.02736). So a dim that is predicted well costs next to nothing.

This module is for training. Coding computes the same sums in fixed point (fixed_point.py), bit for bit alike on every
machine.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ridgecode.codec.scales import SCALE_INDICES_PER_DOUBLING, SMALLEST_SCALE, logistic_bits

HIDDEN = 64
"""Channels of the hidden layers."""
LIMIT = 64.0
"""Inputs, in quantiser steps, and hidden values of a pass are clamped to this, since fixed point has room for no
more."""
FRACTION = 256
"""In fixed point means and hidden values are whole multiples of 1 / FRACTION."""
START_STEP = 0.35
"""The first quantiser step, in standard deviations, of the channel that changes the decoder's input most."""
START_INDEX = SCALE_INDICES_PER_DOUBLING * math.log2(1 / SMALLEST_SCALE)
"""The scale index of all dims before training: it stands for a scale of 1 step."""


class Coded(NamedTuple):
    """What `ContextModel` gives for N latent vectors.

    z_hat: (N, latent_dim), the latent vectors that a decoder gets. bits: (N,), what coding them costs.
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
    """An eighth of the channels, another eighth, a quarter, a half; fewer slices where there are fewer than 8
    channels."""
    ends = sorted({max(1, channels * share // 8) for share in (1, 2, 4)} | {channels})
    return [Slice(first, last) for first, last in zip([0, *ends], ends, strict=False)]


def place_features(rows: int, columns: int) -> Tensor:
    """(5, rows, columns): the row and the column of each place, their squares, and 1. All lie in [-1, 1] and are whole
    multiples of 1 / FRACTION."""
    y, x = ((2 * torch.arange(n) + 1 - n) / n for n in (rows, columns))
    grids = [y[:, None].expand(rows, columns), x[None, :].expand(rows, columns)]
    grids += [grids[0].square(), grids[1].square(), torch.ones(rows, columns)]
    return (torch.stack(grids) * FRACTION).round() / FRACTION


class Pass(nn.Sequential):
    """The network of one pass: (N, n_inputs, rows, columns) -> (N, 2 * n_outputs, rows, columns), first the means in
    quantiser steps, then the scale indices."""

    def __init__(self, n_inputs: int, n_outputs: int, hidden: int) -> None:
        last = nn.Conv2d(hidden, 2 * n_outputs, 1)
        super().__init__(
            nn.Conv2d(n_inputs, hidden, 3, padding=1), nn.ReLU(), nn.Conv2d(hidden, hidden, 1), nn.ReLU(), last
        )
        nn.init.zeros_(last.weight)
        assert last.bias is not None
        with torch.no_grad():
            last.bias.zero_()[n_outputs:] = START_INDEX

    def forward(self, inputs: Tensor) -> Tensor:
        """Clamps inputs and hidden values as fixed point does."""
        first, _, second, _, last = self
        out = first(inputs.clamp(-LIMIT, LIMIT)).clamp(0, LIMIT)
        return last(second(out).clamp(0, LIMIT))


class ContextModel(nn.Module):
    """Rounds latent vectors of a grid, and computes what coding them costs.

    shape: channels, rows and columns of the latent map. entries: (latent_dim,) the index of each dim in the flattened
    map (grid_latent.py). hidden: channels of the hidden layers.
    `log_step` (channels,) is the natural logarithm of each channel's quantiser step; `present` (channels, rows,
    columns) is 1 where a dim lies, `black` (rows, columns) is 1 at the places of a slice's first pass.
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
        places = place_features(rows, columns)
        self.passes = passes_of(channels, len(places), hidden)
        present = torch.zeros(math.prod(shape))
        present[entries] = 1
        self.register_buffer("entries", entries, persistent=False)
        self.register_buffer("present", present.view(shape), persistent=False)
        self.register_buffer("places", places, persistent=False)
        self.register_buffer("black", first_colour(rows, columns).float(), persistent=False)

    @torch.no_grad()
    def start(self, z: Tensor, decoder_sensitivity: Tensor) -> None:
        """Sets the first quantiser steps, so that the rounding of every channel changes the decoder's input equally, as
        reverse water-filling does (Cover & Thomas, "Elements of Information Theory", 10.3.3).

        z: (N, latent_dim) latent vectors of training prints. decoder_sensitivity: (channels,) by how much the decoder's
        input changes with a channel's value.
        """
        count = self.present.sum((1, 2)).clamp_min(1)
        std = (self.to_map(z - z.mean(0)).square().mean(0).sum((1, 2)) / count).sqrt().clamp_min(1e-6)
        change = std * decoder_sensitivity.clamp_min(1e-12)
        self.log_step.copy_((START_STEP * std * change.max() / change).log())

    def to_map(self, z: Tensor) -> Tensor:
        """(N, latent_dim) -> (N, channels, rows, columns), with 0 where no dim lies."""
        return z.new_zeros(len(z), math.prod(self.shape)).index_copy(1, self.entries, z).unflatten(1, self.shape)

    def forward(self, z: Tensor) -> Coded:
        """(N, latent_dim) -> rounded latent vectors and their bits.

        The bits are those of the rounded values, and their gradient trains the scales. In training z_hat has the
        gradient of values that are not rounded (Minnen & Singh, arXiv 2007.08739); the gradient of the bits with
        respect to latent vectors and means is that of values with uniform noise instead of rounding. Scales trained
        with noise would need a fifth more bits.

        Computes in float32 under autocast too: bf16 rounds means and scales by up to 0.4 %, and coding does not.
        """
        with torch.autocast(z.device.type, enabled=False):
            return self._coded(z.float())

    def _coded(self, z: Tensor) -> Coded:
        step = self.log_step.exp()[:, None, None]
        networks = [network for network in self.passes if isinstance(network, Pass)]
        coded = code_map(self.to_map(z) / step, self.places, self.present, networks, self.training)
        return coded._replace(z_hat=(coded.z_hat * step).flatten(1)[:, self.entries])


def passes_of(channels: int, n_constant: int, hidden: int) -> nn.ModuleList:
    """The networks of all passes over a map of so many channels, two for each slice, where the first `n_constant`
    inputs are the same for every print."""
    passes = []
    for first, last in slices_of(channels):
        n_inputs = n_constant + first
        passes += [Pass(n_inputs, last - first, hidden), Pass(n_inputs + last - first, last - first, hidden)]
    return nn.ModuleList(passes)


def first_colour(rows: int, columns: int) -> Tensor:
    """(rows, columns) bool: the places of a slice's first pass."""
    return (torch.arange(rows)[:, None] + torch.arange(columns)) % 2 == 0


def code_map(y: Tensor, constant: Tensor, present: Tensor, networks: Sequence[Pass], training: bool) -> Coded:
    """Rounds latent maps, slice by slice.

    y: (N, channels, rows, columns) in quantiser steps; constant: (K, rows, columns), the first inputs of each pass;
    present: 1 where the map has a dim, and broadcasts to the map; networks: those of `passes_of`; training: whether
    bits have a gradient with respect to latent vectors. `z_hat` of what it returns is a map in quantiser steps.
    """
    black = first_colour(*y.shape[2:]).to(y)
    present = present.expand(y.shape[1:])
    inputs = constant.expand(len(y), -1, -1, -1)
    decoded: list[Tensor] = []
    total = y.new_zeros(len(y))
    all_symbols, all_indices = [], []
    following = iter(networks)
    for first, last in slices_of(y.shape[1]):
        own = y[:, first:last]
        own_decoded = torch.zeros_like(own)
        symbols, indices = torch.zeros_like(own), torch.zeros_like(own)
        for is_first, colour in ((True, black), (False, 1 - black)):
            mask = colour * present[first:last]
            predicted = next(following)(inputs if is_first else torch.cat([inputs, own_decoded], 1))
            mean, index = predicted.chunk(2, 1)
            difference = own - mean
            rounded = difference.round()
            cost = logistic_bits(rounded.detach(), index)
            if training:
                noisy = logistic_bits(difference + torch.rand_like(difference) - 0.5, index.detach())
                cost = cost + noisy - noisy.detach()
            total = total + (mask * cost).flatten(1).sum(1)
            own_decoded = own_decoded + mask * (difference + (rounded - difference).detach() + mean)
            symbols, indices = symbols + mask * rounded.detach(), indices + mask * index.detach()
        decoded.append(own_decoded)
        inputs = torch.cat([inputs, own_decoded], 1)
        all_symbols.append(symbols)
        all_indices.append(indices)
    return Coded(torch.cat(decoded, 1), total, torch.cat(all_symbols, 1), torch.cat(all_indices, 1))
