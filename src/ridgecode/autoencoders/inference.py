"""The same autoencoder for encoding and decoding alone: batch norm folded where it can be, memory in a fast order."""

from copy import deepcopy
from typing import TypeVar
from weakref import WeakSet

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ridgecode.autoencoders.grid_latent import GridRead
from ridgecode.autoencoders.ridge import ResidualBlock, RidgeAutoencoder

Net = TypeVar("Net", bound=nn.Module)
_made = WeakSet[nn.Module]()


def for_inference(net: Net) -> Net:
    """A copy of `net` in evaluation mode, without gradients, whose `encode` and `decode` are faster and give the same
    numbers but for rounding (below 1e-5). `net` itself stays as it is, and so may go on being trained; one that was
    made here is returned itself, as long as nobody has put it back into training.

    In evaluation mode a batch norm is one factor and one offset a channel. A residual block's second follows a
    convolution directly and is folded into it; the encoder's last is folded into the latent layer behind it. The others
    follow a sum and precede a ReLU, so they stay. 4-dimensional weights lie channels-last, which convolutions on
    processors and tensor cores take as they are.
    """
    if net in _made and not net.training:
        return net
    copy = deepcopy(net).eval().requires_grad_(False)
    for module in copy.modules():
        if isinstance(module, ResidualBlock) and isinstance(module.bn2, nn.BatchNorm2d):
            module.conv1 = fuse_conv_bn_eval(module.conv1, module.bn2)
            module.bn2 = nn.Identity()  # type: ignore[assignment]
    if isinstance(copy, RidgeAutoencoder) and isinstance(copy.encoder[-1], nn.BatchNorm2d):
        latent = copy.to_latent
        _fold(copy.encoder[-1], latent.read if isinstance(latent, GridRead) else latent)
        copy.encoder[-1] = nn.Identity()
    for parameter in copy.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    _made.add(copy)
    return copy


def _fold(norm: nn.BatchNorm2d, layer: nn.Linear | nn.Conv2d) -> None:
    """Changes `layer` so that it gives of a map what it gave of the normalised map: as it is (a 1x1 convolution),
    flattened, or averaged to one value a channel."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None and variance is not None and layer.bias is not None
    scale = norm.weight * torch.rsqrt(variance + norm.eps)
    offset = norm.bias - mean * scale
    weight = layer.weight.flatten(1).unflatten(1, (len(scale), -1))  # (dims, channels, places)
    layer.bias.data = layer.bias + (weight * offset[:, None]).sum((1, 2))
    layer.weight.data = (weight * scale[:, None]).reshape_as(layer.weight)
