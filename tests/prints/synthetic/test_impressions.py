"""Impressions: ridge period, identity, grey levels, placement, distortion."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from ridgecode.errors import BadInput
from ridgecode.prints.synthetic.impressions import Contact, Placement, distort, impression
from ridgecode.prints.synthetic.masters import Master, master_print
from support.minutiae_count import minutiae_per_kilopixel

UPRIGHT = Placement(0.0, 60.0, 45.0)
USUAL = Contact(0.3, 1.0, 0.0)


@pytest.fixture(scope="module")
def masters() -> list[Master]:
    return [master_print(seed) for seed in range(8)]


def spectral_period(prints: np.ndarray) -> float:
    """Pixels a ridge: the peak of the mean spectrum's radial average over prints' centres."""
    size, padded = 48, 192
    window = np.outer(np.hanning(size), np.hanning(size))
    centres = prints[:, 40 : 40 + size, 21 : 21 + size].astype(float)
    centres = (centres - centres.mean((1, 2), keepdims=True)) * window
    power = (np.abs(np.fft.rfft2(centres, (padded, padded))) ** 2).mean(0)
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(padded), np.fft.rfftfreq(padded), indexing="ij"))
    ring = np.rint(radius * padded).astype(int)
    radial = np.bincount(ring.ravel(), power.ravel()) / np.bincount(ring.ravel())
    band = slice(int(0.12 * padded), int(0.45 * padded))
    return padded / (band.start + int(radial[band].argmax()))


@pytest.mark.parametrize("period", [3.25, 4.0, 5.0])
def test_ridge_period_is_the_one_asked_for(period: float) -> None:
    prints = [impression(master_print(seed, ridge_period=period), seed, contact=USUAL) for seed in range(12)]
    assert spectral_period(np.stack(prints)) == pytest.approx(period, rel=0.1)


def best_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Of the middle 28x28 pixels of one print with the other, aligned by the best shift of up to 4 pixels."""
    a, b = (image - ndimage.gaussian_filter(image.astype(float), 4) for image in (a, b))
    shifts = range(-4, 5)
    block = a[46:74, 31:59].ravel()
    return max(
        float(np.corrcoef(block, b[46 + dy : 74 + dy, 31 + dx : 59 + dx].ravel())[0, 1])
        for dy in shifts
        for dx in shifts
    )


def test_impressions_of_a_finger_are_alike_and_fingers_are_not(masters: list[Master]) -> None:
    first, second = ([impression(master, seed, UPRIGHT, USUAL) for master in masters] for seed in (1, 2))
    alike = [best_correlation(a, b) for a, b in zip(first, second, strict=True)]
    others = [best_correlation(a, b) for i, a in enumerate(first) for b in second[i + 1 :]]
    assert min(alike) > 0.5
    assert max(others) < min(alike)
    assert np.median(others) < 0.4 * np.median(alike)


def test_same_seed_same_pixels(masters: list[Master]) -> None:
    again = master_print(2)
    assert np.array_equal(again.height, masters[2].height)
    assert np.array_equal(impression(again, 5), impression(masters[2], 5))
    assert not np.array_equal(impression(again, 5), impression(again, 6))


def test_prints_fill_grey_levels_as_socofing_does(masters: list[Master]) -> None:
    prints = np.stack([impression(master, seed) for master in masters for seed in (1, 2, 3)])
    assert prints.shape == (24, 97, 90) and prints.dtype == np.uint8
    centres = prints[:, 32:64, 29:61] / 255
    # SOCOFing: mean 0.39 and variance 0.145 to 0.151 of centre crops; a third of all pixels is white.
    assert centres.mean() == pytest.approx(0.41, abs=0.12)
    assert centres.var() == pytest.approx(0.148, abs=0.03)
    assert 0.2 < (prints == 255).mean() < 0.55
    # Skin touches at the bottom and not along the top.
    assert prints[:, :4].mean() > 235 and prints[:, -12:].mean() < 180


def test_wet_skin_is_darker_and_dry_skin_is_broken(masters: list[Master]) -> None:
    dry, usual, wet = (
        np.stack([impression(master, 1, UPRIGHT, Contact(moisture, 1.0, 0.0)) for master in masters[:4]])
        for moisture in (-0.7, 0.3, 1.0)
    )
    assert dry.mean() > usual.mean() + 15 > wet.mean() + 30
    assert minutiae_per_kilopixel(dry)[0] > 1.5 * minutiae_per_kilopixel(usual)[0]


def test_placement_moves_the_print(masters: list[Master]) -> None:
    left = impression(masters[0], 1, Placement(0.0, 60.0, 38.0), USUAL) < 128
    right = impression(masters[0], 1, Placement(0.0, 60.0, 52.0), USUAL) < 128
    columns = np.arange(90)
    moved = (right.sum(0) @ columns) / right.sum() - (left.sum(0) @ columns) / left.sum()
    assert moved == pytest.approx(14, abs=7)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_distortion_is_small_smooth_and_keeps_skin_whole(seed: int) -> None:
    z = np.arange(-45, 46, 1.0)[None, :] - 1j * np.arange(-50, 51, 1.0)[:, None]
    moved = distort(z, np.random.default_rng(seed))
    assert np.abs(moved - z).max() < 14
    assert np.median(np.abs(moved - z)) < 6
    # The skin never folds: its area keeps its sign.
    right, down = np.diff(moved, axis=1)[:-1], np.diff(moved, axis=0)[:, :-1]
    assert (right.real * -down.imag + right.imag * down.real).min() > 0.2


def test_minutiae_and_greys_are_near_real_ones(real_data: Path) -> None:
    files = sorted((real_data / "SOCOFing" / "Real").glob("*_Right_*.BMP"))[::40][:60]
    images = [np.asarray(Image.open(file).convert("L"))[2:99, 2:92] for file in files]
    real = np.stack([image for image in images if image.shape == (97, 90)])
    period = spectral_period(real)
    synthetic = np.stack([impression(master_print(seed, ridge_period=period), seed) for seed in range(40)])
    for ours, theirs in zip(minutiae_per_kilopixel(synthetic), minutiae_per_kilopixel(real), strict=True):
        assert 0.5 < ours / theirs < 2
    assert synthetic[:, 32:64, 29:61].std() == pytest.approx(real[:, 32:64, 29:61].std(), rel=0.12)
    assert synthetic.mean() == pytest.approx(real.mean(), abs=30)


def test_a_negative_seed() -> None:
    with pytest.raises(BadInput, match="Seed"):
        impression(master_print(0), -1)
