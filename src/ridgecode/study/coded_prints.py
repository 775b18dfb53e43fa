"""Prints as they come back from the bytes of their coded latent vectors."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.autoencoders.saved import SavedAutoencoder
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.codec.ridge_file import pack_print
from ridgecode.study.autoencoder_training import windows
from ridgecode.study.reconstruction_figures import decode_vectors, encode_windows, own_pixels


class CodedPrints(NamedTuple):
    """payload_bytes, file_bytes: int64 (N,), of each print's payload and of its `.ridge` file with nothing else in it;
    x_hat: uint8 (N, rows, columns), what these bytes decode to."""

    payload_bytes: NDArray[np.int64]
    file_bytes: NDArray[np.int64]
    x_hat: NDArray[np.uint8]


def through_bytes(saved: SavedAutoencoder, prints: NDArray[np.uint8]) -> CodedPrints:
    """(N, H, W) uint8 prints to bytes and back, on the pixels that the view keeps. Raises BadInput for a model without
    a codec, or one whose codec does not fit it."""
    codec, view = latent_codec(saved), saved.spec.window
    payloads = codec.encode(encode_windows(saved.net, windows(prints, saved.spec)))
    x_hat = own_pixels(view, decode_vectors(saved.net, codec.decode(payloads)))
    files = [pack_print(bytes(4), view.height, view.width, payload) for payload in payloads]
    return CodedPrints(
        np.array([len(payload) for payload in payloads]),
        np.array([len(file) for file in files]),
        np.rint(x_hat.clip(0, 1) * 255).astype(np.uint8),
    )
