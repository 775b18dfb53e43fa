"""WSQ by NIST's own code (NBIS 5.0, through the package wsq 0.9), with the print in a white square that sets its
quality.

NBIS codes at a given number of bits a pixel. The package takes this number but does not pass it on: every file is coded
at 0.75 bits a pixel, as its NISTCOM comment shows. The white around the print needs few of these bits, and the print
gets the rest. So a larger square gives the print more bits.

NIST's decoder fails on small images. In squares of 96 pixels it decodes 2 of 800 SOCOFing prints wrongly, from 97
pixels on none of 1,600; below 64 pixels it reads uninitialised memory. It decodes 32x32 crops wrongly in some larger
squares and rightly in others, so images below 64 pixels are refused.

Source: NIST/FBI WSQ Gray-Scale Fingerprint Image Compression Specification, IAFIS-IC-0110 (1997), version 3.
"""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ridgecode.codec.images.image_headers import marker_of, scan_end
from ridgecode.errors import BadInput

WSQ_SIDES: tuple[float, ...] = (100, 128, 144, 160, 176, 192)
"""Sides of the square, in pixels, for a rate-distortion curve."""
LEAST_SIDE = 64
"""The fewest rows and columns of an image that is coded."""
RATE = 0.75
"""Bits a pixel, which NBIS uses whatever rate it is given."""
_SIZE = struct.Struct(">HH")
_SOI, _EOI, _SOB = 0xFFA0, 0xFFA1, 0xFFA3


def wsq_encode(coder: Any, image: NDArray[np.uint8], side: int) -> bytes:
    """Puts the image, uint8 (H, W), into the first rows and columns of a white square of `side` pixels, and returns the
    square's WSQ file and then H and W in 4 bytes. coder: the package's module.

    Raises BadInput for an image with a side below 64 pixels or above `side`.
    """
    height, width = image.shape
    if min(height, width) < LEAST_SIDE:
        raise BadInput(
            f"wsq can't code {height}x{width} pixels: NBIS decodes images below {LEAST_SIDE} pixels wrongly, padded or "
            "not; give whole prints"
        )
    if max(height, width) > side:
        raise BadInput(f"wsq can't code {height}x{width} pixels in a square of {side}; give a quality of {height} on")
    square = np.full((side, side), 255, np.uint8)
    square[:height, :width] = image
    return bytes(coder.compress(square.tobytes(), side, side, RATE)) + _SIZE.pack(height, width)


def wsq_decode(coder: Any, data: bytes) -> NDArray[np.uint8]:
    """The bytes of `wsq_encode` -> the decoded image, uint8 (H, W)."""
    pixels, width, height, _ = coder.decompress(data[: -_SIZE.size])
    rows, columns = _SIZE.unpack(data[-_SIZE.size :])
    return np.frombuffer(bytes(pixels), np.uint8).reshape(height, width)[:rows, :columns].copy()


def wsq_header(data: bytes) -> int:
    """Bytes of comment, filter taps, quantisers, Huffman tables, frame and block headers, and the 4 bytes of size: all
    but the Huffman-coded bits of the blocks. Raises ValueError for another format."""
    coded, at = 0, 2
    file = data[: -_SIZE.size]
    if marker_of(file, 0) != _SOI:
        raise ValueError("no WSQ file")
    while (marker := marker_of(file, at)) != _EOI:
        at += 2 + marker_of(file, at + 2)
        if marker == _SOB:
            stop = scan_end(file, at)
            coded, at = coded + stop - at, stop
    return len(data) - coded
