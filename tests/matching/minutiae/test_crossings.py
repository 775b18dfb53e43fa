"""Crossing numbers against a slow walk round each pixel, and minutiae of drawn skeletons."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.draw import line

from ridgecode.matching.minutiae.crossings import BORDER_PIXELS, crossing_numbers, crossings
from ridgecode.matching.minutiae.template import BIFURCATION, ENDING

SIZE = 100
WHOLE = np.ones((SIZE, SIZE), dtype=bool)


def drawn(*lines: tuple[int, int, int, int]) -> np.ndarray:
    image = np.zeros((SIZE, SIZE), dtype=bool)
    for one in lines:
        image[line(*one)] = True
    return image


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 6))
def test_crossing_numbers_by_walking_round(seed: int, height: int, width: int) -> None:
    skeleton = np.random.default_rng(seed).random((height, width)) < 0.5
    found = crossing_numbers(skeleton)
    ring = [(-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)]
    for row, column in np.ndindex(skeleton.shape):
        values = []
        for dy, dx in ring:
            y, x = row + dy, column + dx
            values.append(bool(skeleton[y, x]) if 0 <= y < skeleton.shape[0] and 0 <= x < skeleton.shape[1] else False)
        starts = sum(not values[i - 1] and values[i] for i in range(8))
        assert found[row, column] == (starts if skeleton[row, column] else 0)


@pytest.mark.parametrize(
    ("end", "direction"), [((50, 80), 0), ((20, 80), 45), ((20, 50), 90), ((50, 20), 180), ((80, 50), 270)]
)
def test_an_ending_points_along_its_ridge(end: tuple[int, int], direction: int) -> None:
    found = crossings(drawn((50, 50, *end)), WHOLE)
    first = (found.row == 50) & (found.column == 50)
    assert first.sum() == 1
    assert len(found.row) == 2
    assert found.kind.tolist() == [ENDING, ENDING]
    assert found.direction[first][0] == pytest.approx(direction, abs=3)
    assert found.direction[~first][0] == pytest.approx((direction + 180) % 360, abs=3)


def test_a_bifurcation_points_into_the_valley_between_its_branches() -> None:
    # Two branches up to the right and down to the right, one to the left; all reach the border.
    fork = drawn((50, 50, 50, 0), (50, 50, 30, 99), (50, 50, 70, 99))
    found = crossings(fork, WHOLE)
    assert found.kind.tolist() == [BIFURCATION]
    assert abs(found.row[0] - 50) <= 2
    assert abs(found.column[0] - 50) <= 4
    assert min(found.direction[0], 360 - found.direction[0]) < 10


def test_a_spur_is_neither_ending_nor_bifurcation() -> None:
    assert len(crossings(drawn((50, 0, 50, 99), (49, 50, 44, 50)), WHOLE).row) == 0


def test_both_sides_of_a_gap_are_dropped() -> None:
    assert len(crossings(drawn((50, 0, 50, 47), (50, 51, 50, 99)), WHOLE).row) == 0


def test_ridges_that_the_border_cuts_have_no_ending() -> None:
    print = np.zeros_like(WHOLE)
    print[20:80, 20:80] = True
    assert len(crossings(drawn((50, 20, 50, 79)), print).row) == 0
    inner = crossings(drawn((50, 20 + BORDER_PIXELS, 50, 79 - BORDER_PIXELS)), print)
    assert sorted(inner.column.tolist()) == [20 + BORDER_PIXELS, 79 - BORDER_PIXELS]


def test_nothing_gives_nothing() -> None:
    found = crossings(np.zeros_like(WHOLE), WHOLE)
    assert [len(part) for part in found] == [0, 0, 0, 0]
