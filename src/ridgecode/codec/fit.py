"""Fits a codec to a model that was trained without a rate, so that its latent vectors can be coded as well."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.saved import write_with_codec
from ridgecode.autoencoders.windows import windows
from ridgecode.codec.context_codec import has_context
from ridgecode.codec.factorised_codec import FactorisedCodec, factorised_tensors
from ridgecode.errors import BadInput

RISE = 0.05
"""Steps are so large that the MSE of training prints is higher by this fraction than without rounding. At 0.02 the
shipped models need a fifth more bytes, at 0.1 they save a sixth."""
STEP_PRINTS = 256
TABLE_PRINTS = 1024
PROBES = 512
"""Latent vectors, at least, at which the decoder's sensitivity is measured: enough for steps within 3 %."""
ROUNDS, TOLERANCE = 16, 0.03
"""The search for the steps' common factor ends after so many rounds, or when the rise is within this fraction."""
LEAST_MSE = 1 / 255**2 / 12
"""The MSE of rounding to 8-bit grey values. A model with a lower one, as PCA of all dims has, is taken to have this."""


def fit_codec(model: Path | str, prints: NDArray[np.uint8], out: Path) -> None:
    """Fits a factorised codec to `prints`, and writes the model with this codec to `out`, which may be its own file.

    prints: (N, H, W) of train subjects. All else in the file stays as it is, a pretrained model's card too. Raises
    BadInput for a model that can't be read, or that was trained with a codec of its own.
    """
    autoencoder = Autoencoder.load(model).for_inference()
    if has_context(autoencoder.saved.codec):
        raise BadInput(f"{model} was trained with a codec of its own, so none can be fitted to it")
    x = windows(prints[_spread(len(prints), TABLE_PRINTS)], autoencoder.view)
    z = autoencoder.encode(x)
    write_with_codec(model, out, factorised_tensors(z, steps(autoencoder, x, z)))


def steps(autoencoder: Autoencoder, x: Tensor, z: Tensor) -> Tensor:
    """(latent_dim,) quantiser steps, from windows x (N, 1, H, W) of training prints and their latent vectors z.

    The rounding of each dim adds the same error to the print, as reverse water-filling has it (Cover & Thomas,
    "Elements of Information Theory", 10.3.3): a step is inverse to the root of the decoder's sensitivity to the dim.
    All steps have one common factor, by which the MSE of `STEP_PRINTS` prints rises by `RISE`.
    """
    some = _spread(len(z), STEP_PRINTS)
    x, z = x[some], z[some]
    rows, columns = autoencoder.view.inside

    def mse(vectors: Tensor) -> float:
        x_hat = autoencoder.decode(vectors, window=True)[:, None]
        return float((x_hat - x)[..., rows, columns].double().square().mean())

    unrounded = mse(z)
    allowed = RISE * max(unrounded, LEAST_MSE)
    sensitivity = decoder_sensitivity(autoencoder, z)
    sensitivity = sensitivity.clamp_min(max(1e-8 * float(sensitivity.max()), 1e-30))
    # Rounding in steps s adds s^2 / 12 to a dim's variance, so the MSE rises about with the square of the factor.
    step = best = (12 * allowed / len(sensitivity) / sensitivity).sqrt()
    for _ in range(ROUNDS):
        rise = mse(FactorisedCodec(factorised_tensors(z, step)).round(z)) - unrounded
        if rise <= (1 + TOLERANCE) * allowed:
            best = step
            if rise >= (1 - TOLERANCE) * allowed:
                break
        # The error of a poor decoder may jump, so the factor changes by at most 2 a round.
        step = step * float(np.clip(allowed / max(rise, 1e-30), 1 / 4, 4)) ** 0.5
    return best


@torch.enable_grad()
def decoder_sensitivity(autoencoder: Autoencoder, z: Tensor) -> Tensor:
    """(latent_dim,) mean squared derivative of the decoded pixels by each latent dim, at latent vectors z
    (N, latent_dim).

    The sum of squares of a column of the decoder's Jacobian J is the mean of (v J)^2 over vectors v of random signs
    (Hutchinson, "A stochastic estimator of the trace of the influence matrix", 1989).
    """
    generator = torch.Generator().manual_seed(0)
    rows, columns = autoencoder.view.inside
    total, pixels = torch.zeros(z.shape[1], dtype=torch.float64), 1
    probed = z.repeat(-(-PROBES // len(z)), 1)
    for part in probed.split(64):
        at = part.clone().requires_grad_()
        drawn = autoencoder.net.decode(at)[..., rows, columns]
        signs = torch.randint(0, 2, drawn.shape, generator=generator) * 2.0 - 1
        (slope,) = torch.autograd.grad((drawn * signs).sum(), at)
        total += slope.double().square().sum(0)
        pixels = drawn[0].numel()
    return (total / (len(probed) * pixels)).float()


def _spread(have: int, want: int) -> NDArray[np.int64]:
    """`want` of `have` rows, spread over all; all where there are no more."""
    return np.linspace(0, have - 1, min(have, want)).astype(np.int64)
