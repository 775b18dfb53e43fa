"""The distributions that a quantised latent dim may have, one for each scale index.

All are logistic distributions of mean 0, rounded to whole numbers. The tables of the entropy coder (tables.py) start
from them.
"""

import torch
from torch import Tensor
from torch.nn import functional

SCALE_COUNT = 64
"""Scale indices go from 0 to SCALE_COUNT - 1."""
SMALLEST_SCALE = 0.05
"""The scale of index 0, in quantiser steps: the value 0 has the probability tanh(1 / (4 * 0.05)) = 0.99991."""
SCALE_INDICES_PER_DOUBLING = 6
"""An index higher by this many stands for twice the scale; the last scale is 72 steps."""


def scale_of(index: Tensor) -> Tensor:
    """Scale index, any float -> logistic scale s in quantiser steps (the standard deviation is s * pi / sqrt(3))."""
    return SMALLEST_SCALE * torch.exp2(index.clamp(0, SCALE_COUNT - 1) / SCALE_INDICES_PER_DOUBLING)


def logistic_bits(value: Tensor, index: Tensor) -> Tensor:
    """Bits that a whole number `value` costs under the logistic distribution of scale index `index`, element by
    element.

    P(v) = F(v + 1/2) - F(v - 1/2) with F the logistic function of v / s. For values with uniform noise added, that is
    the density of the noisy value (Balle et al., arXiv 1611.01704, section 3). It is computed as
    F(a) * F(-b) * (1 - exp(b - a)), which loses no digits in the tails, so that gradients never vanish there.
    """
    s = scale_of(index)
    a, b = (value + 0.5) / s, (value - 0.5) / s
    log_p = functional.logsigmoid(a) + functional.logsigmoid(-b) + torch.log(-torch.expm1(-1 / s))
    return log_p * (-1 / 0.6931471805599453)
