"""Sizes of prints and the whole numbers that stand for them."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.codec.full_size import MOST_PIXELS, FullSize, full_size, stored_size
from ridgecode.prints.images.pixels import MAX_PIXELS


@pytest.mark.parametrize("ppi", [1, 20, 250, 300, 393.7, 500, 500.38, 508, 1000, 1000.25, 65_535])
def test_usual_resolutions_come_back(ppi: float) -> None:
    assert full_size(*stored_size(FullSize(388, 374, ppi))) == (388, 374, ppi)


@given(st.integers(100, 6_553_500), st.integers(1, 8192), st.integers(1, 8192))
def test_two_decimals_come_back(hundredths: int, height: int, width: int) -> None:
    ppi = float(Decimal(hundredths) / 100)
    assert stored_size(FullSize(height, width, ppi)) == (height, width, hundredths)
    assert full_size(height, width, hundredths) == FullSize(height, width, ppi)


@given(st.floats(1, 65_535))
def test_any_resolution_is_stored_within_half_a_hundredth(ppi: float) -> None:
    assert abs(full_size(*stored_size(FullSize(1, 1, ppi))).ppi - ppi) < 0.005 + 1e-9


@pytest.mark.parametrize("shape", [(1, 65_535), (65_535, 1), (8192, 8192), (4096, 4096)])
def test_the_largest_sizes(shape: tuple[int, int]) -> None:
    assert full_size(*stored_size(FullSize(*shape, 500))) == (*shape, 500)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (FullSize(0, 300, 500), "0 x 300 pixels"),
        (FullSize(300, -1, 500), "300 x -1 pixels"),
        (FullSize(1, 65_536, 500), "1 x 65536 pixels"),
        (FullSize(8192, 8193, 500), "8192 x 8193 pixels"),
        (FullSize(300, 300, 0), "0 pixels per inch"),
        (FullSize(300, 300, 0.5), "0.5 pixels per inch"),
        (FullSize(300, 300, -500), "-500 pixels per inch"),
        (FullSize(300, 300, 65_536), "65536 pixels per inch"),
        (FullSize(300, 300, math.inf), "no resolution"),
        (FullSize(300, 300, math.nan), "no resolution"),
    ],
)
def test_sizes_of_no_print(size: FullSize, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        stored_size(size)


def test_every_image_that_is_read_fits() -> None:
    assert MOST_PIXELS == MAX_PIXELS
