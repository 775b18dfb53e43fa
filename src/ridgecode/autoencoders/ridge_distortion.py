"""A distortion that counts what a matcher reads: ridges, weak ones as well as strong ones, and little else.

Squared error spends most bits where contrast is highest, and some on noise, pores and the edge of a sensor's glass.
Minutiae lie in weak ridges as well, and no matcher reads noise.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

SMOOTHING = 1.5
"""Standard deviation in pixels of the Gaussian that the error is smoothed by: at 500 ppi a ridge period of 9 pixels
keeps 0.58 of its amplitude, noise of 3 pixels 0.007."""
NEIGHBOURHOOD = 9.0
"""Standard deviation in pixels of the Gaussian neighbourhood in which contrast is measured: a ridge period."""
USUAL_CONTRAST = 0.15
"""The contrast that has the weight 1."""
PLAIN_SHARE = 0.1
"""The weight of the plain squared error, which keeps grey values right where there are no ridges."""


def ridge_distortion(x_hat: Tensor, x: Tensor) -> Tensor:
    """The scalar distortion between grey values x_hat and a print x, both (N, 1, H, W) in [0, 1], at 500 ppi.

    The mean over all pixels of 0.1 (x_hat - x)^2 + w (G * (x_hat - x))^2 with the Gaussian G of 1.5 pixels and w =
    (2 s c / (s^2 + c^2))^2, where s is the standard deviation of x in a pixel's neighbourhood and c = 0.15. So w is 1
    where s = c, 0.36 where ridges are three times as strong or as weak, and 0 on flat background.
    """
    error = x_hat - x
    return PLAIN_SHARE * error.square().mean() + (ridge_weight(x) * _blurred(error, SMOOTHING).square()).mean()


def ridge_weight(x: Tensor) -> Tensor:
    """The weight w of each pixel of prints (N, 1, H, W), 0 to 1."""
    mean = _blurred(x, NEIGHBOURHOOD)
    variance = (_blurred(x.square(), NEIGHBOURHOOD) - mean.square()).clamp(min=0)
    return 4 * variance * USUAL_CONTRAST**2 / (variance + USUAL_CONTRAST**2).square()


def _blurred(x: Tensor, sigma: float) -> Tensor:
    """Convolved with a Gaussian, cut off at three standard deviations; edges are repeated."""
    reach = round(3 * sigma)
    at = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
    kernel = torch.exp(-at.square() / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).view(1, 1, -1, 1)
    x = F.pad(x, (reach, reach, reach, reach), mode="replicate")
    return F.conv2d(F.conv2d(x, kernel), kernel.transpose(2, 3))
