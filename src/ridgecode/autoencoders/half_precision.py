"""Weights in 16-bit floats: half the file, for a model that is kept or sent."""

from collections.abc import Mapping

import torch
from torch import Tensor


def halved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors, those of two or more axes as float16.

    What has one axis stays as it is: biases, a batch norm's scales and running statistics, the scale of latent vectors.
    They are a few kB, and a running variance may lie beyond what float16 holds (6e-8 to 65,504): it would become 0 or
    infinite. Raises ValueError where a weight does.
    """
    halves = {
        name: value.half() if value.is_floating_point() and value.ndim > 1 else value for name, value in tensors.items()
    }
    for name, value in halves.items():
        if value.dtype == torch.float16 and not value.isfinite().all():
            raise ValueError(f"{name} holds values that no 16-bit float has")
    return halves
