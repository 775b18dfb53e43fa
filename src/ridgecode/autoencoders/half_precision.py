"""Weights in 16-bit floats, which halve the size of a model's file."""

from collections.abc import Mapping

import torch
from torch import Tensor


def halved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors, floats with two or more axes converted to float16.

    Tensors of one axis stay as they are: biases, scales and running statistics of batch norms, the scale of latent
    vectors. They take a few kB, and a running variance may lie outside the range of float16 (6e-8 to 65,504), where it
    would become 0 or infinite. Raises ValueError where a weight becomes infinite or NaN.
    """
    halves = {
        name: value.half() if value.is_floating_point() and value.ndim > 1 else value for name, value in tensors.items()
    }
    for name, value in halves.items():
        if value.dtype == torch.float16 and not value.isfinite().all():
            raise ValueError(f"{name} holds values that no 16-bit float has")
    return halves
