"""Image files made byte by byte, and prints to write into them."""

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIZES = {1: 1, 3: 2, 4: 4, 5: 8, 6: 1, 8: 2}


def smooth_grey(height: int = 57, width: int = 46, seed: int = 0) -> NDArray[np.uint8]:
    """A smooth picture with some noise, (H, W)."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (6, 6), dtype=np.uint8)
    large = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)).astype(float)
    return (large + random.normal(0, 6, large.shape)).clip(0, 255).astype(np.uint8)


def packed(samples: NDArray[np.integer], bits: int) -> bytes:
    """Samples (H, W) of `bits` bits one after the other, the highest bit first; each row ends on a whole byte."""
    rows = []
    for row in samples.tolist():
        text = "".join(f"{value:0{bits}b}" for value in row)
        text += "0" * (-len(text) % 8)
        rows.append(bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8)))
    return b"".join(rows)


def ifd_entries(tags: Mapping[int, tuple[int, Sequence[int]]], order: str, at: int) -> tuple[bytes, bytes]:
    """An image file directory that lies at byte `at`, and the values that follow it. tags: type and values by tag;
    a rational number is two values."""
    entries, values = struct.pack(f"{order}H", len(tags)), b""
    start = at + 2 + 12 * len(tags) + 4
    for tag, (kind, numbers) in sorted(tags.items()):
        letter = {1: "B", 3: "H", 4: "I", 5: "I", 6: "b", 8: "h"}[kind]
        content = struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
        count = len(content) // _SIZES[kind]
        if len(content) > 4:
            content, values = struct.pack(f"{order}I", start + len(values)), values + content
        entries += struct.pack(f"{order}HHI", tag, kind, count) + content.ljust(4, b"\0")
    return entries, values


def make_tiff(
    pages: Sequence[tuple[int, int, bytes, Mapping[int, tuple[int, Sequence[int]]]]], order: str = "<"
) -> bytes:
    """Uncompressed pages: width, height, the bytes of the pixels, and further tags or others in place of the usual."""
    file = b"II*\0" if order == "<" else b"MM\0*"
    file += struct.pack(f"{order}I", 8)
    for number, (width, height, pixels, more) in enumerate(pages):
        tags: dict[int, tuple[int, Sequence[int]]] = {
            256: (4, [width]),
            257: (4, [height]),
            258: (3, [8]),
            259: (3, [1]),
            262: (3, [1]),
            273: (4, [0]),
            277: (3, [1]),
            278: (4, [height]),
            279: (4, [len(pixels)]),
            **more,
        }
        entries, values = ifd_entries(tags, order, len(file))
        data_at = len(file) + len(entries) + 4 + len(values)
        entries, values = ifd_entries({**tags, 273: (4, [data_at])}, order, len(file))
        after = 0 if number == len(pages) - 1 else data_at + len(pixels)
        file += entries + struct.pack(f"{order}I", after) + values + pixels
    return file


def make_png(
    rows: NDArray[np.integer],
    bits: int,
    kind: int,
    chunks: Sequence[tuple[bytes, bytes]] = (),
    late_chunks: Sequence[tuple[bytes, bytes]] = (),
    interlaced: bool = False,
) -> bytes:
    """rows (H, W) or (H, W, channels); kind: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. chunks come before
    the pixels, late_chunks after them. interlaced: by Adam7."""
    height, width = rows.shape[:2]
    passes = [rows[y::down, x::across] for y, x, down, across in _ADAM7] if interlaced else [rows]
    pixels = zlib.compress(b"".join(png_rows(part, bits) for part in passes if part.size))
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlaced)
    every = [(b"IHDR", header), *chunks, (b"IDAT", pixels), *late_chunks, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(name, content) for name, content in every)


_ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
"""First row and column of each pass, and the steps down and across."""


def png_rows(rows: NDArray[np.integer], bits: int) -> bytes:
    """The rows' bytes, each after the number of its filter, which is none."""
    flat = rows.reshape(len(rows), -1)
    if bits < 8:
        return b"".join(b"\0" + packed(line[None], bits) for line in flat)
    return b"".join(b"\0" + line.astype(">u2" if bits == 16 else "u1").tobytes() for line in flat)


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def exif_bytes(tags: Mapping[int, tuple[int, Sequence[int]]], order: str = "<") -> bytes:
    """EXIF data without their "Exif" name."""
    entries, values = ifd_entries(tags, order, 8)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    return head + entries + bytes(4) + values


def scaled_slowly(samples: NDArray[np.integer], top: int) -> NDArray[np.uint8]:
    """Whole numbers from 0 to `top` to 0..255, by division of floating-point numbers."""
    return np.floor(samples.astype(np.float64) / top * 255 + 0.5).astype(np.uint8)


def saved(image: Image.Image, kind: str, **keywords: Any) -> bytes:
    """The file that Pillow writes."""
    file = io.BytesIO()
    image.save(file, kind, **keywords)
    return file.getvalue()


def drawn(bits: int, *channels: int) -> NDArray[np.int64]:
    """Random samples (57, 46) or (57, 46, channels) from 0 to 2**bits - 1."""
    return np.random.default_rng(bits).integers(0, 2**bits, (57, 46, *channels))
