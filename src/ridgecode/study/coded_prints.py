"""Prints as they come back from the bytes of their coded latent vectors."""

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.autoencoders.saved import SavedAutoencoder
from ridgecode.codec.latent_codec import LatentCodec, latent_codec
from ridgecode.codec.ridge_file import BESIDE_ONE_PRINT
from ridgecode.study.autoencoder_training import windows
from ridgecode.study.reconstruction_figures import decode_vectors, encode_windows, own_pixels


@dataclass(frozen=True)
class CodedPrints:
    """N prints through bytes. codec: what coded them; z: (N, latent_dim), as it was before; payloads: N; x_hat: float32
    (N, rows, columns) in [0, 1], what these decode to. encode_ms, decode_ms: a print's share of the time, of network
    and coding together, with torch's present threads."""

    codec: LatentCodec
    z: Tensor
    payloads: list[bytes]
    x_hat: NDArray[np.float32]
    encode_ms: float
    decode_ms: float

    @property
    def payload_bytes(self) -> NDArray[np.int64]:
        """(N,) bytes of each payload."""
        return np.array([len(payload) for payload in self.payloads])

    @property
    def file_bytes(self) -> NDArray[np.int64]:
        """(N,) bytes of a `.ridge` file of each print alone."""
        return self.payload_bytes + BESIDE_ONE_PRINT

    @property
    def grey(self) -> NDArray[np.uint8]:
        """`x_hat` as uint8."""
        return np.rint(self.x_hat.clip(0, 1) * 255).astype(np.uint8)


def through_bytes(saved: SavedAutoencoder, prints: NDArray[np.uint8]) -> CodedPrints:
    """(N, H, W) uint8 prints to bytes and back, on the pixels that the view keeps. Raises BadInput for a model without
    a codec, or one whose codec does not fit it."""
    codec, x = latent_codec(saved), windows(prints, saved.spec)
    start = time.perf_counter()
    z = encode_windows(saved.net, x)
    payloads = codec.encode(z)
    middle = time.perf_counter()
    x_hat = own_pixels(saved.spec.window, decode_vectors(saved.net, codec.decode(payloads)))
    end = time.perf_counter()
    ms = 1000 / len(x)
    return CodedPrints(codec, z, payloads, x_hat, ms * (middle - start), ms * (end - middle))
