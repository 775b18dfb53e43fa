"""Where a model looks in images of another size: a patch of ridges lies in the middle wherever the sensor had it."""

from pathlib import Path

import numpy as np
import pytest

from ridgecode.matching.places.placement import around_ridges, framed_stack, placed, placed_store
from ridgecode.prints.frame import FRAME_SIDE
from ridgecode.prints.store import PrintStore


def ridges(height: int, width: int, top: int, left: int) -> np.ndarray:
    """A white image with 60x50 pixels of ridges at (top, left)."""
    image = np.full((height, width), 255, np.uint8)
    rows = np.arange(60)[:, None] + np.zeros(50)[None]
    image[top : top + 60, left : left + 50] = np.where(rows % 4 < 2, 20, 230)
    return image


@pytest.mark.parametrize(("height", "width", "top", "left"), [(200, 180, 5, 120), (200, 180, 130, 3), (80, 70, 10, 10)])
def test_the_ridge_area_lies_in_the_middle(height: int, width: int, top: int, left: int) -> None:
    image = around_ridges(ridges(height, width, top, left))
    assert image.shape == (FRAME_SIDE, FRAME_SIDE)
    inked = np.argwhere(image < 128)
    middle = (inked.min(0) + inked.max(0)) / 2
    assert np.abs(middle - (FRAME_SIDE - 1) / 2).max() <= 3
    whole = ridges(height, width, top, left)
    assert (image < 128).sum() == (whole < 128).sum()  # nothing is cut off
    (window,) = placed(whole[None])
    assert window.shape == (97, 90)
    inked = np.argwhere(window < 128)
    assert np.abs((inked.min(0) + inked.max(0)) / 2 - (48, 44.5)).max() <= 4


def test_canonical_prints_stay_as_they_are(matching_store: Path) -> None:
    store = PrintStore.open(matching_store)
    rows = store.rows("val")
    assert placed_store(store) is store
    assert np.array_equal(framed_stack(store, rows), store.stack(rows))
    prints = store.stack(rows)
    assert placed(prints) is prints
