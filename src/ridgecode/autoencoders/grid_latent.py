"""Latent vectors as a grid: some numbers for each place of the last map, or each patch of places, by the same weights.

A linear layer over the whole map has weights of its own for each place and has to learn to see ridges in each; one 1x1
convolution sees them everywhere as soon as it sees them anywhere, needs hundreds of times fewer weights, and fits a map
of any size, so that a network trained on crops opens whole prints as well.
"""

import math

import torch
from torch import Tensor, nn

Shape = tuple[int, int, int]


def central_entries(latent_dim: int, rows: int, columns: int) -> Tensor:
    """(latent_dim,) indices into the flattened (channels, rows, columns) latent map, in rising order: every channel has
    all places but the last, which has those nearest to the middle."""
    places = rows * columns
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    # In halves of a place all distances are whole numbers, so equal ones compare as equal.
    distance = ((2 * y - rows + 1).square() + (2 * x - columns + 1).square()).flatten()
    full, rest = divmod(latent_dim, places)
    last = distance.argsort(stable=True)[:rest].sort().values
    return torch.cat([torch.arange(full * places), full * places + last])


class GridRead(nn.Module):
    """(N, C, rows, columns) maps -> (N, latent_dim): each patch of `patch` x `patch` places is brought to `channels`
    numbers by the same weights, and `entries` of the (channels, rows / patch, columns / patch) are kept."""

    entries: Tensor

    def __init__(self, grid: Shape, channels: int, entries: Tensor, patch: int = 1) -> None:
        super().__init__()
        self.patch = patch
        self.read = nn.Conv2d(grid[0] * patch**2, channels, 1)
        self.register_buffer("entries", entries)

    def forward(self, features: Tensor) -> Tensor:
        return self.read(in_patches(features, self.patch)).flatten(1)[:, self.entries]


class GridWrite(nn.Module):
    """(N, latent_dim) -> (N, C, rows, columns) maps: `GridRead` backwards, with 0 for what was not kept."""

    source: Tensor
    entries: Tensor

    def __init__(self, grid: Shape, channels: int, entries: Tensor, patch: int = 1) -> None:
        super().__init__()
        self.patch = patch
        self.shape = (channels, grid[1] // patch, grid[2] // patch)
        self.write = nn.Conv2d(channels, grid[0] * patch**2, 1)
        # Where each entry of the map comes from; one more than there are dims stands for 0. Gathering is a plain
        # operation in every runtime, scattering is not.
        source = torch.full((math.prod(self.shape),), len(entries))
        source[entries] = torch.arange(len(entries))
        self.register_buffer("source", source)
        self.register_buffer("entries", entries, persistent=False)

    def forward(self, z: Tensor) -> Tensor:
        padded = nn.functional.pad(z, (0, 1))
        shown = self.write(padded[:, self.source].unflatten(1, self.shape))
        return shown if self.patch == 1 else nn.functional.pixel_shuffle(shown, self.patch)


def in_patches(features: Tensor, patch: int) -> Tensor:
    """(N, C, rows, columns) -> (N, C * patch^2, rows / patch, columns / patch): a patch's places as channels, channel
    c * patch^2 + i being channel c at the patch's place i."""
    return features if patch == 1 else nn.functional.pixel_unshuffle(features, patch)


@torch.no_grad()
def start_alike(read: GridRead, write: GridWrite, gain: float) -> None:
    """Both ends start from the same random directions, so that the decoder is first shown a part of what the encoder
    saw; `gain` is the standard deviation of what it is shown."""
    channels, features = read.read.weight.shape[:2]
    patterns = nn.functional.normalize(torch.randn(channels, features), dim=1)[:, :, None, None]
    read.read.weight.copy_(patterns)
    write.write.weight.copy_(patterns.transpose(0, 1) * (gain * (features / channels) ** 0.5))
    for convolution in (read.read, write.write):
        assert convolution.bias is not None
        nn.init.zeros_(convolution.bias)
