"""What an image codec makes of prints: bytes, what they lose, and how long it takes."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ridgecode.codec.image_codec import ImageCodec
from ridgecode.prints.views import View
from ridgecode.study.reconstruction_figures import PixelFigures, pixel_figures

MOVED = 8


@dataclass(frozen=True)
class CodecFigures:
    """Of N prints at one quality. bytes, bytes_without_header: int64 (N,); pixels: each (N,); x_hat: uint8 (N, rows,
    columns); encode_ms, decode_ms: milliseconds of one processor a print, as means."""

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
    """Figures of (N, H, W) uint8 `prints`, coded one by one.

    Codec and autoencoder see and are judged on the same pixels: those of the print within the view's window are coded
    (96x90 of a whole print), what the window lacks repeats its edge, and all that the view keeps is compared (97x90).
    rows: 0 to N-1, from an iterator that shows progress.
    """
    shown = inside(view, prints)
    codec.decode(codec.encode(shown[0], quality))  # the first call builds tables
    coded: list[bytes] = []
    decoded = np.empty_like(shown)
    encode_s = decode_s = 0.0
    for row in range(len(prints)) if rows is None else rows:
        began = time.process_time()
        data = codec.encode(shown[row], quality)
        between = time.process_time()
        decoded[row] = codec.decode(data)
        encode_s, decode_s = encode_s + between - began, decode_s + time.process_time() - between
        coded.append(data)
    truth: NDArray[np.float32] = np.divide(view.kept(prints), 255, dtype=np.float32)
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


def inside(view: View, prints: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, H, W) uint8 prints -> (N, rows, columns): the view's windows without the white around the print."""
    return np.ascontiguousarray(view.take(prints)[:, view.inside[0], view.inside[1]])


def training_windows(view: View, prints: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, H, W) uint8 training prints -> what a codec of the view is fitted to, as `inside` gives it. From each print
    come nine crops, moved by up to `MOVED` pixels: PCA of 1,024 pixels needs more than one."""
    if view.print_shape is not None:
        return inside(view, prints)
    shifts = [(y, x) for y in (-MOVED, 0, MOVED) for x in (-MOVED, 0, MOVED)]
    return np.concatenate([inside(view, np.roll(prints, shift, (1, 2))) for shift in shifts])


def restored(view: View, decoded: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What `inside` gave, as it was decoded, -> (N, rows, columns) in [0, 1] of all the pixels that the view keeps."""
    windows = np.ones((len(decoded), view.height, view.width), np.float32)
    windows[:, view.inside[0], view.inside[1]] = np.divide(decoded, 255, dtype=np.float32)
    return view.restore(windows)
