"""Orientation, resolution and frames in every format that has them."""

import io
import struct
import zlib
from collections.abc import Callable

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ridgecode.prints.images.read import decode
from support.image_files import exif_bytes, make_png, saved, smooth_grey

GREY = smooth_grey()


def turned(orientation: int) -> NDArray[np.uint8]:
    """GREY as Pillow turns it for the orientation."""
    exif = Image.Exif()
    exif[274] = orientation
    picture = Image.open(io.BytesIO(saved(Image.fromarray(GREY), "PNG", exif=exif)))
    return np.asarray(ImageOps.exif_transpose(picture))


XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description tiff:Orientation="{}"/></rdf:RDF></x:xmpmeta>'


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(10))
def test_orientation_in_every_format_that_has_it(orientation: int, order: str) -> None:
    exif = exif_bytes({274: (3, [orientation])}, order)
    picture, deep = Image.fromarray(GREY), GREY.astype(np.int64) * 257
    text = b"XML:com.adobe.xmp\0\0\0\0\0" + XMP.format(orientation).encode()
    raw = b"Raw profile type exif\0\0" + zlib_text(exif)
    files = {
        "jpeg": (saved(picture, "JPEG", quality=95, exif=b"Exif\0\0" + exif), 12),
        "progressive": (saved(picture, "JPEG", quality=95, progressive=True, exif=b"Exif\0\0" + exif), 12),
        "webp": (saved(picture, "WEBP", lossless=True, exif=b"Exif\0\0" + exif), 0),
        "png": (make_png(GREY, 8, 0, [(b"eXIf", exif)]), 0),
        "late png": (make_png(GREY, 8, 0, late_chunks=[(b"eXIf", exif)]), 0),
        "deep png": (make_png(deep, 16, 0, [(b"eXIf", exif)]), 0),
        "deep colours": (make_png(np.dstack([deep] * 3), 16, 2, late_chunks=[(b"eXIf", exif)]), 0),
        "clear png": (make_png(GREY, 8, 0, [(b"tRNS", b"\1\0"), (b"eXIf", exif)]), 0),
        "raw profile": (make_png(GREY, 8, 0, [(b"zTXt", raw)]), 0),
        "xmp png": (make_png(GREY, 8, 0, [(b"iTXt", text)]), 0),
        "xmp jpeg": (saved(picture, "JPEG", quality=95, xmp=XMP.format(orientation).encode()), 12),
    }
    expected = turned(orientation) if 1 <= orientation <= 8 else GREY
    for name, (data, tolerance) in files.items():
        grey = decode(data).grey
        assert grey.shape == expected.shape, name
        assert np.abs(grey.astype(int) - expected).max() <= tolerance, name


@pytest.mark.parametrize("order", ["<", ">"])
def test_an_orientation_of_type_byte(order: str) -> None:
    exif = exif_bytes({274: (1, [6])}, order)
    assert np.array_equal(decode(make_png(GREY, 8, 0, [(b"eXIf", exif)])).grey, turned(6))


def zlib_text(exif: bytes) -> bytes:
    """As ImageMagick writes EXIF data into PNG: a name, a length and hexadecimal digits, compressed."""
    content = b"Exif\0\0" + exif
    return zlib.compress(b"\nexif\n%8d\n" % len(content) + content.hex().encode() + b"\n")


@pytest.mark.parametrize(
    "exif", [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0" + exif_bytes({274: (3, [6])})[:20]]
)
def test_exif_data_that_can_not_be_parsed_say_nothing(exif: bytes) -> None:
    image = decode(saved(Image.fromarray(GREY), "JPEG", quality=95, exif=exif))
    assert image.grey.shape == GREY.shape
    assert image.ppi == 0


def test_frames_of_animations_and_images_of_mpo_are_counted() -> None:
    pictures = [Image.fromarray(smooth_grey(seed=seed)) for seed in range(3)]
    for kind, keywords, tolerance in (
        ("GIF", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("PNG", {}, 0),
        ("MPO", {"quality": 95}, 12),
    ):
        data = saved(pictures[0], kind, save_all=True, append_images=pictures[1:], **keywords)
        image = decode(data)
        assert np.abs(image.grey.astype(int) - GREY).max() <= tolerance, kind
        assert image.notes == ("holds 3 images; the first is taken",), kind
        assert decode(saved(pictures[0], kind, **keywords)).notes == (), kind


def physical(per_unit: int, down: int, unit: int) -> tuple[bytes, bytes]:
    return b"pHYs", struct.pack(">IIB", per_unit, down, unit)


def dpi_exif(number: int, unit: int) -> bytes:
    return exif_bytes({282: (5, [number, 1]), 283: (5, [number, 1]), 296: (3, [unit])})


def jfif(unit: int, across: int, down: int) -> bytes:
    data = bytearray(saved(Image.fromarray(GREY), "JPEG"))
    at = data.index(b"JFIF") + 7
    data[at : at + 5] = struct.pack(">BHH", unit, across, down)
    return bytes(data)


def bmp(per_metre: int) -> bytes:
    data = bytearray(saved(Image.fromarray(GREY), "BMP"))
    data[38:46] = struct.pack("<II", per_metre, per_metre)
    return bytes(data)


RESOLUTIONS: dict[str, tuple[Callable[[], bytes], float]] = {
    "png 500": (lambda: make_png(GREY, 8, 0, [physical(19685, 19685, 1)]), 500),
    "png 1000": (lambda: make_png(GREY.astype(int) * 257, 16, 0, [physical(39370, 39370, 1)]), 1000),
    "png 569": (lambda: make_png(GREY, 8, 0, [physical(22402, 22402, 1)]), 569),
    "png aspect only": (lambda: make_png(GREY, 8, 0, [physical(500, 500, 0)]), 0),
    "png unequal": (lambda: make_png(GREY, 8, 0, [physical(19685, 9843, 1)]), 0),
    "png exif": (lambda: make_png(GREY, 8, 0, [(b"eXIf", dpi_exif(500, 2))]), 500),
    "jfif inch": (lambda: jfif(1, 500, 500), 500),
    "jfif cm": (lambda: jfif(2, 197, 197), 500),
    "jfif aspect only": (lambda: jfif(0, 500, 500), 0),
    "jfif default": (lambda: jfif(1, 72, 72), 0),
    "jfif unequal": (lambda: jfif(1, 500, 400), 0),
    "exif inch": (lambda: saved(Image.fromarray(GREY), "JPEG", exif=b"Exif\0\0" + dpi_exif(500, 2)), 500),
    "exif cm": (lambda: saved(Image.fromarray(GREY), "JPEG", exif=b"Exif\0\0" + dpi_exif(197, 3)), 500),
    "exif without a unit": (lambda: saved(Image.fromarray(GREY), "JPEG", exif=b"Exif\0\0" + dpi_exif(500, 1)), 0),
    "webp exif": (lambda: saved(Image.fromarray(GREY), "WEBP", exif=b"Exif\0\0" + dpi_exif(1000, 2)), 1000),
    "bmp": (lambda: bmp(19685), 500),
    "bmp of screens": (lambda: bmp(3780), 0),
    "bmp without": (lambda: bmp(0), 0),
    "gif": (lambda: saved(Image.fromarray(GREY), "GIF"), 0),
    "jp2 without": (lambda: imagecodecs.jpeg2k_encode(GREY, level=0), 0),
}


@pytest.mark.parametrize("name", RESOLUTIONS)
def test_the_resolution_that_is_stated(name: str) -> None:
    make, ppi = RESOLUTIONS[name]
    image = decode(make())
    assert image.ppi == ppi
    assert bool(image.notes) == ("unequal" in name)
