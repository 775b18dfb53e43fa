"""Our autoencoder: a small convolutional network whose maps keep every place of the print up to the latent vector.

It differs from the ResNet autoencoder in this (docs/autoencoder.md has the measurements):
- pixel unshuffling by 4 turns 4x4 pixels into 16 channels without loss, so that convolutions work on small maps;
- the last map is flattened, not averaged, so that the phase of ridges is kept;
- the decoder mirrors the encoder, with pixel shuffling at its end (Shi et al., arXiv 1609.05158);
- its blocks are pre-activation residual blocks (He et al., arXiv 1603.05027) with batch norm. Without batch norm,
  training stays where each pixel is its local mean.
"""

import math

import torch
from torch import Tensor, nn

from ridgecode.autoencoders.grid_latent import GridRead, GridWrite, central_entries, start_alike
from ridgecode.autoencoders.names import LatentLayer, Pooling
from ridgecode.autoencoders.pooling import pooled
from ridgecode.autoencoders.reconstruction import Reconstruction

PATCH = 4
"""Places a side of a patch."""
UNSHUFFLE = 4
"""Pixels a side that one place of the first map stands for."""
LATENT_GAIN = 8.0
"""Three times the standard deviation of the decoder's first map before training."""


class ResidualBlock(nn.Module):
    """x + conv(relu(bn(conv(relu(bn(x)))))) with 3x3 convolutions, (N, channels, h, w) of any size."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        nn.init.zeros_(self.conv2.weight)  # each block starts as the identity (Goyal et al., arXiv 1706.02677)

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv1(torch.relu(self.bn1(x)))
        return x + self.conv2(torch.relu(self.bn2(out)))


def bodies(widths: tuple[int, ...], blocks: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Encoder and decoder without their latent layers: (N, 1, height, width) -> (N, widths[-1], rows, columns), and
    back to logits of (N, 1, height, width), for images of any size that divides down to the last scale.

    widths: channels at each scale; blocks: residual blocks at each scale
    """
    down: list[nn.Module] = [nn.PixelUnshuffle(UNSHUFFLE), nn.Conv2d(UNSHUFFLE**2, widths[0], 3, padding=1)]
    up: list[nn.Module] = []
    for i, channels in enumerate(widths):
        if i:
            down.append(nn.Conv2d(widths[i - 1], channels, 2, stride=2))
            up.append(nn.ConvTranspose2d(channels, widths[i - 1], 2, stride=2))
        down += [ResidualBlock(channels) for _ in range(blocks)]
        up += [ResidualBlock(channels) for _ in range(blocks)]
    # No ReLU before the latent layer: it would set half of the map's values to 0, and training would stay longer at
    # local means.
    down.append(nn.BatchNorm2d(widths[-1]))
    up = [*up[::-1], nn.BatchNorm2d(widths[0]), nn.ReLU()]
    up += [nn.Conv2d(widths[0], UNSHUFFLE**2, 3, padding=1), nn.PixelShuffle(UNSHUFFLE)]
    return nn.Sequential(*down), nn.Sequential(*up)


def block_weights(net: nn.Module) -> list[Tensor]:
    """The weights of the residual blocks' 3x3 convolutions, which do most of the arithmetic."""
    blocks = (module for module in net.modules() if isinstance(module, ResidualBlock))
    return [convolution.weight for block in blocks for convolution in (block.conv1, block.conv2)]


