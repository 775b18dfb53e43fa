"""Our autoencoder: a small convolutional network that keeps a spatial grid down to the latent vector.

What it does differently from the ResNet autoencoder, and why (docs/autoencoder.md has the measurements): pixel
unshuffling by 4 trades resolution for channels at no loss, so that every convolution works on an eighth of the side;
the last map is flattened instead of averaged, so that ridge phase survives; the decoder mirrors the encoder with pixel
shuffling (Shi et al., arXiv 1609.05158); blocks are pre-activation residual ones (He et al., arXiv 1603.05027) with
batch norm, without which training stays on the plateau of local means.
"""

import math
from typing import Literal

import torch
from torch import Tensor, nn

from ridgecode.autoencoders.grid_latent import GridRead, GridWrite, central_entries, start_alike
from ridgecode.autoencoders.protocol import Pooling, Reconstruction, pooled

LatentLayer = Literal["grid", "patches", "linear"]
PATCH = 4

UNSHUFFLE = 4
LATENT_GAIN = 8.0


class ResidualBlock(nn.Module):
    """x + conv(relu(bn(conv(relu(bn(x)))))), 3x3, same shape."""

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


class RidgeAutoencoder(nn.Module):
    """(N, 1, height, width) in [0, 1] <-> (N, latent_dim).

    widths: channels at each scale; the first scale is a quarter of the side (8x8 for crop32), each further one half
        of the one before. `blocks` residual blocks stand at every scale, in the encoder and in the decoder.
    logits: `forward` gives logits (training with a BCE term) instead of grey values; either way the decoder ends in a
        sigmoid, since most pixels of a print are near black or near white: with a linear end training stays longer on
        the plateau of local means.
    pooling, seed_size: what the bolts autoencoder does, for comparison. "mean" averages the last map to one value a
        channel before the latent vector; a decoder that starts from `seed_size` places a side has them stretched by
        nearest neighbour to its first map. "none" and 0 keep all places.
    latent_layer: "grid" reads latent dims off the last map with the same weights at every place, and writes them to the
        decoder's first map alike; "patches" does so with patches of 4x4 places (grid_latent.py); "linear" has weights
        of its own for every place.
    local_start: of a linear layer: at first each latent dim draws on one region of the last map and writes to the same
        region of the decoder's first, with the same weights in every region. A linear layer that starts everywhere has
        to find each place's ridges by itself (36 of them on a whole print); so the convolutions around it find them for
        all at once.
    Raises ValueError where `height` or `width` does not divide down to the last scale, `seed_size` is more than that
    scale has, `pooling` is another, or a grid or patches are asked for with a pooling or a seed.
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

        down: list[nn.Module] = [nn.PixelUnshuffle(UNSHUFFLE), nn.Conv2d(UNSHUFFLE**2, widths[0], 3, padding=1)]
        up: list[nn.Module] = []
        for i, channels in enumerate(widths):
            if i:
                down.append(nn.Conv2d(widths[i - 1], channels, 2, stride=2))
                up.append(nn.ConvTranspose2d(channels, widths[i - 1], 2, stride=2))
            down += [ResidualBlock(channels) for _ in range(blocks)]
            up += [ResidualBlock(channels) for _ in range(blocks)]
        # No ReLU before the latent vector: it would lose half of what the grid says, and training would stay longer on
        # its first plateau.
        down.append(nn.BatchNorm2d(widths[-1]))
        up = [*up[::-1], nn.BatchNorm2d(widths[0]), nn.ReLU()]
        up += [nn.Conv2d(widths[0], UNSHUFFLE**2, 3, padding=1), nn.PixelShuffle(UNSHUFFLE)]
        self.encoder = nn.Sequential(*down)
        self.decoder = nn.Sequential(*up)
        self.latent_layer = latent_layer
        self.patch = PATCH if latent_layer == "patches" else 1
        if latent_layer == "linear":
            self._set_linear(features, local_start)
        else:
            if pooling != "none" or seed_size or self.grid[1] % self.patch or self.grid[2] % self.patch:
                raise ValueError("a grid keeps every place: no pooling, no seed, and whole patches")
            start_alike(*self.set_latent_grid(central_entries(latent_dim, *self.patches)), LATENT_GAIN / 3)

    @property
    def patches(self) -> tuple[int, int]:
        """Rows and columns of patches, or of places where a patch is one."""
        return self.grid[1] // self.patch, self.grid[2] // self.patch

    def set_latent_grid(self, entries: Tensor) -> tuple[GridRead, GridWrite]:
        """A latent layer with fresh weights whose dims are `entries` of the flattened (channels, rows, columns) latent
        map, distinct and rising. Raises ValueError where they are not, or where they are more channels than dims."""
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
        # At torch's own scale the latent vector is a whisper beside the biases, and the decoder first learns one grey
        # blur for all prints; louder from the start, ridges are found sooner.
        bound = LATENT_GAIN * self.latent_dim**-0.5
        nn.init.uniform_(from_latent.weight, -bound, bound)
        # As many regions a side as both ends and the latent vector can tell apart.
        dims = 1 if self.pooling == "mean" else self.latent_dim
        sides = (*self.grid[1:], *self.seed[1:], math.isqrt(self.latent_dim), dims)
        if local_start and min(sides) > 1:
            self._start_locally(min(sides), to_latent.weight, from_latent.weight)

    @torch.no_grad()
    def _start_locally(self, regions: int, to_latent: Tensor, from_latent: Tensor) -> None:
        """Dim i belongs to region i mod `regions`^2, row by row; dims of one region differ in their random weights."""
        to_latent = to_latent.zero_().view(-1, *self.grid)
        from_latent = from_latent.zero_().view(*self.seed, -1)
        for start in range(0, self.latent_dim, regions**2):
            reads, writes = (
                torch.randn(shape[0], -(-shape[1] // regions), -(-shape[2] // regions))
                for shape in (self.grid, self.seed)
            )
            if self.seed == self.grid:
                writes = reads  # so that at first the decoder is shown a part of what the encoder saw
            for place, dim in enumerate(range(start, min(start + regions**2, self.latent_dim))):
                for weight, pattern in ((to_latent[dim], reads), (from_latent[..., dim], writes)):
                    rows, columns = (
                        slice(part * side // regions, (part + 1) * side // regions)
                        for part, side in zip(divmod(place, regions), weight.shape[1:], strict=True)
                    )
                    region = weight[:, rows, columns]
                    region.copy_(pattern[:, : region.shape[1], : region.shape[2]])
                    region.div_(region.norm())
        # The decoder's first map is as loud as with the weights above: its standard deviation is a third of the gain.
        from_latent.mul_(LATENT_GAIN / 3 * math.sqrt(math.prod(self.seed) / self.latent_dim))

    def block_weights(self) -> list[Tensor]:
        """The 3x3 convolutions of the residual blocks: the hidden layers, which hold most of the arithmetic."""
        blocks = (module for module in self.modules() if isinstance(module, ResidualBlock))
        return [convolution.weight for block in blocks for convolution in (block.conv1, block.conv2)]

    def forward(self, x: Tensor) -> Reconstruction:
        z = self.encode(x)
        return Reconstruction(self.draw(z), z)

    def encode(self, x: Tensor) -> Tensor:
        features = self.encoder(x)
        return self.to_latent(pooled(features, self.pooling) if self.latent_layer == "linear" else features)

    def draw(self, z: Tensor) -> Tensor:
        """(N, latent_dim) -> x_hat as `forward` gives it: logits, or grey values."""
        logits = self._logits(z)
        return logits if self.logits else logits.float().sigmoid()

    def decode(self, z: Tensor) -> Tensor:
        return self._logits(z).float().sigmoid()

    def _logits(self, z: Tensor) -> Tensor:
        first = self.from_latent(z)
        return self.decoder(self.stretch(first.unflatten(1, self.seed)) if self.latent_layer == "linear" else first)
