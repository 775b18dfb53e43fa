"""The figures of an image codec on prints: bytes, distortion and time."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ridgecode.codec.images.image_codec import ImageCodec
from ridgecode.evaluation.reconstruction_figures import PixelFigures, pixel_figures
from ridgecode.prints.views import View

CROP_SHIFT = 8
"""Pixels by which training crops of fitted codecs are shifted."""


@dataclass(frozen=True)
class CodecFigures:
    """Figures of N prints at one quality.

    bytes, bytes_without_header: int64 (N,); pixels: distortion, (N,) each; x_hat: uint8 (N, rows, columns)
    encode_ms, decode_ms: mean CPU time per print in milliseconds
    """

    quality: float
    bytes: NDArray[np.int64]
    bytes_without_header: NDArray[np.int64]
    pixels: PixelFigures
    x_hat: NDArray[np.uint8]
    encode_ms: float
    decode_ms: float


def measure_codec(
    codec: ImageCodec, quality: float, view: View, prints: NDArray[np.uint8], rows: Iterable[int] | None = None
) -> CodecFigures:
    """Codes (N, H, W) uint8 `prints` one by one.

    As with an autoencoder, the print's pixels within the view's window are coded (96x90 of a whole print), rows that
    the window lacks repeat its edge, and all pixels that the view keeps are compared (97x90). rows: 0 to N-1, from an
    iterator that shows progress.
    """
    images = without_margin(view, prints)
    codec.decode(codec.encode(images[0], quality))  # not timed, since the first call builds tables
    coded: list[bytes] = []
    decoded = np.empty_like(images)
    encode_s = decode_s = 0.0
    for row in range(len(prints)) if rows is None else rows:
        began = time.process_time()
        data = codec.encode(images[row], quality)
        between = time.process_time()
        decoded[row] = codec.decode(data)
        encode_s, decode_s = encode_s + between - began, decode_s + time.process_time() - between
        coded.append(data)
    truth: NDArray[np.float32] = np.divide(view.target(prints), 255, dtype=np.float32)
    x_hat = restored(view, decoded)
    size = np.array([len(data) for data in coded])
    return CodecFigures(
        quality=quality,
        bytes=size,
        bytes_without_header=size - np.array([codec.header_bytes(data) for data in coded]),
        pixels=pixel_figures(truth, x_hat),
        x_hat=np.rint(x_hat * 255).astype(np.uint8),
        encode_ms=1000 * encode_s / len(prints),
        decode_ms=1000 * decode_s / len(prints),
    )


def without_margin(view: View, prints: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, H, W) uint8 prints -> (N, rows, columns): the view's windows without the white margin around the print."""
    return np.ascontiguousarray(view.take(prints)[:, view.inside[0], view.inside[1]])


def training_windows(view: View, prints: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, H, W) uint8 training prints -> (M, rows, columns) images that a codec is fitted to. If the view is a crop,
    nine shifted crops are taken from each print: PCA of 1,024 pixels needs more than one."""
    if view.print_shape is not None:
        return without_margin(view, prints)
    steps = (-CROP_SHIFT, 0, CROP_SHIFT)
    shifts = [(y, x) for y in steps for x in steps]
    return np.concatenate([without_margin(view, np.roll(prints, shift, (1, 2))) for shift in shifts])


def restored(view: View, decoded: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Decoded images of `without_margin`, uint8 -> (N, rows, columns) in [0, 1]: all pixels that the view keeps."""
    windows = np.ones((len(decoded), view.height, view.width), np.float32)
    windows[:, view.inside[0], view.inside[1]] = np.divide(decoded, 255, dtype=np.float32)
    return view.restore(windows)
