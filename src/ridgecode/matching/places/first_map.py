"""The first map of a decoder: what its latent layer makes of a latent vector, frozen, for a head that reads it.

latent vector (latent_dim,) --latent layer--> map (channels, rows, columns), where each place stands for a part of the
print
"""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from ridgecode.autoencoders.full import FullAutoencoder
from ridgecode.autoencoders.grid_latent import GridWrite
from ridgecode.autoencoders.pca import PCA
from ridgecode.autoencoders.resnet import ResNetAutoencoder
from ridgecode.autoencoders.saved import Network
from ridgecode.errors import BadInput


class MapShape(NamedTuple):
    """What is needed to build a `FirstMap` again.

    latent_dim: numbers in a latent vector; channels, rows, columns: of the map
    latent_channels, patch: of a grid or of patches (autoencoders/grid_latent.py); both 0 of a linear layer
    """

    latent_dim: int
    channels: int
    rows: int
    columns: int
    latent_channels: int = 0
    patch: int = 0


class FirstMap(nn.Module):
    """(N, latent_dim) latent vectors -> (N, channels, rows, columns) maps. Its weights are never trained.

    entries: (latent_dim,) of a grid, as `GridWrite` takes them; None of a linear layer
    """

    def __init__(self, shape: MapShape, entries: Tensor | None = None) -> None:
        super().__init__()
        self.shape = shape
        grid = (shape.channels, shape.rows, shape.columns)
        self.layer: nn.Linear | GridWrite
        if shape.patch:
            if entries is None or len(entries) != shape.latent_dim:
                raise ValueError("a grid needs an entry for each latent dim")
            self.layer = GridWrite(grid, shape.latent_channels, entries, shape.patch)
        else:
            self.layer = nn.Linear(shape.latent_dim, shape.channels * shape.rows * shape.columns)
        self.requires_grad_(False)

    @classmethod
    def of(cls, net: Network) -> "FirstMap":
        """A copy of the start of a network's decoder. Raises BadInput for a PCA, which has no map."""
        if isinstance(net, PCA):
            raise BadInput("a PCA has no map that --head places could read; give --head mlp")
        if isinstance(net, FullAutoencoder):
            raise BadInput("no head reads the maps of --view full, which have any size; give a model of whole prints")
        if isinstance(net, ResNetAutoencoder):
            decoder = net.decoder
            side = decoder.seed_size
            layer: nn.Linear | GridWrite = decoder.linear
            shape = MapShape(net.latent_dim, decoder.seed_channels, side, side)
        else:
            layer = net.from_latent
            channels, rows, columns = net.seed
            written = (layer.shape[0], layer.patch) if isinstance(layer, GridWrite) else (0, 0)
            shape = MapShape(net.latent_dim, channels, rows, columns, *written)
        first = cls(shape, layer.entries if isinstance(layer, GridWrite) else None)
        first.layer.load_state_dict(layer.state_dict())
        return first

    @classmethod
    def empty(cls, shape: MapShape, source: Tensor | None) -> "FirstMap":
        """One whose weights are still to be loaded. source: the buffer of that name of a grid; None of a linear
        layer. Raises ValueError where they don't fit."""
        entries = None if source is None else (source < shape.latent_dim).nonzero()[:, 0]
        return cls(shape, entries)

    def forward(self, z: Tensor) -> Tensor:
        first = self.layer(z)
        grid = (self.shape.channels, self.shape.rows, self.shape.columns)
        return cast(Tensor, first) if self.shape.patch else torch.unflatten(first, 1, grid)


def has_first_map(net: Network) -> bool:
    """Whether the network's decoder starts from a map that a head can read."""
    return not isinstance(net, PCA | FullAutoencoder)
