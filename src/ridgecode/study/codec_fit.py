"""Fits a codec to a model that was trained without a rate, so that its latent vectors can be coded too."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.autoencoders.inference import for_inference
from ridgecode.autoencoders.saved import SavedAutoencoder, load_autoencoder, write_with_codec
from ridgecode.codec.context_file import has_context
from ridgecode.codec.factorised_codec import FactorisedCodec, factorised_tensors
from ridgecode.errors import BadInput
from ridgecode.study.autoencoder_training import windows
from ridgecode.study.reconstruction_figures import decode_vectors, encode_windows

RISE = 0.05
"""Steps are so large that the MSE of training prints is higher by this fraction than without rounding. At 0.02 the
shipped models need a fifth more bytes, at 0.1 they save a sixth."""
STEP_PRINTS = 256
TABLE_PRINTS = 1024
PROBES = 512
"""Random directions of pixels, at least, that tell how loudly a decoder hears its latent dims: steps within 3 %."""
ROUNDS, TOLERANCE = 16, 0.03
"""The steps' common factor is looked for in at most so many rounds, until the rise is right within this fraction."""
LEAST_MSE = 1 / 255**2 / 12
"""That of rounding to grey values: no model is taken for better than this, as PCA of all dims would be."""


def fit_codec(model: Path | str, prints: NDArray[np.uint8], out: Path) -> SavedAutoencoder:
    """Writes the model to `out`, which may be its own file, with a factorised codec fitted to the (N, H, W) uint8
    `prints`, those of train subjects, and returns it. All else in the file stays as it is, the card of a pretrained
    model too.

    Raises BadInput for a model that can't be read, or has the codec that it was trained with.
    """
    saved = load_autoencoder(model)
    if has_context(saved.codec):
        raise BadInput(f"{model} was trained with a codec of its own, which needs no fitting; leave out --fit_codec")
    x = windows(prints[_spread(len(prints), TABLE_PRINTS)], saved.spec)
    z = encode_windows(saved.net, x)
    write_with_codec(model, out, factorised_tensors(z, steps(saved, x, z)))
    return load_autoencoder(out)


def steps(saved: SavedAutoencoder, x: Tensor, z: Tensor) -> Tensor:
    """(latent_dim,) quantiser steps, from windows x (N, 1, H, W) of training prints and their latent vectors z.

    Each dim's rounding shall be heard alike, as reverse water-filling has it (Cover & Thomas, "Elements of Information
    Theory", 10.3.3), so a step is inverse to the root of the dim's loudness; all have one factor, by which the MSE of
    `STEP_PRINTS` prints rises by `RISE`.
    """
    some = _spread(len(z), STEP_PRINTS)
    x, z = x[some], z[some]
    rows, columns = saved.spec.window.inside

    def mse(vectors: Tensor) -> float:
        return float((decode_vectors(saved.net, vectors) - x)[..., rows, columns].double().square().mean())

    unrounded = mse(z)
    allowed = RISE * max(unrounded, LEAST_MSE)
    heard = loudness(saved, z)
    heard = heard.clamp_min(max(1e-8 * float(heard.max()), 1e-30))
    # Rounding in steps s adds s^2 / 12 to a dim's variance, so the MSE rises about with the square of the factor.
    step = kept = (12 * allowed / len(heard) / heard).sqrt()
    for _ in range(ROUNDS):
        rise = mse(FactorisedCodec(factorised_tensors(z, step)).round(z)) - unrounded
        if rise <= (1 + TOLERANCE) * allowed:
            kept = step
            if rise >= (1 - TOLERANCE) * allowed:
                break
        # A poor decoder's error may jump, so a bold stride is not trusted.
        step = step * float(np.clip(allowed / max(rise, 1e-30), 1 / 4, 4)) ** 0.5
    return kept


@torch.enable_grad()
def loudness(saved: SavedAutoencoder, z: Tensor) -> Tensor:
    """(latent_dim,) mean square by which a pixel changes with each latent dim, at latent vectors z (N, latent_dim).

    The squared columns of the decoder's Jacobian J, each summed over pixels, are the mean of (v J)^2 over vectors v of
    random signs (Hutchinson, "A stochastic estimator of the trace of the influence matrix", 1989).
    """
    net, generator = for_inference(saved.net), torch.Generator().manual_seed(0)
    rows, columns = saved.spec.window.inside
    total, pixels = torch.zeros(z.shape[1], dtype=torch.float64), 1
    probed = z.repeat(-(-PROBES // len(z)), 1)
    for part in probed.split(64):
        at = part.clone().requires_grad_()
        drawn = net.decode(at)[..., rows, columns]
        signs = torch.randint(0, 2, drawn.shape, generator=generator) * 2.0 - 1
        (slope,) = torch.autograd.grad((drawn * signs).sum(), at)
        total += slope.double().square().sum(0)
        pixels = drawn[0].numel()
    return (total / (len(probed) * pixels)).float()


def _spread(have: int, want: int) -> NDArray[np.int64]:
    """`want` of `have` rows, spread over all; all where there are no more."""
    return np.linspace(0, have - 1, min(have, want)).astype(np.int64)
