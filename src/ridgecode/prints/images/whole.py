"""Finds files whose end is missing, padded or not, where decoders fill the rest of the picture without an error."""

import re
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])", re.DOTALL)
"""A JPEG marker within a scan: no byte that is stuffed after FF, no restart marker."""
_LS_MARKER = re.compile(rb"\xff([\x80-\xfe])")
"""The same of JPEG-LS, where a zero bit is stuffed after FF."""
_SOS, _EOI = 0xDA, 0xD9
_JPEG_LS = 0xF7
_FRAMES = frozenset({*range(0xC0, 0xD0), _JPEG_LS}) - {0xC4, 0xC8, 0xCC}
"""Start of frame: C0 and C1 are sequential with Huffman codes, C2 progressive, C3 lossless, F7 JPEG-LS."""
_FILLER = bytes(16)
"""libjpeg reads a few bytes beyond the code that it decodes."""
_LEAST_RUN = 32
_LONGEST_SHARE = 1 / 12
"""Lossy WebP of a single colour ends in equal bytes for up to 6 % of its length."""


class Damaged(Exception):
    """The file ends before its picture does."""


class JpegFrame(NamedTuple):
    """What a JPEG decoder has to know before it starts."""

    kind: int
    """The frame's marker, one of _FRAMES."""
    bits: int
    """Bits a sample."""
    height: int
    width: int
    data: bytes
    """The first image of the file, as it should be decoded."""


def jpeg_frame(data: bytes) -> JpegFrame:
    """Walks from marker to marker to the end of the first image. Raises Damaged where there is no such end.

    In a sequential JPEG of a single scan the marker of the end gives way to a few filling bytes: libjpeg then stops
    with an error where the scan lacks blocks, in place of grey ones.
    """
    at, scans = 2, 0
    frame: tuple[int, int, int, int] | None = None
    while True:
        match = (_LS_MARKER if frame and frame[0] == _JPEG_LS else _MARKER).search(data, at)
        if match is None or (scans == 0 and data[at : match.start()].strip(b"\xff")):
            raise Damaged
        marker, at = match[1][0], match.end()
        if marker == _EOI and frame and scans:
            break
        (length,) = struct.unpack_from(">H", data, at)
        if marker in _FRAMES and frame is None:
            bits, height, width = struct.unpack_from(">BHH", data, at + 2)
            frame = marker, bits, height, width
        at += length
        scans += marker == _SOS
    single = scans == 1 and frame[0] in (0xC0, 0xC1) and frame[1] == 8
    return JpegFrame(*frame, data[: match.start()] + _FILLER if single else data[: match.end()])


def png_chunks(data: bytes) -> dict[bytes, bytes]:
    """The content of the chunks of a PNG by type, without IDAT; of several of a type the first.

    Raises Damaged where a chunk is cut or has a wrong checksum, or where IEND is missing.
    """
    chunks: dict[bytes, bytes] = {}
    at, view = 8, memoryview(data)
    while b"IEND" not in chunks:
        length, kind = struct.unpack_from(">I4s", data, at)
        content = view[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, at + 8 + length)
        if zlib.crc32(content, zlib.crc32(kind)) != checksum:
            raise Damaged
        if kind != b"IDAT" and kind not in chunks:
            chunks[kind] = bytes(content)
        at += 12 + length
    return chunks


def check_gif(data: bytes) -> None:
    """Raises Damaged where the blocks of the first frame don't end as blocks do."""
    at = 13 + _colours(data[10])
    while data[at] == 0x21:
        at = _after_blocks(data, at + 2)
    if data[at] != 0x2C:
        raise Damaged
    at = _after_blocks(data, at + 11 + _colours(data[at + 9]))
    if data[at : at + 1] not in (b"", b"\x21", b"\x2c", b"\x3b"):
        raise Damaged


def _colours(flags: int) -> int:
    """Bytes of the colour table that the flags announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while length := data[at]:
        at += 1 + length
    return at + 1


def tail_run(data: bytes) -> int:
    """How many bytes at the end of the data are one byte, two or four, repeated; of no such end 4."""
    end = np.frombuffer(data, np.uint8)
    longest = 0
    for period in (1, 2, 4):
        differ = np.flatnonzero(end[period:] != end[:-period])
        longest = max(longest, len(end) - (differ[-1] + 1 if len(differ) else 0))
    return int(longest)


def webp_size(data: bytes) -> tuple[int, int]:
    """Width and height. Raises Damaged where the file is cut, or where its picture ends in a long run of one byte."""
    if struct.unpack_from("<I", data, 4)[0] + 8 > len(data):
        raise Damaged
    kind, _, body = next(_webp_chunks(data))
    if kind == b"VP8X":
        size = (1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"))
    elif kind == b"VP8L":
        (packed,) = struct.unpack_from("<I", body, 1)
        size = ((packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1)
    else:
        width, height = struct.unpack_from("<HH", body, 6)
        size = (width & 0x3FFF, height & 0x3FFF)
    for kind, length, body in _webp_chunks(data):
        if not kind.isascii() or not kind.decode("ascii").isprintable() or len(body) < length:
            raise Damaged
        pixels = kind in (b"VP8 ", b"VP8L", b"ANMF")
        if pixels and tail_run(body) >= max(_LEAST_RUN, _LONGEST_SHARE * len(body)):
            raise Damaged
    return size


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Type, stated length and content of each chunk."""
    at, end = 12, 8 + struct.unpack_from("<I", data, 4)[0]
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, at)
        yield kind, length, data[at + 8 : min(at + 8 + length, end)]
        at += 8 + length + length % 2
