"""The ResNet autoencoder of lightning-bolts 0.7.0 for 1-channel images, with the same parameter names.

Source: `pl_bolts.models.autoencoders.AE` (its architecture, so that its weights load here); He et al., "Deep Residual
Learning for Image Recognition", arXiv 1512.03385. The encoder averages its last map to 1x1 and the decoder starts from
a 4x4 seed stretched by nearest neighbour: at 96x96 both throw ridge phase away, which is why whole prints fail with it.
`pooling` and `seed_size` undo one each.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from ridgecode.autoencoders.protocol import Pooling, Reconstruction, pooled, to_grey


def _conv(n_in: int, n_out: int, size: int, stride: int = 1, scale: int = 1) -> nn.Module:
    """A convolution without bias that keeps the size, divides it by `stride`, or multiplies it by `scale` first."""
    conv = nn.Conv2d(n_in, n_out, size, stride=stride, padding=size // 2, bias=False)
    return conv if scale == 1 else nn.Sequential(nn.Upsample(scale_factor=scale, mode="nearest"), conv)


class Basic(nn.Module):
    """Two 3x3 convolutions around a shortcut.

    An encoder strides and widens in the first of them; a decoder (`decoding`) up-samples and narrows in the second.
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
    """1x1, 3x3, 1x1 convolutions around a shortcut, four times as wide at the ends; size changes in the 3x3 one."""

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
    """How many pixels of the image stand behind one place of the encoder's last and the decoder's first map, a side."""
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
    """(N, 1, H, W) -> (N, 512 * expansion): four residual layers and a global average, or the flat last map."""

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
    """(N, latent_dim) -> (N, 1, H, W) without a final activation: a seed map, stretched, then four residual layers."""

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
    """The bolts `AE` for square 1-channel images: `encoder`, `fc`, `decoder`, as bolts names them.

    backbone: "resnet18" (18.8 M parameters at 32x32 and 128 dims) or "resnet50".
    input_height: pixels a side; a multiple of 8 (16 with `maxpool1` or `first_conv`, 32 with both).
    logits: the decoder's output is read as logits (training with a BCE term).
    first_conv, maxpool1: bolts' own stems for large images; each halves every map, and makes it 4 times cheaper.
    pooling: "mean" as bolts has it, or "none": z is made of all of the last map, `input_height / map_step` a side.
    seed_size: side of the map that the decoder starts from, stretched to `input_height / map_step`; bolts has 4.
    Raises ValueError for an `input_height` that the decoder can't end at, another `pooling` or a `seed_size` below 1.
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
        return self.fc(self.encoder(x))

    def draw(self, z: Tensor) -> Tensor:
        """(N, latent_dim) -> x_hat as `forward` gives it."""
        return self.decoder(z)

    def decode(self, z: Tensor) -> Tensor:
        return to_grey(self.draw(z), self.logits)
