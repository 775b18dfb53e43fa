"""Weights of 8 bits: half a step of error at most, and tensors that must not change."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode.matching.shipped.eight_bits import LARGE, SCALE, decoded, in_eight_bits


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(512, 256), (300, 450), (20, 300, 5, 5)]))
def test_each_weight_is_the_nearest_of_255(seed: int, shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(seed)
    weight = (random.normal(size=shape) * random.lognormal(0, 2, (shape[0], *[1] * (len(shape) - 1)))).astype(
        np.float32
    )
    stored = in_eight_bits({"w": torch.from_numpy(weight)})
    assert stored["w"].dtype == torch.int8 and stored["w" + SCALE].shape == shape[:1]
    found = decoded(stored)["w"].numpy()
    for output in range(0, shape[0], 71):  # a slow loop: the nearest multiple of the step
        step = np.abs(weight[output]).max() / 127
        multiples = step * np.arange(-127, 128)
        for place in range(0, weight[output].size, 997):
            value = weight[output].reshape(-1)[place]
            rounding = 1e-6 * 127 * step  # of float32
            assert abs(found[output].reshape(-1)[place] - value) <= np.abs(multiples - value).min() + rounding


def test_what_stays() -> None:
    tensors = {
        "bias": torch.rand(LARGE + 1),
        "count": torch.arange(LARGE).view(2, -1),
        "small": torch.rand(4, 5),
        "zeros": torch.zeros(2, LARGE),
    }
    stored = in_eight_bits(tensors)
    found = decoded(stored)
    assert torch.equal(found["bias"], tensors["bias"]) and torch.equal(found["count"], tensors["count"])
    assert stored["small"].dtype == torch.float16
    assert not found["zeros"].any()


def test_weights_that_no_integer_has() -> None:
    weight = torch.rand(2, LARGE)
    weight[1, 3] = torch.nan
    with pytest.raises(ValueError, match="weight"):
        in_eight_bits({"weight": weight})


def test_scales_that_do_not_fit() -> None:
    stored = in_eight_bits({"w": torch.rand(4, LARGE)})
    with pytest.raises(ValueError, match=r"w\.scale"):
        decoded({**stored, "w" + SCALE: torch.ones(3)})
