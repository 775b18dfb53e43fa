"""Netpbm files made by hand from the format's description."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.images.read import decode
from support.image_files import scaled_slowly, smooth_grey

RANDOM = np.random.default_rng(0)


def raw(samples: np.ndarray, top: int) -> bytes:
    return samples.astype(">u2" if top > 255 else "u1").tobytes()


@pytest.mark.parametrize("top", [1, 7, 100, 254, 255, 256, 1023, 4095, 65534, 65535])
def test_raw_and_plain_grey_of_every_maximum(top: int) -> None:
    samples = RANDOM.integers(0, top + 1, (9, 7))
    expected = scaled_slowly(samples, top)
    text = "\n".join(" ".join(map(str, row)) for row in samples.tolist()).encode()
    assert np.array_equal(decode(b"P5 7 9 %d\n" % top + raw(samples, top)).grey, expected)
    assert np.array_equal(decode(b"P2\n7 9\n%d\n" % top + text).grey, expected)


@pytest.mark.parametrize("top", [100, 255, 1023])
def test_raw_and_plain_colours(top: int) -> None:
    samples = RANDOM.integers(0, top + 1, (9, 7, 3))
    luma = samples @ np.array([0.299, 0.587, 0.114]) / top * 255
    text = " ".join(map(str, samples.ravel().tolist())).encode()
    for data in (b"P6 7 9 %d\n" % top + raw(samples, top), b"P3 7 9 %d\n" % top + text):
        assert np.abs(decode(data).grey - luma).max() <= 1


def test_raw_and_plain_bitmaps_have_black_ones() -> None:
    black = RANDOM.integers(0, 2, (9, 11))
    expected = np.where(black == 1, 0, 255)
    rows = np.packbits(black.astype(np.uint8), axis=1).tobytes()
    assert np.array_equal(decode(b"P4\n11 9\n" + rows).grey, expected)
    digits = ["".join(map(str, row)) for row in black.tolist()]
    for between in ("\n", "", " "):
        assert np.array_equal(decode(b"P1 11 9\n" + between.join(digits).encode()).grey, expected)
    with io.BytesIO() as file:
        Image.fromarray(black == 0).save(file, "PPM")
        assert np.array_equal(decode(file.getvalue()).grey, expected)


@pytest.mark.parametrize("first", [0, 10, 13, 32, 35])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b" ", b"\r", b"\t"])
def test_line_ends_of_the_header(end: bytes, first: int) -> None:
    """Also where the first pixels look like white space or like a comment."""
    grey = smooth_grey(9, 7)
    grey[0, :2] = first
    for header in ((b"P5", b"7 9", b"255"), (b"P5", b"7", b"9", b"255"), (b"P5 7 9 255",)):
        assert np.array_equal(decode(end.join(header) + end + grey.tobytes()).grey, grey), header


def test_cr_lf_after_which_bytes_follow_the_pixels() -> None:
    grey = smooth_grey(9, 7)
    assert np.array_equal(decode(b"P5\r\n7 9\r\n255\r\n" + grey.tobytes() + b"\r\n").grey, grey)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_comments_anywhere_in_the_header(end: bytes) -> None:
    grey = smooth_grey(9, 7)
    comment = b"# made by 3 hands" + end
    for header in (
        b"P5" + end + comment + b"7 9" + end + b"255",
        b"P5 " + comment + comment + b"7 " + comment + b" 9 " + comment + b"255",
        b"P5#x" + end + b"7#y" + end + b"9#z" + end + b"255",
        b"P5 7 9 255 # z",
        b"P5 7 9 255#z",
    ):
        assert np.array_equal(decode(header + end + grey.tobytes()).grey, grey), header
    plain = b"P2 7 9 255\n# a\n" + b"\n# b\n".join(b" ".join(b"%d" % value for value in row) for row in grey)
    assert np.array_equal(decode(plain).grey, grey)


@pytest.mark.parametrize("top", [255, 4095])
@pytest.mark.parametrize(
    ("name", "channels"),
    [("GRAYSCALE", 1), ("RGB", 3), ("GRAYSCALE_ALPHA", 2), ("RGB_ALPHA", 4), ("", 1), ("", 3), ("", 4)],
)
def test_pam(name: str, channels: int, top: int) -> None:
    samples = RANDOM.integers(0, top + 1, (9, 7, channels))
    share = samples / top
    light = share[..., 0] if channels < 3 else share[..., :3] @ np.array([0.299, 0.587, 0.114])
    expected = light * share[..., -1] + 1 - share[..., -1] if channels in (2, 4) else light
    for end in ("\n", "\r\n"):
        kind = [f"TUPLTYPE {name}"] if name else []
        lines = ["P7", "# text", "WIDTH 7", "HEIGHT 9", f"DEPTH {channels}", f"MAXVAL {top}", *kind, "ENDHDR", ""]
        data = end.join(lines).encode() + raw(samples, top)
        assert np.abs(decode(data).grey - 255 * expected).max() <= 1.5


def test_bilevel_pam_has_white_ones() -> None:
    white = RANDOM.integers(0, 2, (9, 7))
    header = b"P7\nWIDTH 7\nHEIGHT 9\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n"
    assert np.array_equal(decode(header + white.astype(np.uint8).tobytes()).grey, white * 255)


def test_of_several_images_the_first_is_taken() -> None:
    one, two = (b"P5 7 9 255\n" + smooth_grey(9, 7, seed).tobytes() for seed in (0, 1))
    image = decode(one + two)
    assert np.array_equal(image.grey, smooth_grey(9, 7))
    assert image.notes == ("holds more than one image; the first is taken",)
    assert decode(one).notes == ()


@pytest.mark.parametrize(
    "data",
    [
        b"P5 7 9 255\n" + bytes(62),
        b"P5 7 9 65535\n" + bytes(125),
        b"P2 7 9 255\n" + b"1 " * 62,
        b"P2 7 9 255\n" + b"1 " * 60 + b"\0" * 30,
        b"P2 7 9 255\n" + b"256 " * 63,
        b"P2 7 9 255\n" + b"-1 " * 63,
        b"P1 7 9\n" + b"1 0 " * 31,
        b"P1 7 9\n" + b"2" * 63,
        b"P4 9 9\n" + bytes(17),
        b"P5 7 9 100\n" + b"\xc8" * 63,
        b"P5 7 9 0\n" + bytes(63),
        b"P5 7 9 65536\n" + bytes(126),
        b"P5 7 9",
        b"P5 seven 9 255\n" + bytes(63),
        b"P7\nWIDTH 7\nHEIGHT 9\n",
        b"P7\nWIDTH 7\nHEIGHT 9\nDEPTH 1\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n" + bytes(63),
    ],
)
def test_files_that_contradict_themselves_are_damaged(data: bytes) -> None:
    with pytest.raises(BadInput, match="truncated or damaged Netpbm file"):
        decode(data)


def test_sizes_are_checked_first() -> None:
    with pytest.raises(BadInput, match="90000 x 90000 pixels, more than 67108864"):
        decode(b"P5 90000 90000 255\n")
    with pytest.raises(BadInput, match="0 x 9 pixels"):
        decode(b"P5 0 9 255\n")


@given(st.binary(max_size=80))
def test_other_bytes_give_pixels_or_bad_input(rest: bytes) -> None:
    for kind in b"1234567":
        try:
            image = decode(bytes([80, kind]) + b" " + rest)
        except BadInput:
            continue
        assert image.grey.dtype == np.uint8
