"""Depths, transparency and orientation, against floating-point numbers and Pillow."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from ridgecode.errors import BadInput
from ridgecode.prints.images.pixels import MAX_PIXELS, check_size, grey_of_samples, scaled, to_8_bits, upright
from support.image_files import saved, scaled_slowly, smooth_grey


@given(st.integers(1, 65535))
def test_any_range_is_scaled_to_8_bits(top: int) -> None:
    samples = np.unique(np.linspace(0, top, 3000).astype(int))
    assert np.array_equal(scaled(samples, top), scaled_slowly(samples, top))


def test_all_samples_of_16_bits_are_as_before() -> None:
    samples = np.arange(65536)
    assert np.array_equal(to_8_bits(samples.astype(np.uint16), 16), (samples + 128) // 257)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientations_are_those_of_pillow(orientation: int) -> None:
    grey, exif = smooth_grey(6, 4), Image.Exif()
    exif[274] = orientation
    turned = ImageOps.exif_transpose(Image.open(io.BytesIO(saved(Image.fromarray(grey), "PNG", exif=exif))))
    assert np.array_equal(upright(grey, orientation), np.asarray(turned))
    assert upright(grey, orientation).flags.c_contiguous


@pytest.mark.parametrize("other", [None, 0, 9, "6", (6,), 1.5])
def test_other_orientations_change_nothing(other: object) -> None:
    grey = smooth_grey(6, 4)
    assert upright(grey, other) is grey


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("premultiplied", [False, True])
def test_blending(premultiplied: bool, channels: int) -> None:
    random = np.random.default_rng(0)
    alpha = random.integers(0, 256, (50, 40), dtype=np.uint8)
    light = np.repeat(smooth_grey(50, 40)[..., None], channels, 2)
    stored = np.rint(light * (alpha[..., None] / 255)).astype(np.uint8) if premultiplied else light
    expected = light[..., 0] * (alpha / 255) + 255 - alpha
    assert np.abs(grey_of_samples(stored, alpha, premultiplied) - expected).max() <= 1


def test_limits_of_size() -> None:
    check_size(1, MAX_PIXELS)
    for size in ((0, 5), (5, 0), (-3, 5)):
        with pytest.raises(BadInput, match="damaged or empty"):
            check_size(*size)
    with pytest.raises(BadInput, match="crop it to the print, or save it at 500 ppi"):
        check_size(MAX_PIXELS + 1, 1)
