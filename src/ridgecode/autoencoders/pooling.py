"""How the encoder's last map becomes the input of its latent layer: averaged over all places, or flattened."""

from torch import Tensor

from ridgecode.autoencoders.names import Pooling


def pooled(features: Tensor, pooling: Pooling) -> Tensor:
    """(N, C, h, w) -> (N, C), the mean over all places, which loses where on the print anything is, for "mean"; or
    (N, C * h * w) for "none".

    Raises ValueError for another `pooling`.
    """
    if pooling not in ("mean", "none"):
        raise ValueError(f"unknown pooling {pooling!r}; known are mean and none")
    return features.mean((2, 3)) if pooling == "mean" else features.flatten(1)
