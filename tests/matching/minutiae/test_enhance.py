"""Enhancement of waves, whose ridges are known."""

import numpy as np
import pytest

from ridgecode.matching.minutiae.enhance import enhanced


def wave(degrees: float, period: float = 8.5) -> np.ndarray:
    """Ridges in a direction, counter-clockwise from the x axis: 1 in the middle of a ridge, -1 in that of a valley."""
    rows, columns = np.mgrid[0:120, 0:120]
    across = columns * np.sin(np.radians(degrees)) + rows * np.cos(np.radians(degrees))
    return np.cos(2 * np.pi * across / period)


@pytest.mark.parametrize("degrees", [0, 30, 45, 90, 117, 160])
def test_ridges_come_out_of_noise(degrees: float) -> None:
    true = wave(degrees)
    noise = np.random.default_rng(0).normal(0, 60, true.shape)
    found = enhanced((127 - 60 * true + noise).clip(0, 255).astype(np.uint8))
    inner = np.s_[20:100, 20:100]
    assert found.print[inner].all()
    agrees = (found.response > 0) == (true > 0)
    noisy = (127 - 60 * true + noise < 127) == (true > 0)
    assert agrees[inner].mean() > 0.93 > noisy[inner].mean() + 0.08


def test_an_even_background_is_no_print() -> None:
    image = np.full((120, 200), 240, dtype=np.uint8)
    image[:, :120] = (127 - 100 * wave(20)).astype(np.uint8)
    found = enhanced(image)
    assert found.print[20:100, 20:100].all()
    assert not found.print[:, 150:].any()


def test_a_blank_image_has_no_ridges() -> None:
    found = enhanced(np.full((30, 40), 255, dtype=np.uint8))
    assert not found.print.any()
    assert np.isfinite(found.response).all()
