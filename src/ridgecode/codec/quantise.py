"""Uniform quantisation of latent vectors to a given number of bits a dim."""

from dataclasses import dataclass

from torch import Tensor

MAX_STEPS = {1: 1.596, 2: 0.9957, 3: 0.5860, 4: 0.3352, 5: 0.1881, 6: 0.1041, 7: 0.05687, 8: 0.03076}
"""The step, in standard deviations, of the uniform quantiser with 2**bits levels that has the least squared error on a
Gaussian.

Source: J. Max, "Quantizing for minimum distortion", IRE Transactions on Information Theory 6 (1960), table II; the
steps for 6 to 8 bits were solved numerically from the same condition.
"""


@dataclass(frozen=True)
class UniformQuantiser:
    """Rounds each latent dim to one of 2**bits levels, evenly spaced around its mean.

    mean, std: (latent_dim,) float, of training prints. bits: 1 to 8 a dim.
    """

    mean: Tensor
    std: Tensor
    bits: int

    def round(self, z: Tensor) -> Tensor:
        """(N, latent_dim) -> (N, latent_dim): each value becomes the centre of its level; values beyond the outermost
        levels become these."""
        step = (self.std * MAX_STEPS[self.bits]).clamp_min(1e-12)
        half = 2 ** (self.bits - 1)
        level = ((z - self.mean) / step).floor().clamp(-half, half - 1)
        return self.mean + (level + 0.5) * step


def latent_bytes(latent_dim: int, bits: int) -> int:
    """Whole bytes that one latent vector takes at `bits` a dim without entropy coding."""
    return (latent_dim * bits + 7) // 8