class RidgeAutoencoder(nn.Module):
    """(N, 1, height, width) in [0, 1] <-> (N, latent_dim).

    widths: channels at each scale. The map of the first scale has a quarter of the image's side (8x8 for crop32), each
        further one half of the one before.
    blocks: residual blocks at each scale, in the encoder and in the decoder.
    logits: `forward` gives logits (for training with a BCE term) instead of grey values. Grey values are the sigmoid of
        logits in both cases: most pixels of a print are near black or near white, and with a linear output training
        stays longer where each pixel is its local mean.
    pooling, seed_size: as in the bolts autoencoder, for comparison. Pooling "mean" averages the last map to one value a
        channel before the latent layer; "none" keeps all places. A decoder with a `seed_size` above 0 starts from a map
        of so many places a side and enlarges it by nearest neighbour; with 0 it starts from the full map.
    latent_layer: "grid" computes latent dims from each place of the last map with the same weights, and the decoder's
        first map from them in the same way; "patches" does so for patches of 4x4 places (grid_latent.py); "linear" has
        other weights at each place.
    local_start: for a linear layer. At first each latent dim depends on one region of the last map, and sets the same
        region of the decoder's first map, with the same weights in all regions. So the convolutions learn ridges for
        all regions together. Otherwise the layer has to learn them at each place (36 on a whole print) anew.
    Raises ValueError where `height` or `width` can't be divided down to the last scale, `seed_size` is larger than the
        last map, `pooling` is another, or a grid or patches are combined with pooling or a seed.
    """

    to_latent: nn.Linear | GridRead
    from_latent: nn.Linear | GridWrite

    def __init__(
        self,
        height: int,
        width: int,
        latent_dim: int,
        logits: bool = False,
        widths: tuple[int, ...] = (64, 128),
        blocks: int = 2,
        pooling: Pooling = "none",
        seed_size: int = 0,
        local_start: bool = True,
        latent_layer: LatentLayer = "linear",
    ) -> None:
        super().__init__()
        step = UNSHUFFLE * 2 ** (len(widths) - 1)
        if height % step or width % step:
            raise ValueError(f"{height}x{width} pixels do not divide by {step}")
        self.latent_dim, self.logits, self.pooling = latent_dim, logits, pooling
        self.grid = (widths[-1], height // step, width // step)
        if not 0 <= seed_size <= min(self.grid[1:]):
            raise ValueError(f"seed_size {seed_size} is not within 0 to {min(self.grid[1:])}")
        self.seed = (widths[-1], seed_size, seed_size) if seed_size else self.grid
        self.stretch = nn.Identity() if self.seed == self.grid else nn.Upsample(size=self.grid[1:], mode="nearest")
        features = pooled(torch.zeros(1, *self.grid), pooling).shape[1]

        self.encoder, self.decoder = bodies(widths, blocks)
        self.latent_layer = latent_layer
        self.patch = PATCH if latent_layer == "patches" else 1
        if latent_layer == "linear":
            self._set_linear(features, local_start)
        else:
            if pooling != "none" or seed_size or self.grid[1] % self.patch or self.grid[2] % self.patch:
                raise ValueError("a grid keeps every place: no pooling, no seed, and whole patches")
            read, write = self.set_latent_grid(central_entries(latent_dim, *self.patches))
            start_alike(read.read, write.write, LATENT_GAIN / 3)

    @property
    def patches(self) -> tuple[int, int]:
        """Rows and columns of patches; of places where the latent layer has no patches."""
        return self.grid[1] // self.patch, self.grid[2] // self.patch

    def set_latent_grid(self, entries: Tensor) -> tuple[GridRead, GridWrite]:
        """Replaces the latent layer by one with fresh weights, and returns both of its ends.

        entries: (latent_dim,) indices into the flattened latent map (channels, rows, columns), distinct and rising.
        Raises ValueError where they are not, or where they take more channels than there are dims.
        """
        places = math.prod(self.patches)
        rising = len(entries) == self.latent_dim and bool((entries.diff() > 0).all())
        if not rising or not 0 <= int(entries[0]) <= int(entries[-1]) < self.latent_dim * places:
            raise ValueError("not the entries of a latent grid")
        channels = int(entries[-1]) // places + 1
        read = GridRead(self.grid, channels, entries, self.patch)
        write = GridWrite(self.grid, channels, entries, self.patch)
        self.to_latent, self.from_latent = read, write
        return read, write

    def _set_linear(self, features: int, local_start: bool) -> None:
        to_latent = self.to_latent = nn.Linear(features, self.latent_dim)
        from_latent = self.from_latent = nn.Linear(self.latent_dim, math.prod(self.seed))
        # With torch's own, smaller weights the biases outweigh the latent vector, and the decoder first learns one
        # blurred image for all prints; with larger weights it learns ridges sooner.
        bound = LATENT_GAIN * self.latent_dim**-0.5
        nn.init.uniform_(from_latent.weight, -bound, bound)
        # Regions a side: no more than either map has places or the latent vector has dims.
        dims = 1 if self.pooling == "mean" else self.latent_dim
        sides = (*self.grid[1:], *self.seed[1:], math.isqrt(self.latent_dim), dims)
        if local_start and min(sides) > 1:
            self._start_locally(min(sides), to_latent.weight, from_latent.weight)

    @torch.no_grad()
    def _start_locally(self, regions: int, to_latent: Tensor, from_latent: Tensor) -> None:
        """Sets the weights of `local_start`. There are `regions`^2 regions, counted row by row; dim i belongs to region
        i mod `regions`^2. Dims of one region have different random weights."""
        to_latent = to_latent.zero_().view(-1, *self.grid)
        from_latent = from_latent.zero_().view(*self.seed, -1)
        for start in range(0, self.latent_dim, regions**2):
            read_pattern, write_pattern = (
                torch.randn(shape[0], -(-shape[1] // regions), -(-shape[2] // regions))
                for shape in (self.grid, self.seed)
            )
            if self.seed == self.grid:
                write_pattern = read_pattern  # at first the decoder's map is a part of the encoder's
            for place, dim in enumerate(range(start, min(start + regions**2, self.latent_dim))):
                for weight, pattern in ((to_latent[dim], read_pattern), (from_latent[..., dim], write_pattern)):
                    rows, columns = (
                        slice(part * side // regions, (part + 1) * side // regions)
                        for part, side in zip(divmod(place, regions), weight.shape[1:], strict=True)
                    )
                    region = weight[:, rows, columns]
                    region.copy_(pattern[:, : region.shape[1], : region.shape[2]])
                    region.div_(region.norm())
        # The decoder's first map gets the same standard deviation as with the weights above: a third of the gain.
        from_latent.mul_(LATENT_GAIN / 3 * math.sqrt(math.prod(self.seed) / self.latent_dim))

    def forward(self, x: Tensor) -> Reconstruction:
        z = self.encode(x)
        return Reconstruction(self.draw(z), z)

    def encode(self, x: Tensor) -> Tensor:
        """(N, 1, height, width) -> (N, latent_dim)."""
        features = self.encoder(x)
        return self.to_latent(pooled(features, self.pooling) if self.latent_layer == "linear" else features)

    def draw(self, z: Tensor) -> Tensor:
        """(N, latent_dim) -> x_hat as in `Reconstruction`: logits or grey values."""
        logits = self._logits(z)
        return logits if self.logits else logits.float().sigmoid()

    def decode(self, z: Tensor) -> Tensor:
        """(N, latent_dim) -> (N, 1, height, width) in [0, 1]."""
        return self._logits(z).float().sigmoid()

    def _logits(self, z: Tensor) -> Tensor:
        first = self.from_latent(z)
        return self.decoder(self.stretch(first.unflatten(1, self.seed)) if self.latent_layer == "linear" else first)
