"""JPEG 2000 of every depth by imagecodecs and Pillow, against the samples that were written."""

import struct

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.prints.images.read import decode
from support.image_files import drawn, saved, scaled_slowly, smooth_grey

GREY = smooth_grey()
LUMA = np.array([0.299, 0.587, 0.114])


@pytest.mark.parametrize("bits", [2, 4, 6, 8, 9, 10, 12, 14, 16])
@pytest.mark.parametrize("form", ["jp2", "j2k"])
def test_jpeg_2000_of_every_depth(form: str, bits: int) -> None:
    samples = drawn(bits).astype(np.uint8 if bits <= 8 else np.uint16)
    data = imagecodecs.jpeg2k_encode(samples, level=0, codecformat=form, bitspersample=bits)
    assert np.array_equal(decode(data).grey, scaled_slowly(samples, 2**bits - 1))


def test_samples_of_12_bits_in_16_are_noted() -> None:
    data = imagecodecs.jpeg2k_encode(drawn(12).astype(np.uint16), level=0)
    assert "nearly black" in decode(data).notes[0]


@pytest.mark.parametrize("bits", [8, 16])
def test_signed_jpeg_2000(bits: int) -> None:
    samples = drawn(bits)
    signed = (samples - 2 ** (bits - 1)).astype(f"i{bits // 8}")
    assert np.array_equal(decode(imagecodecs.jpeg2k_encode(signed, level=0)).grey, scaled_slowly(samples, 2**bits - 1))


def test_colours_and_alpha_of_jpeg_2000() -> None:
    samples = drawn(8, 4).astype(np.uint8)
    alpha = samples[..., 3] / 255
    for data, expected in (
        (imagecodecs.jpeg2k_encode(samples[..., :3].copy(), level=0), samples[..., :3] @ LUMA),
        (imagecodecs.jpeg2k_encode(samples[..., :3].astype(np.uint16) * 257, level=0), samples[..., :3] @ LUMA),
        (
            imagecodecs.jpeg2k_encode(samples[..., :3] >> 4, level=0, bitspersample=4),
            (samples[..., :3] >> 4) * 17 @ LUMA,
        ),
        (saved(Image.fromarray(samples), "JPEG2000"), samples[..., :3] @ LUMA * alpha + 255 * (1 - alpha)),
        (saved(Image.fromarray(samples[..., 2:].copy()), "JPEG2000"), samples[..., 2] * alpha + 255 * (1 - alpha)),
    ):
        assert np.abs(decode(data).grey - expected).max() <= 1.5


def test_the_resolution_of_jpeg_2000() -> None:
    """A capture resolution box (ISO/IEC 15444-1, I.5.3.7.1) of 19685 pixels per metre, put into the header box."""
    data = imagecodecs.jpeg2k_encode(GREY, level=0)
    at = data.index(b"jp2h") - 4
    (length,) = struct.unpack_from(">I", data, at)
    box = struct.pack(">I4sHHHHbb", 18, b"resc", 19685, 1, 19685, 1, 0, 0)
    box = struct.pack(">I4s", 26, b"res ") + box
    header = struct.pack(">I", length + len(box)) + data[at + 4 : at + length] + box
    assert decode(data[:at] + header + data[at + length :]).ppi == 500


def test_huge_files_are_refused_by_their_header() -> None:
    data = imagecodecs.jpeg2k_encode(drawn(8).astype(np.uint8), level=0)
    old, new = struct.pack(">II", 57, 46), struct.pack(">II", 30_000, 30_000)
    huge = data.replace(old, new).replace(struct.pack(">II", 46, 57), new)
    with pytest.raises(BadInput, match="30000 x 30000 pixels, more than 67108864"):
        decode(huge)
