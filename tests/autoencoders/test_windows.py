"""Windows as tensors against a view's own arrays."""

import numpy as np
import pytest
import torch

from ridgecode.autoencoders.windows import windows
from ridgecode.prints.views import VIEWS
from support.random_prints import some_prints


@pytest.mark.parametrize("name", VIEWS)
def test_windows_are_grey_values_between_0_and_1(name: str) -> None:
    view, prints = VIEWS[name], some_prints(3, 97, 90)
    before = prints.copy()
    found = windows(prints, view)
    assert found.shape == (3, 1, view.height, view.width) and found.dtype == torch.float32
    np.testing.assert_array_equal(found[:, 0].numpy(), np.divide(view.take(prints), 255, dtype=np.float32))
    np.testing.assert_array_equal(prints, before)
    assert windows(prints[:0], view).shape == (0, 1, view.height, view.width)
