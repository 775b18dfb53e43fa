"""Windows of tensors are those of arrays."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.autoencoders.view_tensors import kept, restore, take
from ridgecode.prints.views import VIEWS

sides = st.integers(1, 120)


@pytest.mark.parametrize("name", VIEWS)
@given(st.integers(0, 3), sides, sides, st.integers(0, 99))
def test_as_arrays_are_cut(name: str, n: int, height: int, width: int, seed: int) -> None:
    view = VIEWS[name]
    if (height, width) == (view.height, view.width):
        return
    prints = np.random.default_rng(seed).integers(0, 256, (n, height, width), np.uint8)
    x = torch.from_numpy(prints).float() / 255
    for ours, theirs in ((take, view.take), (kept, view.kept)):
        np.testing.assert_array_equal(ours(x, view).numpy(), np.divide(theirs(prints), 255, dtype=np.float32))


@pytest.mark.parametrize("name", VIEWS)
@given(st.integers(0, 3), st.integers(0, 99))
def test_windows_of_the_views_own_size(name: str, n: int, seed: int) -> None:
    view = VIEWS[name]
    windows = np.random.default_rng(seed).random((n, view.height, view.width), np.float32)
    x = torch.from_numpy(windows)
    assert take(x, view) is x
    np.testing.assert_array_equal(restore(x, view).numpy(), view.restore(windows))
    np.testing.assert_array_equal(kept(x, view).numpy(), view.restore(windows))


def test_gradients_pass() -> None:
    x = torch.rand(2, 97, 90, requires_grad=True)
    take(x, VIEWS["whole"]).sum().backward()
    assert x.grad is not None
    assert float(x.grad.sum()) == 2 * 96 * 90  # all but the first row
