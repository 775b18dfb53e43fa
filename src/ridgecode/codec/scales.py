"""The scales that a quantised latent dim's distribution may have: an index tells a coder which of its tables to take.

All are zero-mean logistic distributions, rounded to whole numbers; the tables of a coder (tables.py) start from them.
"""

import torch
from torch import Tensor
from torch.nn import functional

SCALES = 64
"""How many there are."""
LEAST = 0.05
"""The scale of index 0, in quantiser steps: 0 has the probability tanh(1 / (4 * 0.05)) = 0.99991."""
A_DOUBLING = 6
"""Index steps to twice the scale; the last scale is 72 steps."""


def scale_of(index: Tensor) -> Tensor:
    """Scale index, any float -> logistic scale s in quantiser steps (the standard deviation is s * pi / sqrt(3))."""
    return LEAST * torch.exp2(index.clamp(0, SCALES - 1) / A_DOUBLING)


def bits(value: Tensor, index: Tensor) -> Tensor:
    """Bits of a whole number `value` under the logistic distribution of scale index `index`, element by element.

    P(v) = F(v + 1/2) - F(v - 1/2) with F the logistic function of v / s; for values with uniform noise added that is
    the density of the noisy value (Balle et al., arXiv 1611.01704, section 3). It is taken as
    F(a) * F(-b) * (1 - exp(b - a)), which loses nothing in the tails, so that gradients never vanish there.
    """
    s = scale_of(index)
    a, b = (value + 0.5) / s, (value - 0.5) / s
    log_p = functional.logsigmoid(a) + functional.logsigmoid(-b) + torch.log(-torch.expm1(-1 / s))
    return log_p * (-1 / 0.6931471805599453)
