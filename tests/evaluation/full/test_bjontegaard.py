"""Bjontegaard's difference."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.evaluation.full.bjontegaard import bd_rate

PSNR = np.array([20.0, 22.0, 25.0, 29.0])
SIZES = np.array([500.0, 900.0, 2000.0, 5000.0])


@given(st.floats(0.1, 10))
def test_a_curve_of_so_many_times_the_bytes_differs_by_this_factor(factor: float) -> None:
    assert bd_rate(factor * SIZES, PSNR, SIZES, PSNR) == pytest.approx(factor - 1, rel=1e-9, abs=1e-12)


def test_straight_curves_in_the_logarithm_have_a_closed_form() -> None:
    """log size = PSNR / 10 against PSNR / 10 - 0.2, over the PSNRs 22 to 28 that both have."""
    x, y = np.linspace(20, 28, 5), np.linspace(22, 30, 4)
    assert bd_rate(np.exp(x / 10), x, np.exp(y / 10 - 0.2), y) == pytest.approx(np.exp(0.2) - 1)
    assert bd_rate(np.exp(y / 10 - 0.2), y, np.exp(x / 10), x) == pytest.approx(np.exp(-0.2) - 1)


def test_the_order_of_points_does_not_count() -> None:
    assert bd_rate(0.5 * SIZES[::-1], PSNR[::-1], SIZES, PSNR) == pytest.approx(-0.5)


def test_nothing_is_said_of_curves_that_share_no_psnr() -> None:
    assert bd_rate(SIZES, PSNR + 20, SIZES, PSNR) is None
    assert bd_rate(SIZES[:1], PSNR[:1], SIZES, PSNR) is None
