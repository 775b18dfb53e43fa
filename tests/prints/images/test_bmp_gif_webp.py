"""BMP, GIF and WebP by Pillow, against the pixels that were written."""

import struct

import numpy as np
import pytest
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.images.read import decode
from support.image_files import drawn, packed, saved, smooth_grey

GREY = smooth_grey()


def test_transparent_gif_and_webp() -> None:
    palette = Image.fromarray(GREY).quantize(16)
    indices, levels = np.asarray(palette), np.asarray(palette.convert("L"))
    gif = decode(saved(palette, "GIF", transparency=int(indices[0, 0]))).grey
    assert np.array_equal(gif, np.where(indices == indices[0, 0], 255, levels))
    alpha = drawn(8).astype(np.uint8)
    webp = decode(saved(Image.fromarray(np.dstack([GREY] * 3 + [alpha])), "WEBP", lossless=True, exact=True)).grey
    assert np.abs(webp - (GREY * (alpha / 255) + 255 - alpha)).max() <= 1


def bmp(height: int, width: int, bits: int, compression: int, pixels: bytes, palette: bytes = b"") -> bytes:
    """A BMP with a header of 40 bytes; a negative height is that of rows from the top down."""
    start = 54 + len(palette)
    colours = len(palette) // 4
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(pixels), 0, 0, colours, 0)
    return struct.pack("<2sIHHI", b"BM", start + len(pixels), 0, 0, start) + header + palette + pixels


def grey_palette(count: int) -> bytes:
    return b"".join(bytes((level, level, level, 0)) for level in np.linspace(0, 255, count).astype(int).tolist())


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_bmp_with_palettes_from_the_bottom_up_and_the_top_down(bits: int) -> None:
    samples = drawn(bits)
    rows = [packed(row[None], bits) for row in samples]
    rows = [row + bytes(-len(row) % 4) for row in rows]
    palette = grey_palette(2**bits)
    expected = np.linspace(0, 255, 2**bits).astype(int)[samples]
    assert np.array_equal(decode(bmp(57, 46, bits, 0, b"".join(rows[::-1]), palette)).grey, expected)
    assert np.array_equal(decode(bmp(-57, 46, bits, 0, b"".join(rows), palette)).grey, expected)


def test_run_length_bmp_whole_and_cut() -> None:
    samples = drawn(8) // 64 * 64
    coded = b""
    for row in samples[::-1].tolist():
        coded += b"".join(bytes((1, value)) for value in row) + b"\0\0"
    coded += b"\0\1"
    palette = grey_palette(256)
    assert np.array_equal(decode(bmp(57, 46, 8, 1, coded, palette)).grey, samples)
    for padding in (b"", b"\0", b"\xff"):
        cut = coded[: len(coded) // 2]
        cut += padding * (len(coded) - len(cut))
        with pytest.raises(BadInput, match="truncated or damaged BMP"):
            decode(bmp(57, 46, 8, 1, cut, palette))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "BMP"])
def test_huge_files_are_refused_by_their_header(kind: str) -> None:
    if kind == "WEBP":
        data = b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10)
        data += bytes(4) + (16_000).to_bytes(3, "little") * 2
    else:
        content = bytearray(saved(Image.new("L", (9, 9)), kind))
        at, form = (6, "<HH") if kind == "GIF" else (18, "<ii")
        struct.pack_into(form, content, at, 30_000, 30_000)
        data = bytes(content)
    with pytest.raises(BadInput, match=r"(30000 x 30000|16001 x 16001) pixels, more than 67108864"):
        decode(data)
