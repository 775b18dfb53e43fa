"""WSQ by NIST's own code (NBIS 5.0, through the package wsq 0.9), in a white square that decides what it costs.

NBIS codes at a bit rate a pixel. The package takes a rate and does not hand it on: every file is coded at 0.75 bits a
pixel, as its NISTCOM comment says. But bits that the white around a print does not need go to the print, so the side of
the square controls quality. What NIST's decoder makes of small squares is not always the image: two of 800 SOCOFing
prints come back wrong from 96 pixels, none of 1,600 from 97 on, and below 64 it reads memory that nobody wrote. A 32x32
crop comes back wrong from some larger squares and right from others, so images below 64 pixels are refused.

Source: NIST/FBI WSQ Gray-Scale Fingerprint Image Compression Specification, IAFIS-IC-0110 (1997), version 3.
"""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ridgecode.codec.image_headers import marker_of, scan_end
from ridgecode.errors import BadInput

WSQ_SIDES: tuple[float, ...] = (100, 128, 144, 160, 176, 192)
LEAST = 64
"""Rows and columns of an image that is coded."""
RATE = 0.75
"""What NBIS codes at whatever is given, in bits a pixel."""
_SIZE = struct.Struct(">HH")
_SOI, _EOI, _SOB = 0xFFA0, 0xFFA1, 0xFFA3


def wsq_encode(coder: Any, image: NDArray[np.uint8], side: int) -> bytes:
    """The WSQ file of uint8 (H, W) in the first rows and columns of a white square, and then its H and W in 4 bytes.

    Raises BadInput for an image below 64 pixels or above the square.
    """
    height, width = image.shape
    if min(height, width) < LEAST:
        raise BadInput(
            f"wsq can't code {height}x{width} pixels: NBIS decodes images below {LEAST} pixels wrongly, padded or not; "
            "give whole prints"
        )
    if max(height, width) > side:
        raise BadInput(f"wsq can't code {height}x{width} pixels in a square of {side}; give a quality of {height} on")
    square = np.full((side, side), 255, np.uint8)
    square[:height, :width] = image
    return bytes(coder.compress(square.tobytes(), side, side, RATE)) + _SIZE.pack(height, width)


def wsq_decode(coder: Any, data: bytes) -> NDArray[np.uint8]:
    """uint8 (H, W) of what `wsq_encode` gave."""
    pixels, width, height, _ = coder.decompress(data[: -_SIZE.size])
    rows, columns = _SIZE.unpack(data[-_SIZE.size :])
    return np.frombuffer(bytes(pixels), np.uint8).reshape(height, width)[:rows, :columns].copy()


def wsq_header(data: bytes) -> int:
    """All but the Huffman-coded bits of the blocks: comment, filter taps, quantisers, Huffman tables, frame and block
    headers, and the 4 bytes of size. Raises ValueError for another format."""
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
