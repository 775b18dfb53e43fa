"""Files whose end is missing, with every kind of padding, by several writers; and whole files that look odd."""

import io
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.images.read import decode
from ridgecode.prints.images.whole import tail_run, webp_size
from support.image_files import make_png, smooth_grey


def saved(image: Image.Image, kind: str, **keywords: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **keywords)
    return file.getvalue()


PICTURE = Image.fromarray(smooth_grey(97, 90))
FILES = {
    "jpeg": saved(PICTURE, "JPEG", quality=95),
    "optimised jpeg": saved(PICTURE, "JPEG", optimize=True),
    "progressive jpeg": saved(PICTURE, "JPEG", progressive=True),
    "colour jpeg": saved(PICTURE.convert("RGB"), "JPEG"),
    "jpeg by imagecodecs": imagecodecs.jpeg8_encode(np.asarray(PICTURE), level=90),
    "jpegls": imagecodecs.jpegls_encode(np.asarray(PICTURE)),
    "lossless jpeg": imagecodecs.ljpeg_encode(np.asarray(PICTURE)),
    "png": saved(PICTURE, "PNG"),
    "png by hand": make_png(np.asarray(PICTURE), 8, 0),
    "16-bit png": make_png(np.asarray(PICTURE).astype(int) * 257, 16, 0),
    "gif": saved(PICTURE, "GIF"),
    "webp": saved(PICTURE, "WEBP"),
    "lossless webp": saved(PICTURE, "WEBP", lossless=True),
    "animated webp": saved(PICTURE, "WEBP", save_all=True, append_images=[PICTURE.rotate(9)]),
    "jp2": saved(PICTURE, "JPEG2000"),
    "j2k": imagecodecs.jpeg2k_encode(np.asarray(PICTURE), level=0, codecformat="j2k"),
    "plain pgm": b"P2 90 97 255\n" + b" ".join(b"%d" % value for value in np.asarray(PICTURE).ravel()),
}


@pytest.mark.parametrize("padding", [b"", b"\0", b"\xff", b"\xaa", b"\xff\x00", b" "])
@pytest.mark.parametrize("name", FILES)
def test_a_cut_file_is_damaged_whatever_pads_it(name: str, padding: bytes) -> None:
    data = FILES[name]
    assert decode(data).grey.shape == (97, 90)
    for share in (0.3, 0.5, 0.85):
        kept = data[: int(share * len(data))]
        padded = kept + (padding * len(data))[: len(data) - len(kept)] if padding else kept
        if name == "plain pgm" and padding == b" ":
            padded = kept
        with pytest.raises(BadInput, match="truncated or damaged"):
            decode(padded)


@pytest.mark.parametrize("name", ["jpeg", "optimised jpeg", "colour jpeg", "jpeg by imagecodecs"])
def test_a_cut_jpeg_that_was_closed_again_is_damaged(name: str) -> None:
    """Interrupted downloads that some programs end with the marker FF D9."""
    data = FILES[name]
    for share in (0.5, 0.85):
        with pytest.raises(BadInput, match="truncated or damaged JPEG"):
            decode(data[: int(share * len(data))] + b"\xff\xd9")
        with pytest.raises(BadInput, match="truncated or damaged JPEG"):
            decode(data[: int(share * len(data))] + bytes(8) + b"\xff\xd9")


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(["jpeg", "progressive jpeg", "png", "gif", "jp2"]), st.floats(0.05, 0.97), st.binary(max_size=3))
def test_cut_files_never_pass(name: str, share: float, end: bytes) -> None:
    kept = FILES[name][: int(share * len(FILES[name]))]
    with pytest.raises(BadInput):
        decode(kept + bytes(9) + end.replace(b"\xff", b""))


def test_bytes_after_the_end_do_not_matter() -> None:
    for name in ("jpeg", "progressive jpeg", "png", "gif"):
        whole = decode(FILES[name]).grey
        for tail in (b"\0" * 500, b"\xff" * 40, b"text", FILES[name]):
            assert np.array_equal(decode(FILES[name] + tail).grey, whole), name


def test_fill_bytes_before_markers_are_allowed() -> None:
    """JPEG, B.1.1.2: any marker may have FF bytes before it."""
    data = FILES["jpeg"]
    at = data.index(b"\xff\xdb")
    filled = data[:at] + b"\xff\xff" + data[at:-2] + b"\xff\xff\xd9"
    assert np.array_equal(decode(filled).grey, decode(data).grey)


def test_a_thumbnail_with_an_end_of_its_own_is_not_the_end() -> None:
    thumbnail = saved(Image.fromarray(smooth_grey(10, 8)), "JPEG")
    data = FILES["jpeg"]
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    assert np.array_equal(decode(data[:2] + segment + data[2:]).grey, decode(data).grey)
    with pytest.raises(BadInput, match="damaged"):
        decode(data[:2] + segment + data[2 : len(data) // 2])


def test_wrong_checksums_of_png_are_damage() -> None:
    good = make_png(np.asarray(PICTURE), 8, 0, [(b"tEXt", b"Title\0abc")])
    for name, offset in ((b"IHDR", 12), (b"tEXt", 8), (b"IDAT", 40), (b"IEND", 4)):
        data = bytearray(good)
        data[data.index(name) + offset] ^= 1
        with pytest.raises(BadInput, match="damaged PNG"):
            decode(bytes(data))


@pytest.mark.parametrize("quality", [1, 50, 100])
@pytest.mark.parametrize("lossless", [False, True])
def test_plain_pictures_of_webp_are_whole(lossless: bool, quality: int) -> None:
    """Their data end in equal bytes, as padded files do."""
    for value in (0, 128, 255):
        for size in ((1000, 1000), (3000, 200), (16, 16)):
            half = Image.new("L", size, value)
            half.paste(PICTURE.resize((size[0] // 9 + 1, size[1] // 9 + 1)))
            for picture in (Image.new("L", size, value), half):
                data = saved(picture, "WEBP", quality=quality, lossless=lossless)
                assert webp_size(data) == size


def test_tail_run() -> None:
    for data, run in ((b"abccccccc", 7), (b"c" * 9, 9), (b"zababababab", 10), (b"zabcdabcdabcd", 12)):
        assert tail_run(data) == run
