"""JPEG of every kind by Pillow and imagecodecs."""

import io
import struct
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.images.read import decode
from support.image_files import drawn, exif_bytes, saved, scaled_slowly, smooth_grey

GREY = smooth_grey()


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("kind", ["jpegls", "lossless jpeg"])
def test_lossless_kinds_of_jpeg(kind: str, bits: int) -> None:
    samples = drawn(bits).astype(np.uint8 if bits == 8 else np.uint16)
    if kind == "jpegls":
        data = imagecodecs.jpegls_encode(samples << 4 if bits == 12 else samples)
    else:
        data = imagecodecs.ljpeg_encode(samples, bitspersample=bits)
    expected = (
        scaled_slowly(samples << 4, 65535) if (kind, bits) == ("jpegls", 12) else scaled_slowly(samples, 2**bits - 1)
    )
    assert np.array_equal(decode(data).grey, expected)


def test_samples_of_12_bits_in_16_are_noted() -> None:
    samples = drawn(12).astype(np.uint16)
    for data in (imagecodecs.jpegls_encode(samples), imagecodecs.ljpeg_encode(samples, bitspersample=16)):
        assert [note for note in decode(data).notes if "nearly black" in note]


def test_jpeg_of_12_bits_comes_close() -> None:
    deep = (GREY.astype(int) * 4095 // 255).astype(np.uint16)
    data = imagecodecs.jpeg8_encode(deep, bitspersample=12, level=98)
    assert np.abs(decode(data).grey.astype(int) - GREY).max() <= 4


def test_jpeg_of_12_bits_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    data = imagecodecs.jpeg8_encode(GREY.astype(np.uint16), bitspersample=12)
    monkeypatch.setitem(__import__("sys").modules, "imagecodecs", None)
    with pytest.raises(BadInput, match=r"pip install 'ridgecode\[codecs\]'"):
        decode(data)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("keywords", [{}, {"progressive": True}, {"optimize": True}, {"restart_marker_blocks": 3}])
def test_jpeg_as_pillow_decodes_it(mode: str, keywords: dict[str, Any]) -> None:
    """The end marker is taken off for the sake of the check, which must not change a pixel."""
    for size in ((1, 1), (8, 8), (17, 33), (64, 48)):
        data = saved(Image.fromarray(smooth_grey(*size)).convert(mode), "JPEG", quality=90, **keywords)
        with Image.open(io.BytesIO(data)) as image:
            assert np.array_equal(decode(data).grey, np.asarray(image.convert("L"))), size
        assert np.array_equal(decode(data + b"tail \xff\xd8" * 9).grey, decode(data).grey)


def test_huge_files_are_refused_by_their_header() -> None:
    data = bytearray(saved(Image.fromarray(smooth_grey()), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 60_000, 60_000)
    with pytest.raises(BadInput, match="60000 x 60000 pixels, more than 67108864"):
        decode(bytes(data))


def test_tags_of_jpeg_that_pillow_does_not_open() -> None:
    deep = (smooth_grey().astype(int) * 4095 // 255).astype(np.uint16)
    data = imagecodecs.ljpeg_encode(deep, bitspersample=12)
    exif = b"Exif\0\0" + exif_bytes({274: (3, [6]), 282: (5, [500, 1])})
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    image = decode(data[:2] + segment + data[2:])
    assert np.array_equal(image.grey, np.rot90(decode(data).grey, -1))
    assert image.ppi == 500
