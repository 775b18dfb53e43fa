"""Agreement of minutiae against the best of all pairings, tried one by one."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode.matching.minutiae.agreement import agreement, pairing
from ridgecode.matching.minutiae.template import Minutiae

Place = tuple[int, int, int]
places = st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25), st.integers(0, 359)), max_size=5)


def of(points: list[Place]) -> Minutiae:
    x, y, direction = np.array(points, dtype=np.float32).reshape(-1, 3).T
    n = len(points)
    nothing = np.zeros((n, 0), dtype=bool)
    return Minutiae(x, y, direction, np.zeros(n, np.uint8), np.ones(n, np.float32), np.array([99, 99]), nothing)


def allowed(a: Place, b: Place) -> bool:
    turn = abs(a[2] - b[2])
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 <= 64 and min(turn, 360 - turn) <= 20


def slow_matched(found: list[Place], true: list[Place]) -> tuple[int, float]:
    """The most pairs over all pairings, and the least sum of their distances."""
    few, many = sorted((found, true), key=len)
    best = (0, 0.0)
    for order in permutations(many, len(few)):
        pairs = [(a, b) for a, b in zip(few, order, strict=True) if allowed(a, b)]
        length = sum(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5 for a, b in pairs)
        best = min(best, (-len(pairs), length))
    return -best[0], best[1]


@settings(deadline=None)
@given(places, places)
def test_as_many_are_paired_as_by_trying_all(found: list[Place], true: list[Place]) -> None:
    got = agreement(of(found), of(true))
    matched, length = slow_matched(found, true)
    assert (got.matched, got.found, got.true) == (matched, len(found), len(true))
    rows, columns = pairing(of(found), of(true))
    apart = [np.hypot(found[i][0] - true[j][0], found[i][1] - true[j][1]) for i, j in zip(rows, columns, strict=True)]
    assert sum(apart) == pytest.approx(length)
    assert all(allowed(found[i], true[j]) for i, j in zip(rows, columns, strict=True))


@settings(deadline=None)
@given(places)
def test_a_print_agrees_with_itself(points: list[Place]) -> None:
    got = agreement(of(points), of(points))
    assert got.precision == got.recall == got.f1 == (1.0 if points else 0.0)


def test_rates_by_hand() -> None:
    true = [(0, 0, 0), (50, 0, 90), (0, 50, 180)]
    # The first is near in place and direction, the second is turned, the third is 8 px off, the last one far.
    found = [(3, 4, 350), (50, 0, 111), (0, 58, 180), (90, 90, 0)]
    got = agreement(of(found), of(true))
    assert (got.precision, got.recall, got.matched) == (2 / 4, 2 / 3, 2)
    assert got.f1 == pytest.approx(2 * got.precision * got.recall / (got.precision + got.recall))


def test_a_minutia_is_paired_with_one_other_only() -> None:
    assert agreement(of([(0, 0, 0), (1, 0, 0), (2, 0, 0)]), of([(1, 0, 0)])).matched == 1
