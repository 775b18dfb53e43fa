"""Latent layers that compute some numbers for each place of the last map, or for each patch, with the same weights.

A linear layer over the whole map has other weights at each place, and has to learn ridges at each place anew. A 1x1
convolution learns them at all places together, needs hundreds of times fewer weights, and fits a map of any size, so
that a network trained on crops can be used on whole prints too.
"""

import math

import torch
from torch import Tensor, nn

Shape = tuple[int, int, int]
"""Channels, rows and columns of a map."""


def central_entries(latent_dim: int, rows: int, columns: int) -> Tensor:
    """(latent_dim,) indices into the flattened latent map (channels, rows, columns), in rising order: all places of
    each channel, and of the last channel the places nearest to the middle."""
    places = rows * columns
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    # Counted in half places, the squared distances are whole numbers, so equal distances compare as equal.
    distance = ((2 * y - rows + 1).square() + (2 * x - columns + 1).square()).flatten()
    full, rest = divmod(latent_dim, places)
    last = distance.argsort(stable=True)[:rest].sort().values
    return torch.cat([torch.arange(full * places), full * places + last])


class GridRead(nn.Module):
    """(N, C, rows, columns) maps -> (N, latent_dim).

    One convolution turns each patch of `patch` x `patch` places into `channels` numbers, which gives a latent map
    (channels, rows / patch, columns / patch). The latent vector is its `entries`, (latent_dim,) indices into the
    flattened latent map. grid: C, rows, columns.
    """

    entries: Tensor

    def __init__(self, grid: Shape, channels: int, entries: Tensor, patch: int = 1) -> None:
        super().__init__()
        self.patch = patch
        self.read = nn.Conv2d(grid[0] * patch**2, channels, 1)
        self.register_buffer("entries", entries)

    def forward(self, features: Tensor) -> Tensor:
        return self.read(in_patches(features, self.patch)).flatten(1)[:, self.entries]


class GridWrite(nn.Module):
    """(N, latent_dim) -> (N, C, rows, columns) maps: the reverse of `GridRead`, with the same arguments. Where the
    latent map has no dim, it is 0."""

    source: Tensor
    entries: Tensor

    def __init__(self, grid: Shape, channels: int, entries: Tensor, patch: int = 1) -> None:
        super().__init__()
        self.patch = patch
        self.shape = (channels, grid[1] // patch, grid[2] // patch)
        self.write = nn.Conv2d(channels, grid[0] * patch**2, 1)
        # For each position in the latent map the dim that lies there; `latent_dim` where there is none, and `forward`
        # puts a 0 there. Every runtime can gather; not every one can scatter.
        source = torch.full((math.prod(self.shape),), len(entries))
        source[entries] = torch.arange(len(entries))
        self.register_buffer("source", source)
        self.register_buffer("entries", entries, persistent=False)

    def forward(self, z: Tensor) -> Tensor:
        padded = nn.functional.pad(z, (0, 1))
        shown = self.write(padded[:, self.source].unflatten(1, self.shape))
        return shown if self.patch == 1 else nn.functional.pixel_shuffle(shown, self.patch)


def in_patches(features: Tensor, patch: int) -> Tensor:
    """(N, C, rows, columns) -> (N, C * patch^2, rows / patch, columns / patch): the places of a patch become channels.
    Channel c * patch^2 + i is channel c at place i of the patch, counted row by row."""
    return features if patch == 1 else nn.functional.pixel_unshuffle(features, patch)


@torch.no_grad()
def start_alike(read: nn.Conv2d, write: nn.Conv2d, gain: float) -> None:
    """Gives both 1x1 convolutions the same random directions, so that the decoder's first map is at first a part of the
    encoder's last map. gain: the standard deviation of the decoder's first map."""
    channels, features = read.weight.shape[:2]
    patterns = nn.functional.normalize(torch.randn(channels, features), dim=1)[:, :, None, None]
    read.weight.copy_(patterns)
    write.weight.copy_(patterns.transpose(0, 1) * (gain * (features / channels) ** 0.5))
    for convolution in (read, write):
        assert convolution.bias is not None
        nn.init.zeros_(convolution.bias)
