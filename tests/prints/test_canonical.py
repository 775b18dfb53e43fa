"""Canonical form: what is cut, and what resampling does to waves of known period."""

import numpy as np
import pytest

from ridgecode.errors import BadInput
from ridgecode.prints.canonical import canonical_socofing, check_ppi, resized, to_canonical_scale
from ridgecode.prints.images import load_grey


def framed(inner: np.ndarray) -> np.ndarray:
    height, width = inner.shape
    grey = np.zeros((height + 6, width + 6), np.uint8)
    grey[: height + 2, : width + 2] = 160
    grey[1 : height + 2, 1 : width + 2] = 105
    grey[2 : height + 2, 2 : width + 2] = inner
    return grey


def wave(height: int, width: int, period_down: float, period_across: float) -> np.ndarray:
    """A plane wave sampled at pixel centres: mean 127.5, amplitude 100."""
    y, x = np.mgrid[:height, :width] + 0.5
    return 127.5 + 100 * np.cos(2 * np.pi * (y / period_down + x / period_across))


def test_small_files_lose_their_frame_and_nothing_else():
    inner = np.random.default_rng(0).integers(0, 256, (97, 90), dtype=np.uint8)
    assert np.array_equal(canonical_socofing(framed(inner)), inner)


def test_the_cut_does_not_depend_on_the_frames_content():
    inner = np.random.default_rng(0).integers(0, 256, (97, 90), dtype=np.uint8)
    grey = framed(inner)
    grey[99, 20:60] = 50
    grey[30:60, 92] = 200
    assert np.array_equal(canonical_socofing(grey), inner)


def test_large_files_are_resampled_where_the_ridges_are():
    step_down, step_across = 292 / 97, 235 / 90
    large = wave(292, 235, 9 * step_down, 7 * step_across)
    small = canonical_socofing(framed(np.round(large).astype(np.uint8)))
    assert small.shape == (97, 90)
    # A wave of 9 and 7 pixels passes the filter as it is; at the border the kernel is cut short.
    error = np.abs(small - wave(97, 90, 9, 7))[4:-4, 4:-4]
    assert error.max() < 6


def test_waves_too_fine_for_the_scale_vanish_instead_of_aliasing():
    fine = wave(292, 235, 4, 1e9)
    small = canonical_socofing(framed(np.round(fine).astype(np.uint8)))
    assert np.abs(small[4:-4].astype(float) - 127.5).max() < 8
    picked = fine[::3, ::3]
    assert np.abs(picked - 127.5).max() > 60


def test_the_frame_does_not_bleed_into_large_files():
    assert (canonical_socofing(framed(np.full((292, 235), 255, np.uint8))) == 255).all()


@pytest.mark.parametrize("shape", [(96, 103), (97, 90), (298, 240), (1, 1)])
def test_other_sizes_are_refused(shape):
    with pytest.raises(BadInput, match=f"{shape[1]} x {shape[0]} pixels"):
        canonical_socofing(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(
    ("shape", "ppi", "expected"),
    [((374, 388), 500, (150, 155)), ((560, 296), 569, (197, 104)), ((10, 20), 200, (10, 20)), ((1, 1), 1000, (1, 1))],
)
def test_resampled_sizes(shape, ppi, expected):
    assert to_canonical_scale(np.zeros(shape, np.uint8), ppi).shape == expected


def test_ridges_of_500_ppi_keep_their_place_at_200():
    large = wave(300, 250, 20, 25)
    small = to_canonical_scale(np.round(large).astype(np.uint8), 500)
    assert np.abs(small - wave(120, 100, 8, 10))[4:-4, 4:-4].max() < 6


def test_resizing_to_the_same_size_changes_nothing():
    grey = np.random.default_rng(0).integers(0, 256, (12, 9), dtype=np.uint8)
    assert np.array_equal(resized(grey, 12, 9), grey)


def test_large_real_files_look_like_the_small_ones(real_data):
    """A resampled large file has its energy where the small files have theirs: ridges of 3.1 pixels."""

    def mean_period(subjects):
        power = np.zeros((128, 128))
        for path in (path for subject in subjects for path in (real_data / "SOCOFing/Real").glob(f"{subject}__*.BMP")):
            grey = canonical_socofing(load_grey(path)) / 255
            window = np.outer(np.hanning(97), np.hanning(90))
            spectrum = np.abs(np.fft.fft2((grey - grey.mean()) * window, (128, 128))) ** 2
            power += spectrum / spectrum.sum()
        radius = np.hypot(np.fft.fftfreq(128)[:, None], np.fft.fftfreq(128)[None])
        band = (radius > 0.2) & (radius < 0.48)
        return 1 / np.average(radius[band], weights=(power / np.maximum(radius, 1e-9))[band])

    # All ten files of subjects 53, 226 and 270 are large.
    assert mean_period((53, 226, 270)) == pytest.approx(mean_period((1, 2, 3, 4, 5, 6)), rel=0.1)


@pytest.mark.parametrize("ppi", [-5.0, 0.5, 19.9, float("inf"), float("nan")])
def test_no_resolution(ppi: float) -> None:
    with pytest.raises(BadInput, match="is no resolution; give 20 pixels per inch or more"):
        check_ppi(ppi)


@pytest.mark.parametrize("ppi", [0.0, 20.0, 500.0])
def test_a_resolution(ppi: float) -> None:
    check_ppi(ppi)
