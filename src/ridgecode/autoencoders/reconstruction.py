"""What a network's forward pass gives, and its grey values."""

from typing import NamedTuple

from torch import Tensor


class Reconstruction(NamedTuple):
    """The result of a forward pass.

    x_hat: (N, 1, H, W) float, the decoder's output before it is brought to [0, 1]: logits of a network trained with a
        BCE term, grey values of all others. Losses are computed on it.
    z: (N, latent_dim) float, the latent vectors.
    """

    x_hat: Tensor
    z: Tensor


def to_grey(raw: Tensor, logits: bool) -> Tensor:
    """A decoder's output of any range -> grey values in [0, 1], of the same shape: the sigmoid of logits, clamped grey
    values otherwise."""
    return raw.sigmoid() if logits else raw.clamp(0.0, 1.0)
