"""Prints as the tensors that a network takes."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.prints.views import View


def windows(prints: NDArray[np.uint8], view: View) -> Tensor:
    """(N, H, W) uint8 prints -> the view's windows, (N, 1, height, width) float32 in [0, 1]."""
    return torch.from_numpy(view.take(prints)).unsqueeze(1).float().div_(255)
