"""Latent vectors to bytes and back, with whichever codec lies in a model's file."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.autoencoders.saved import SavedAutoencoder
from ridgecode.codec.context_codec import ContextCodec, has_context
from ridgecode.codec.factorised_codec import FactorisedCodec
from ridgecode.errors import BadInput


class LatentCodec(Protocol):
    """Rounds latent vectors and codes them; decoding gives what the rounding left, the same on every machine.

    `encode`: (N, latent_dim) float -> a payload each. Raises ValueError for values beyond 24 bits of steps.
    `decode`: payloads -> (N, latent_dim) float32, rounded. Raises ValueError for bytes that can't be read to their end.
    `round`: (N, latent_dim) float -> float32: bit for bit what `decode` makes of `encode`'s payloads.
    `bits`: (N,) estimated bits of latent vectors, from the probabilities in the tables.
    """

    def encode(self, z: Tensor) -> list[bytes]: ...

    def decode(self, payloads: Sequence[bytes]) -> Tensor: ...

    def round(self, z: Tensor) -> Tensor: ...

    def bits(self, z: Tensor) -> NDArray[np.float64]: ...


def latent_codec(saved: SavedAutoencoder) -> LatentCodec:
    """That of a saved autoencoder: trained with it for a rate, or fitted to it behind the training.

    Raises BadInput where it has none, or one that does not fit.
    """
    if not saved.codec:
        raise BadInput(
            "this model has no codec; write a copy that has one with "
            "`ridgecode models fit-codec MODEL --data STORE --out FILE.safetensors`"
        )
    try:
        codec = ContextCodec(saved.codec) if has_context(saved.codec) else FactorisedCodec(saved.codec)
        if codec.latent_dim != saved.spec.latent_dim:
            raise ValueError(codec.latent_dim)
    except (KeyError, IndexError, RuntimeError, ValueError, TypeError) as error:
        raise BadInput(
            f"the model's codec does not fit its own description ({type(error).__name__}); copy the model again"
        ) from error
    return codec
