"""The ResNet autoencoder of lightning-bolts 0.7.0 for 1-channel images, with the same parameter names.

Source: `pl_bolts.models.autoencoders.AE`, whose weights load here; He et al., "Deep Residual Learning for Image
Recognition", arXiv 1512.03385. The encoder averages its last map to 1x1, and the decoder starts from a 4x4 seed that is
enlarged by nearest neighbour. At 96x96 both lose the phase of ridges, so this network fails on whole prints. The option
`pooling` avoids the first loss, `seed_size` the second.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from ridgecode.autoencoders.pooling import Pooling, pooled
from ridgecode.autoencoders.reconstruction import Reconstruction, to_grey


def _conv(n_in: int, n_out: int, size: int, stride: int = 1, scale: int = 1) -> nn.Module:
    """A convolution without bias. It divides height and width by `stride`, or first enlarges them `scale` times."""
    conv = nn.Conv2d(n_in, n_out, size, stride=stride, padding=size // 2, bias=False)
    return conv if scale == 1 else nn.Sequential(nn.Upsample(scale_factor=scale, mode="nearest"), conv)


class Basic(nn.Module):
    """Two 3x3 convolutions around a shortcut.

    In an encoder the first of them strides and changes the number of channels; in a decoder (`decoding`) the second
    one up-samples and changes it.
    """

    expansion = 1

    def __init__(
        self, n_in: int, planes: int, stride: int, scale: int, shortcut: nn.Module | None, decoding: bool
    ) -> None:
        super().__init__()
        middle = n_in if decoding else planes
        self.conv1 = _conv(n_in, middle, 3, stride)
        self.bn1 = nn.BatchNorm2d(middle)
        self.conv2 = _conv(middle, planes, 3, scale=scale)
        self.bn2 = nn.BatchNorm2d(planes)
        _name_shortcut(self, shortcut, decoding)

    def forward(self, x: Tensor) -> Tensor:
        out = torch.relu_(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return torch.relu_(out + _shortcut(self, x))


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions around a shortcut. The block's input and output have four times the channels of its
    middle; the 3x3 convolution strides or up-samples."""

    expansion = 4

    def __init__(
        self, n_in: int, planes: int, stride: int, scale: int, shortcut: nn.Module | None, decoding: bool
    ) -> None:
        super().__init__()
        self.conv1 = _conv(n_in, planes, 1)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = _conv(planes, planes, 3, stride, scale)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = _conv(planes, planes * self.expansion, 1)
        self.bn3 = nn.BatchNorm2d(planes * self.expansion)
        _name_shortcut(self, shortcut, decoding)

    def forward(self, x: Tensor) -> Tensor:
        out = torch.relu_(self.bn1(self.conv1(x)))
        out = torch.relu_(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return torch.relu_(out + _shortcut(self, x))


def _name_shortcut(block: nn.Module, shortcut: nn.Module | None, decoding: bool) -> None:
    # bolts calls the encoder's projection `downsample` and the decoder's `upsample`; its checkpoints hold those names.
    block.add_module("upsample" if decoding else "downsample", shortcut)


def _shortcut(block: nn.Module, x: Tensor) -> Tensor:
    projection = block._modules.get("upsample") or block._modules.get("downsample")
    return x if projection is None else projection(x)


Block = type[Basic] | type[Bottleneck]
SEED_SIZE = 4
DEPTHS: dict[str, tuple[Block, tuple[int, int, int, int]]] = {
    "resnet18": (Basic, (2, 2, 2, 2)),
    "resnet50": (Bottleneck, (3, 4, 6, 3)),
}


def map_step(first_conv: bool, maxpool1: bool) -> int:
    """How many pixels a side one place of the encoder's last map, or of the decoder's first map, stands for."""
    return 8 * (2 if maxpool1 else 1) * (2 if first_conv else 1)


def _layer(
    block: Block, n_in: int, planes: int, blocks: int, decoding: bool, stride: int = 1, scale: int = 1
) -> nn.Sequential:
    n_out = planes * block.expansion
    shortcut = None
    if stride != 1 or scale != 1 or n_in != n_out:
        shortcut = nn.Sequential(_conv(n_in, n_out, 1, stride, scale), nn.BatchNorm2d(n_out))
    first = block(n_in, planes, stride, scale, shortcut, decoding)
    return nn.Sequential(first, *(block(n_out, planes, 1, 1, None, decoding) for _ in range(1, blocks)))


class ResNetEncoder(nn.Module):
    """Four residual layers, (N, 1, H, W) -> (N, 512 * expansion), the mean of the last map, or the flattened last
    map."""

    def __init__(
        self,
        block: Block,
        blocks: tuple[int, int, int, int],
        first_conv: bool,
        maxpool1: bool,
        pooling: Pooling = "mean",
    ) -> None:
        super().__init__()
        self.pooling = pooling
        self.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False) if first_conv else nn.Conv2d(1, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1) if maxpool1 else nn.Identity()
        layer: Callable[..., nn.Sequential] = partial(_layer, block, decoding=False)
        wide = block.expansion
        self.layer1 = layer(64, 64, blocks[0])
        self.layer2 = layer(64 * wide, 128, blocks[1], stride=2)
        self.layer3 = layer(128 * wide, 256, blocks[2], stride=2)
        self.layer4 = layer(256 * wide, 512, blocks[3], stride=2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(torch.relu_(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return pooled(x, self.pooling)


class ResNetDecoder(nn.Module):
    """(N, latent_dim) -> (N, 1, H, W) without a final activation: a seed map, enlarged, then four residual layers."""

    def __init__(
        self,
        block: Block,
        blocks: tuple[int, int, int, int],
        latent_dim: int,
        input_height: int,
        first_conv: bool,
        maxpool1: bool,
        seed_size: int = SEED_SIZE,
    ) -> None:
        super().__init__()
        wide = block.expansion
        self.seed_channels, self.seed_size = 512 * wide, seed_size
        self.linear = nn.Linear(latent_dim, self.seed_channels * seed_size * seed_size)
        self.stretch = nn.Upsample(size=input_height // map_step(first_conv, maxpool1), mode="nearest")
        layer: Callable[..., nn.Sequential] = partial(_layer, block, decoding=True)
        self.layer1 = layer(self.seed_channels, 256, blocks[0], scale=2)
        self.layer2 = layer(256 * wide, 128, blocks[1], scale=2)
        self.layer3 = layer(128 * wide, 64, blocks[2], scale=2)
        self.layer4 = layer(64 * wide, 64, blocks[3], scale=2 if maxpool1 else 1)
        self.upscale = nn.Upsample(scale_factor=2, mode="nearest") if first_conv else nn.Identity()
        self.conv1 = nn.Conv2d(64 * wide, 1, 3, 1, 1, bias=False)

    def forward(self, z: Tensor) -> Tensor:
        x = self.stretch(self.linear(z).view(-1, self.seed_channels, self.seed_size, self.seed_size))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.conv1(self.upscale(x))


class ResNetAutoencoder(nn.Module):
    """The bolts `AE` for square 1-channel images, (N, 1, H, H) in [0, 1]. Its parts are named as in bolts: `encoder`,
    `fc`, `decoder`.

    backbone: "resnet18" (18.8 M parameters at 32x32 and 128 dims) or "resnet50".
    input_height: pixels a side; a multiple of 8 (16 with `maxpool1` or `first_conv`, 32 with both).
    logits: the decoder's output is read as logits (training with a BCE term).
    first_conv, maxpool1: options of bolts for large images; each halves the sides of all maps, at a quarter of the
    cost.
    pooling: "mean", as in bolts: z is computed from the mean of the last map. "none": from all of that map, which has
        `input_height / map_step` places a side.
    seed_size: places a side of the map that the decoder starts from and enlarges to `input_height / map_step`; bolts
        has 4.
    Raises ValueError for an `input_height` that is no such multiple, another `pooling`, or a `seed_size` below 1.
    """

    def __init__(
        self,
        backbone: str,
        input_height: int,
        latent_dim: int,
        logits: bool = False,
        first_conv: bool = False,
        maxpool1: bool = False,
        pooling: Pooling = "mean",
        seed_size: int = SEED_SIZE,
    ) -> None:
        super().__init__()
        multiple = map_step(first_conv, maxpool1)
        if input_height % multiple:
            raise ValueError(f"input_height {input_height} is not a multiple of {multiple}")
        if seed_size < 1:
            raise ValueError(f"seed_size {seed_size} is below 1")
        block, blocks = DEPTHS[backbone]
        self.latent_dim, self.logits = latent_dim, logits
        self.encoder = ResNetEncoder(block, blocks, first_conv, maxpool1, pooling)
        side = input_height // multiple
        features = pooled(torch.zeros(1, 512 * block.expansion, side, side), pooling).shape[1]
        self.fc = nn.Linear(features, latent_dim)
        self.decoder = ResNetDecoder(block, blocks, latent_dim, input_height, first_conv, maxpool1, seed_size)

    def forward(self, x: Tensor) -> Reconstruction:
        z = self.encode(x)
        return Reconstruction(self.draw(z), z)

    def encode(self, x: Tensor) -> Tensor:
        """(N, 1, H, H) -> (N, latent_dim)."""
        return self.fc(self.encoder(x))

    def draw(self, z: Tensor) -> Tensor:
        """(N, latent_dim) -> x_hat as in `Reconstruction`: logits or grey values."""
        return self.decoder(z)

    def decode(self, z: Tensor) -> Tensor:
        """(N, latent_dim) -> (N, 1, H, H) in [0, 1]."""
        return to_grey(self.draw(z), self.logits)
