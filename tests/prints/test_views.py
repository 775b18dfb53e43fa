"""Views against loops over pixels: what a window shows, and what comes back, of arrays and of tensors."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode.prints.canonical import PRINT_SHAPE, WHITE
from ridgecode.prints.views import VIEWS, View
from support.random_prints import centred, some_prints

NAMES = sorted(VIEWS)
sides = st.integers(1, 130)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(NAMES), sides, sides, st.integers(1, 3))
def test_windows_equal_a_loop(name: str, height: int, width: int, n: int) -> None:
    prints, view = some_prints(n, height, width), VIEWS[name]
    found = view.take(prints)
    assert found.shape == (n, view.height, view.width)
    assert found.dtype == np.uint8
    if (height, width) == (view.height, view.width):
        np.testing.assert_array_equal(found, prints)
        return
    for window, image in zip(found, prints, strict=True):
        # `whole` never shows more than the canonical print, so that every print has the same white margin.
        inside = centred(image, *PRINT_SHAPE) if name == "whole" else image
        np.testing.assert_array_equal(window, centred(inside, view.height, view.width, name == "whole"))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(NAMES), sides, sides, st.integers(1, 3))
def test_targets_equal_a_loop(name: str, height: int, width: int, n: int) -> None:
    prints, view = some_prints(n, height, width), VIEWS[name]
    found = view.target(prints)
    rows, columns = PRINT_SHAPE if name == "whole" else (view.height, view.width)
    assert found.shape == (n, rows, columns)
    if (height, width) == (view.height, view.width):
        np.testing.assert_array_equal(found, view.restore(prints))
        return
    for target, image in zip(found, prints, strict=True):
        np.testing.assert_array_equal(target, centred(image, rows, columns))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 3), sides, sides)
def test_tensors_are_cut_as_arrays_are(name: str, n: int, height: int, width: int) -> None:
    prints, view = some_prints(n, height, width), VIEWS[name]
    grey = torch.from_numpy(prints)
    for cut in (view.take, view.target):
        expected = cut(prints)
        assert cut(grey).dtype == torch.uint8
        np.testing.assert_array_equal(cut(grey).numpy(), expected)
        for floats in (cut(grey.float() / 255).numpy(), cut(np.divide(prints, 255, dtype=np.float32))):
            assert floats.dtype == np.float32
            np.testing.assert_array_equal(floats, np.divide(expected, 255, dtype=np.float32))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [0, 3])
def test_windows_of_the_views_own_size_are_taken_as_they_are(name: str, n: int) -> None:
    view = VIEWS[name]
    windows = np.random.default_rng(0).random((n, view.height, view.width), np.float32)
    x = torch.from_numpy(windows)
    assert view.take(x) is x
    assert view.take(windows) is windows
    np.testing.assert_array_equal(view.restore(x).numpy(), view.restore(windows))
    np.testing.assert_array_equal(view.target(x).numpy(), view.restore(windows))
    np.testing.assert_array_equal(view.target(windows), view.restore(windows))


def test_gradients_pass() -> None:
    x = torch.rand(2, 97, 90, requires_grad=True)
    VIEWS["whole"].take(x).sum().backward()
    assert x.grad is not None
    assert float(x.grad.sum()) == 2 * 96 * 90  # all but the first row
    window = torch.rand(2, 96, 96, requires_grad=True)
    VIEWS["whole"].restore(window).sum().backward()
    assert window.grad is not None
    expected = torch.zeros(96, 96)
    expected[:, 3:93] = 1
    expected[0, 3:93] = 2  # it stands for the row that the window lacks as well
    torch.testing.assert_close(window.grad, expected.expand(2, 96, 96))


def test_windows_of_socofing_prints_by_slices() -> None:
    prints = some_prints(2, 97, 90)
    np.testing.assert_array_equal(VIEWS["crop32"].take(prints), prints[:, 32:64, 29:61])
    whole = VIEWS["whole"].take(prints)
    np.testing.assert_array_equal(whole[:, :, 3:93], prints[:, 1:])
    assert (whole[:, :, :3] == WHITE).all()
    assert (whole[:, :, 93:] == WHITE).all()


@pytest.mark.parametrize("name", ["crop32", "whole"])  # no print here is as large as a patch of `full`
def test_put_replaces_the_target_alone(name: str) -> None:
    prints, view = some_prints(2, 103, 96), VIEWS[name]
    before = prints.copy()
    target = view.target(prints)
    np.testing.assert_array_equal(view.put(prints, target), prints)
    drawn = view.put(prints, np.full_like(target, WHITE))
    np.testing.assert_array_equal(view.target(drawn), WHITE)
    assert (drawn == WHITE).sum() == target.size  # `some_prints` has no white pixel of its own
    np.testing.assert_array_equal(np.where(drawn == WHITE, prints, drawn), prints)
    np.testing.assert_array_equal(prints, before)


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
    view = View("any", height, width, (7, 5))  # type: ignore[arg-type]
    windows = view.take(prints).astype(np.float32)
    top, left = (max(0, 7 - height) + 1) // 2, (max(0, 5 - width) + 1) // 2
    for back in (view.restore(windows), view.restore(torch.from_numpy(windows)).numpy()):
        for row in range(7):
            for column in range(5):
                y = min(max(row, top), top + min(7, height) - 1)
                x = min(max(column, left), left + min(5, width) - 1)
                np.testing.assert_array_equal(back[:, row, column], prints[:, y, x])


def test_restore_refuses_other_windows() -> None:
    with pytest.raises(ValueError, match="crop32"):
        VIEWS["crop32"].restore(np.zeros((1, 96, 96), np.float32))
    with pytest.raises(ValueError, match="whole"):
        VIEWS["whole"].restore(torch.zeros(1, 97, 90))
