"""Scales and bits by the formula of the logistic distribution."""

import numpy as np
import torch

from ridgecode.codec.scales import logistic_bits, scale_of


def test_bits_are_those_of_the_rounded_logistic_distribution() -> None:
    value, index = torch.tensor([0.0, 2.0, -40.0]).double(), torch.tensor([10.0, 30.5, 12.0]).double()
    s = 0.05 * 2 ** (index / 6)
    torch.testing.assert_close(scale_of(index), s)
    p = ((value + 0.5) / s).sigmoid() - ((value - 0.5) / s).sigmoid()
    torch.testing.assert_close(logistic_bits(value, index)[:2], -p[:2].log2())
    # Far out, where that difference is 0 in floating point: exp(-39.5 / s), but for a factor of nearly 1.
    torch.testing.assert_close(logistic_bits(value, index)[2], (39.5 / s[2]) / np.log(2), rtol=1e-3, atol=0)
