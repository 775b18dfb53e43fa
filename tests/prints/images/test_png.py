"""PNG made by hand at every depth, against the samples that were written."""

import struct
import zlib

import numpy as np
import pytest

from ridgecode.errors import BadInput
from ridgecode.prints.images.read import decode
from support.image_files import drawn, make_png, scaled_slowly

LUMA = np.array([0.299, 0.587, 0.114])


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_grey_png_of_every_depth(bits: int) -> None:
    samples = drawn(bits)
    assert np.array_equal(decode(make_png(samples, bits, 0)).grey, scaled_slowly(samples, 2**bits - 1))


@pytest.mark.parametrize("bits", [8, 16])
def test_an_animation_without_frames_is_a_picture(bits: int) -> None:
    """Pillow warns of it, and warnings are errors here."""
    samples = drawn(bits)
    data = make_png(samples, bits, 0, [(b"acTL", struct.pack(">II", 0, 0))])
    assert np.array_equal(decode(data).grey, scaled_slowly(samples, 2**bits - 1))


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_a_transparent_grey_is_white(bits: int) -> None:
    samples = drawn(bits)
    key = int(samples[3, 4])
    samples[5] = key ^ 1  # differs in the lowest bit alone, so it is opaque
    expected = np.where(samples == key, 255, scaled_slowly(samples, 2**bits - 1))
    data = make_png(samples, bits, 0, [(b"tRNS", struct.pack(">H", key))])
    assert np.array_equal(decode(data).grey, expected)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_transparent_colour_is_white(bits: int) -> None:
    samples = drawn(bits, 3)
    key = samples[3, 4].copy()
    samples[5] = key
    samples[6] = key ^ [0, 0, 1]
    data = make_png(samples, bits, 2, [(b"tRNS", struct.pack(">3H", *key.tolist()))])
    luma = samples @ LUMA / (2**bits - 1) * 255
    expected = np.where((samples == key).all(axis=2), 255, luma)
    assert np.abs(decode(data).grey - expected).max() <= 1


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", [2, 4, 6])
def test_colours_and_alpha_of_png(kind: int, bits: int) -> None:
    samples = drawn(bits, {2: 3, 4: 2, 6: 4}[kind])
    share = samples / (2**bits - 1)
    light = share[..., :3] @ LUMA if kind != 4 else share[..., 0]
    expected = light if kind == 2 else light * share[..., -1] + 1 - share[..., -1]
    assert np.abs(decode(make_png(samples, bits, kind)).grey - 255 * expected).max() <= 1.5


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes_and_their_transparency(bits: int) -> None:
    samples = drawn(bits)
    levels, alpha = np.random.default_rng(9).integers(0, 256, (2, 2**bits))
    palette = (b"PLTE", bytes(np.repeat(levels, 3).tolist()))
    assert np.array_equal(decode(make_png(samples, bits, 3, [palette])).grey, levels[samples])
    blended = levels * alpha / 255 + 255 - alpha
    data = make_png(samples, bits, 3, [palette, (b"tRNS", bytes(alpha.tolist()))])
    assert np.abs(decode(data).grey - blended[samples]).max() <= 1


@pytest.mark.parametrize("significant", [9, 10, 12, 14])
def test_significant_bits_of_16_bit_png(significant: int) -> None:
    samples = drawn(significant)
    samples[0, :2] = 0, 2**significant - 1
    chunk = [(b"sBIT", bytes([significant]))]
    image = decode(make_png(samples, 16, 0, chunk))
    assert np.array_equal(image.grey, scaled_slowly(samples, 2**significant - 1))
    assert f"states {significant} significant bits" in image.notes[0]
    # As the standard wants it, the samples fill 16 bits.
    wide = (samples * 65535) // (2**significant - 1)
    image = decode(make_png(wide, 16, 0, chunk))
    assert np.array_equal(image.grey, scaled_slowly(wide, 65535))
    assert image.notes == ()


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("kind", [0, 2, 4, 6])
def test_samples_of_16_bits_are_rounded_not_cut(kind: int, interlaced: bool) -> None:
    samples = drawn(16, *{0: (), 2: (3,), 4: (2,), 6: (4,)}[kind])
    if kind in (4, 6):
        samples[..., -1] = 65535
    light = np.atleast_3d(samples)[..., : 3 if kind in (2, 6) else 1]
    light[...] = light[..., :1]  # R = G = B
    data = make_png(samples, 16, kind, interlaced=interlaced)
    assert np.array_equal(decode(data).grey, scaled_slowly(light[..., 0], 65535))


def test_huge_files_are_refused_by_their_header() -> None:
    data = bytearray(make_png(drawn(8), 8, 0))
    data[16:24] = struct.pack(">II", 14_000, 14_300)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    with pytest.raises(BadInput, match=r"14000 x 14300 pixels, more than 67108864 .* at 500 ppi"):
        decode(bytes(data))
