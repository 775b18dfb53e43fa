"""Weights in 8-bit integers with a scale for each output channel: a quarter of the size of 32-bit floats.

A large weight w of a file is stored as two tensors: `NAME`, int8 of the weight's shape, and `NAME.scale`, float32
(outputs,). It is decoded when the file is read, w[i] = NAME[i] * NAME.scale[i], and computed with in float32. The scale
of an output is its largest absolute weight divided by 127, so that no weight is cut off and the error is at most half a
scale (symmetric quantisation by channel: Jacob et al., "Quantization and training of neural networks", CVPR 2018;
Krishnamoorthi, arXiv:1806.08342, section 3.1.2).

Small weights become 16-bit floats; tensors of one axis (biases, batch norms) stay as they are (see `halved`).
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from ridgecode.autoencoders.half_precision import halved

SCALE = ".scale"
"""Ends the name of the scales of the weight whose name is before it."""
LARGE = 1 << 17
"""Weights of at least so many numbers are stored in 8 bits. The others hold too little to matter for a file's size."""
_LARGEST = 127


def in_eight_bits(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors as a file stores them. Raises ValueError where a weight is infinite, NaN or beyond 16-bit floats."""
    stored: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if not value.is_floating_point() or value.ndim < 2 or value.numel() < LARGE:
            stored |= halved({name: value})
            continue
        weight = value.detach().float().cpu()
        if not weight.isfinite().all():
            raise ValueError(f"{name} holds values that no 8-bit integer has")
        largest = weight.flatten(1).abs().amax(1)
        scale = torch.where(largest > 0, largest / _LARGEST, 1.0)
        stored[name] = (weight / _by_output(scale, weight)).round().clamp(-_LARGEST, _LARGEST).to(torch.int8)
        stored[name + SCALE] = scale
    return stored


def decoded(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The reverse of `in_eight_bits`: a file's tensors with float32 in the place of integers and their scales.

    Tensors of a file without such integers come back as they are. Raises ValueError for scales of another shape.
    """
    tensors = dict(stored)
    for name in [name for name, value in stored.items() if value.dtype == torch.int8 and name + SCALE in stored]:
        scale, weight = tensors.pop(name + SCALE), stored[name]
        if scale.shape != weight.shape[:1] or weight.ndim < 2:
            raise ValueError(f"{name}{SCALE} has the shape {tuple(scale.shape)}, its weight {tuple(weight.shape)}")
        tensors[name] = weight.float() * _by_output(scale.float(), weight)
    return tensors


def _by_output(scale: Tensor, weight: Tensor) -> Tensor:
    """(outputs,) -> (outputs, 1, ..), of as many axes as `weight`."""
    return scale.view(-1, *[1] * (weight.ndim - 1))
