"""A faster copy of an autoencoder for encoding and decoding: batch norms are folded, weights lie in a faster order."""

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
"""The networks that `for_inference` has returned."""


def for_inference(net: Net) -> Net:
    """A copy of `net` in evaluation mode, without gradients. Its `encode` and `decode` are faster and give the same
    numbers up to rounding (below 1e-5). `net` is not changed, and its training may go on. A network that this function
    returned is returned itself, unless it was put back into training mode.

    In evaluation mode a batch norm is one factor and one offset for each channel. The second batch norm of a residual
    block directly follows a convolution, and is folded into it. The last one of the encoder is folded into the latent
    layer after it. All others follow a sum and precede a ReLU, so they stay. Weights of 4 axes are stored
    channels-last, the order that convolutions on processors and tensor cores compute in.
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
    """Changes `layer` so that its result for a map is what it was for the normalised map. `layer` may be a 1x1
    convolution of the map, or a linear layer of the flattened map or of its mean."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None and variance is not None and layer.bias is not None
    scale = norm.weight * torch.rsqrt(variance + norm.eps)
    offset = norm.bias - mean * scale
    weight = layer.weight.flatten(1).unflatten(1, (len(scale), -1))  # (dims, channels, places)
    layer.bias.data = layer.bias + (weight * offset[:, None]).sum((1, 2))
    layer.weight.data = (weight * scale[:, None]).reshape_as(layer.weight)
