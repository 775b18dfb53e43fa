"""The Bjontegaard rate difference against closed forms and against integrals added up slowly."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.codec.rate_distortion import Form, RateDistortion, bjontegaard_rate, bytes_at, efficient_points
from ridgecode.errors import BadInput

# The four points a curve that VCEG-M33's users check their programs with: kbit/s and PSNR of an 8-bit video.
ANCHOR = ([686.76, 309.58, 157.11, 85.95], [40.28, 37.18, 34.24, 31.42])
TESTED = ([893.34, 407.8, 204.93, 112.75], [40.39, 37.21, 34.17, 31.24])
FORMS: tuple[Form, ...] = ("pchip", "cubic")


def curve(rate: object, psnr: object) -> RateDistortion:
    return RateDistortion(np.asarray(rate, float), 10 ** (-np.asarray(psnr, float) / 10))


def slow_pchip(x: list[float], y: list[float], at: float) -> float:
    """Fritsch and Carlson's monotone cubic with Butland's harmonic slopes, point by point."""
    h = [b - a for a, b in pairwise(x)]
    d = [(b - a) / w for (a, b), w in zip(pairwise(y), h, strict=True)]
    slopes = [end_slope(h[0], h[1], d[0], d[1])]
    for i in range(1, len(x) - 1):
        w1, w2 = 2 * h[i] + h[i - 1], h[i] + 2 * h[i - 1]
        slopes.append(0.0 if d[i - 1] * d[i] <= 0 else (w1 + w2) / (w1 / d[i - 1] + w2 / d[i]))
    slopes.append(end_slope(h[-1], h[-2], d[-1], d[-2]))
    i = max(i for i in range(len(h)) if x[i] <= at or i == 0)
    t = (at - x[i]) / h[i]
    return (
        y[i] * (1 + 2 * t) * (1 - t) ** 2
        + h[i] * slopes[i] * t * (1 - t) ** 2
        + y[i + 1] * t * t * (3 - 2 * t)
        + h[i] * slopes[i + 1] * t * t * (t - 1)
    )


def end_slope(h0: float, h1: float, d0: float, d1: float) -> float:
    slope = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1)
    if slope * d0 <= 0:
        return 0.0
    return 3 * d0 if d0 * d1 <= 0 and abs(slope) > 3 * abs(d0) else slope


def lagrange(x: list[float], y: list[float], at: float) -> float:
    """The one cubic through four points."""
    return sum(y[i] * math.prod((at - x[j]) / (x[i] - x[j]) for j in range(len(x)) if j != i) for i in range(len(x)))


@pytest.mark.parametrize("form", FORMS)
def test_the_known_curves_by_slow_integrals(form: Form) -> None:
    points = []
    for rate, psnr in (ANCHOR, TESTED):
        both = sorted(zip(psnr, rate, strict=True))
        points.append(([p for p, _ in both], [math.log(r) for _, r in both]))
    low, high, steps = 31.42, 40.28, 20_000
    value = slow_pchip if form == "pchip" else lagrange
    middles = [low + (i + 0.5) * (high - low) / steps for i in range(steps)]
    mean = sum(value(*points[1], at) - value(*points[0], at) for at in middles) / steps
    found = bjontegaard_rate(curve(*ANCHOR), curve(*TESTED), form)
    assert found.percent == pytest.approx(100 * (math.exp(mean) - 1), abs=1e-4)
    assert (found.psnr_low, found.psnr_high) == pytest.approx((low, high))
    assert found.reason == ""


@pytest.mark.parametrize("form", FORMS)
def test_all_rates_halved(form: Form) -> None:
    rate, psnr = ANCHOR
    assert bjontegaard_rate(curve(rate, psnr), curve(np.array(rate) / 2, psnr), form).percent == pytest.approx(-50)
    assert bjontegaard_rate(curve(rate, psnr), curve(rate, psnr), form).percent == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("form", FORMS)
def test_straight_lines_in_log_rate(form: Form) -> None:
    """ln r = 2 + 0.1 p and ln r = 1 + 0.14 p differ by -1 + 0.04 p: over 10..18 dB by 0.04 x 14 - 1 on average."""
    first, second = np.linspace(8, 18, 7), np.linspace(10, 20, 6)
    found = bjontegaard_rate(curve(np.exp(2 + 0.1 * first), first), curve(np.exp(1 + 0.14 * second), second), form)
    assert found.percent == pytest.approx(100 * (math.exp(0.04 * 14 - 1) - 1))
    assert (found.psnr_low, found.psnr_high) == pytest.approx((10, 18))


def test_a_range_of_the_references_bytes() -> None:
    """On the same lines; 3.2 <= ln r <= 3.6 of the reference is 12..16 dB, and below 3 it is left to 10 dB."""
    first, second = np.linspace(8, 18, 7), np.linspace(10, 20, 6)
    lines = curve(np.exp(2 + 0.1 * first), first), curve(np.exp(1 + 0.14 * second), second)
    found = bjontegaard_rate(*lines, bytes_range=(math.exp(3.2), math.exp(3.6)))
    assert (found.psnr_low, found.psnr_high) == pytest.approx((12, 16))
    assert found.percent == pytest.approx(100 * (math.exp(0.04 * 14 - 1) - 1))
    found = bjontegaard_rate(*lines, bytes_range=(1, math.exp(3.4)))
    assert found.percent == pytest.approx(100 * (math.exp(0.04 * 12 - 1) - 1))
    for nothing in ((1, 2), (100, 200), (30, 20)):
        found = bjontegaard_rate(*lines, bytes_range=nothing)
        assert math.isnan(found.percent) and "no part" in found.reason
    found = bjontegaard_rate(*lines, bytes_range=(1, math.exp(2.9)))
    assert math.isnan(found.percent) and "no PSNR in common from 1 to" in found.reason


def test_beaten_points_and_order_do_not_count() -> None:
    rate, psnr = ANCHOR
    beaten = curve([*rate, 310.0, 900.0], [*psnr, 36.0, 40.28])
    assert bjontegaard_rate(curve(rate[::-1], psnr[::-1]), beaten).percent == pytest.approx(0, abs=1e-9)


def test_what_cannot_be_told() -> None:
    rate, psnr = ANCHOR
    apart = bjontegaard_rate(curve(rate, psnr), curve(rate, np.array(psnr) - 20))
    assert math.isnan(apart.percent) and apart.reason == "the curves reach no PSNR in common"
    few = bjontegaard_rate(curve(rate, psnr), curve(rate[:3], psnr[:3]), "cubic")
    assert math.isnan(few.percent) and "the other curve has 3 points" in few.reason
    assert not math.isnan(bjontegaard_rate(curve(rate, psnr), curve(rate[:2], psnr[:2])).percent)
    with pytest.raises(BadInput, match="positive and finite"):
        bjontegaard_rate(curve([0, *rate[1:]], psnr), curve(rate, psnr))


def test_bytes_at_an_mse_lie_between_the_points() -> None:
    """Of a curve of six decibels a doubling, whose logarithm of bytes is a straight line, in closed form."""
    straight = curve([100, 200, 400, 5000], [10, 16, 22, 21])  # the last is beaten
    for psnr in (10.0, 12.5, 16.0, 21.9, 22.0):
        wanted = 10 ** (-psnr / 10)
        assert bytes_at(straight, wanted) == pytest.approx(100 * 2 ** ((psnr - 10) / 6), rel=1e-9)
    assert math.isnan(bytes_at(straight, 0.11)) and math.isnan(bytes_at(straight, 0.006))
    one = RateDistortion(np.array([50.0]), np.array([0.02]))
    assert bytes_at(one, 0.02) == pytest.approx(50) and math.isnan(bytes_at(one, 0.021))


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=12))
def test_efficient_points_are_those_that_no_other_beats(points: list[tuple[int, int]]) -> None:
    sizes, errors = np.array(points, dtype=float).T
    kept = efficient_points(RateDistortion(sizes, errors)).tolist()
    slow = {
        (a, b) for a, b in points if not any((c <= a and d <= b) and (c, d) != (a, b) for c, d in points)
    }  # equal points count once
    assert {points[i] for i in kept} == slow and len(kept) == len(slow)
    assert [points[i] for i in kept] == sorted(slow)
