"""What every autoencoder here offers."""

from typing import Literal, NamedTuple, Protocol

from torch import Tensor

# How an encoder's last map becomes the latent vector's input: its mean over all places, or all of it.
Pooling = Literal["mean", "none"]


class Reconstruction(NamedTuple):
    """What a forward pass gives.

    x_hat: (N, 1, H, W) float, the decoder's own output before it is brought to [0, 1]: grey values for distortions on
        pixels, logits for a network trained with a BCE term. Losses are taken on it.
    z: (N, latent_dim) float, the latent vectors.
    """

    x_hat: Tensor
    z: Tensor


class AutoencoderNetwork(Protocol):
    """`encode`: (N, 1, H, W) float in [0, 1] -> (N, latent_dim). `decode`: (N, latent_dim) -> (N, 1, H, W) in [0, 1].

    Calling the module gives a `Reconstruction`. `logits` is True where the decoder's own output is read as logits.
    """

    latent_dim: int
    logits: bool

    def __call__(self, x: Tensor) -> Reconstruction: ...

    def encode(self, x: Tensor) -> Tensor: ...

    def decode(self, z: Tensor) -> Tensor: ...


def pooled(features: Tensor, pooling: Pooling) -> Tensor:
    """An encoder's last map (N, C, h, w) -> (N, C) means, which no longer tell where anything was, or (N, C * h * w).

    Raises ValueError for another `pooling`.
    """
    if pooling not in ("mean", "none"):
        raise ValueError(f"unknown pooling {pooling!r}; known are mean and none")
    return features.mean((2, 3)) if pooling == "mean" else features.flatten(1)


def to_grey(raw: Tensor, logits: bool) -> Tensor:
    """Decoder output of any range -> grey values in [0, 1]: a sigmoid for logits, else a clamp. Shape is kept."""
    return raw.sigmoid() if logits else raw.clamp(0.0, 1.0)
