"""Prints as they come back from the bytes of their coded latent vectors."""

import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.codec.codec import Codec
from ridgecode.codec.latent_codec import LatentCodec
from ridgecode.codec.ridge_file import ONE_PRINT_OVERHEAD


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
        return self.payload_bytes + ONE_PRINT_OVERHEAD

    @property
    def grey(self) -> NDArray[np.uint8]:
        """`x_hat` as uint8."""
        return np.rint(self.x_hat.clip(0, 1) * 255).astype(np.uint8)


def through_bytes(codec: Codec, prints: NDArray[np.uint8]) -> CodedPrints:
    """Codes (N, H, W) uint8 prints to bytes and decodes them again."""
    start = time.perf_counter()
    z = torch.from_numpy(codec.autoencoder.encode(prints))
    payloads = codec.latent_codec.encode(z)
    middle = time.perf_counter()
    x_hat = codec.autoencoder.decode(codec.latent_codec.decode(payloads)).numpy()
    end = time.perf_counter()
    ms = 1000 / len(prints)
    return CodedPrints(codec.latent_codec, z, payloads, x_hat, ms * (middle - start), ms * (end - middle))
