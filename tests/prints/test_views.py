"""Views against loops over pixels: what a window shows, and what comes back."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from ridgecode.prints.prepare import prepare
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import PRINT_SHAPE, VIEWS, WHITE, View, stack_prints


def some_prints(n: int, height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 255, (n, height, width), np.uint8)  # 255 is left for the margin


def centred(image: NDArray[np.uint8], height: int, width: int, odd_first: bool = False) -> NDArray[np.uint8]:
    """One print centred in (height, width), pixel by pixel: what is cut or added is shared, the odd one at the end, or
    cut from the beginning."""
    out = np.empty((height, width), np.uint8)
    cut = [(max(0, have - want) + odd_first) // 2 for have, want in zip(image.shape, (height, width), strict=True)]
    added = [max(0, want - have) // 2 for have, want in zip(image.shape, (height, width), strict=True)]
    for row in range(height):
        for column in range(width):
            y, x = row + cut[0] - added[0], column + cut[1] - added[1]
            inside = 0 <= y < image.shape[0] and 0 <= x < image.shape[1]
            out[row, column] = image[y, x] if inside else WHITE
    return out


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(VIEWS)), st.integers(1, 130), st.integers(1, 130), st.integers(1, 3))
def test_windows_equal_a_loop(name: str, height: int, width: int, n: int) -> None:
    prints, view = some_prints(n, height, width), VIEWS[name]
    found = view.take(prints)
    assert found.shape == (n, view.height, view.width)
    assert found.dtype == np.uint8
    for window, image in zip(found, prints, strict=True):
        # `whole` never shows more than the canonical print, so that every print has the same white margin.
        kept = centred(image, *PRINT_SHAPE) if name == "whole" else image
        np.testing.assert_array_equal(window, centred(kept, view.height, view.width, name == "whole"))


def test_windows_of_socofing_prints_by_slices() -> None:
    prints = some_prints(2, 97, 90)
    np.testing.assert_array_equal(VIEWS["crop32"].take(prints), prints[:, 32:64, 29:61])
    whole = VIEWS["whole"].take(prints)
    np.testing.assert_array_equal(whole[:, :, 3:93], prints[:, 1:])
    assert (whole[:, :, :3] == WHITE).all()
    assert (whole[:, :, 93:] == WHITE).all()


def test_restore_undoes_take_but_for_the_row_that_is_left_out() -> None:
    prints = some_prints(3, *PRINT_SHAPE)
    back = VIEWS["whole"].restore(VIEWS["whole"].take(prints).astype(np.float32))
    assert back.shape == prints.shape
    np.testing.assert_array_equal(back[:, 1:], prints[:, 1:])
    np.testing.assert_array_equal(back[:, 0], prints[:, 1])
    crops = VIEWS["crop32"].take(prints).astype(np.float32)
    np.testing.assert_array_equal(VIEWS["crop32"].restore(crops), crops)


@pytest.mark.parametrize(("height", "width"), [(12, 8), (7, 5), (12, 2), (4, 8), (3, 3)])
def test_restore_of_any_view(height: int, width: int) -> None:
    """What the window shows comes back in its place; a row or column that it lacks repeats the nearest that it has."""
    prints = some_prints(2, 7, 5)
    view = View("any", height, width, (7, 5))
    back = view.restore(view.take(prints).astype(np.float32))
    top, left = (max(0, 7 - height) + 1) // 2, (max(0, 5 - width) + 1) // 2
    for row in range(7):
        for column in range(5):
            y = min(max(row, top), top + min(7, height) - 1)
            x = min(max(column, left), left + min(5, width) - 1)
            np.testing.assert_array_equal(back[:, row, column], prints[:, y, x])


def test_restore_refuses_other_windows() -> None:
    with pytest.raises(ValueError, match="crop32"):
        VIEWS["crop32"].restore(np.zeros((1, 96, 96), np.float32))


def test_take_copies() -> None:
    prints = some_prints(1, 32, 32)
    VIEWS["crop32"].take(prints)[:] = 0
    assert prints.any()


def stored(tmp_path: Path, sizes: list[tuple[int, int]]) -> PrintStore:
    for number, (height, width) in enumerate(sizes):
        path = tmp_path / f"images/s{number}/1.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(some_prints(1, height, width, number)[0]).save(path)
    return PrintStore.open(prepare("folder", tmp_path / "images", tmp_path / "store", progress=False).path)


def test_prints_of_one_size_are_stacked_as_they_are(tmp_path: Path) -> None:
    store = stored(tmp_path, [(40, 50)] * 3)
    rows = np.array([2, 0])
    found = stack_prints(store, rows)
    assert found.shape == (2, 40, 50)
    for image, row in zip(found, rows, strict=True):
        np.testing.assert_array_equal(image, store.image(row))


def test_prints_of_several_sizes_are_brought_to_the_canonical_one(tmp_path: Path) -> None:
    store = stored(tmp_path, [(40, 50), (120, 100), (97, 90), (40, 50)])
    found = stack_prints(store, np.arange(4))
    assert found.shape == (4, *PRINT_SHAPE)
    for row, image in enumerate(found):
        np.testing.assert_array_equal(image, centred(store.image(row), *PRINT_SHAPE))
    # The store decides, not the rows that are asked for: probes and references of one list have one size.
    assert stack_prints(store, np.array([0, 3])).shape == (2, *PRINT_SHAPE)
    assert stack_prints(store, np.array([], np.int64)).shape[0] == 0
