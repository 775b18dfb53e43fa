"""Figures of an autoencoder's reconstruction of each print, and its speed."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.metrics import structural_similarity
from torch import Tensor
from torch.nn import functional

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.distortion import bce_floor
from ridgecode.autoencoders.inference import for_inference
from ridgecode.autoencoders.saved import Network
from ridgecode.autoencoders.windows import windows
from ridgecode.codec.quantise import UniformQuantiser

BATCH = 256
RATE_SECONDS = 0.5
"""Seconds over which a speed is measured."""
LEAST_PROBABILITY = 1 / 512
"""Grey values taken as probabilities are clipped this far from 0 and 1, half a step of 8 bits: the BCE of an exact 0 is
infinite if the print is not exactly 0."""


@dataclass(frozen=True)
class ReconstructionFigures:
    """Figures of N prints, (N,) each: MSE on [0, 1], PSNR in dB for a peak of 1, SSIM; MSE by the bits that each latent
    dim is rounded to; BCE in nats per pixel and its entropy floor. x_hat: (N, rows, columns) in [0, 1]."""

    mse: NDArray[np.float64]
    psnr_db: NDArray[np.float64]
    ssim: NDArray[np.float64]
    mse_at_bits: Mapping[int, NDArray[np.float64]]
    bce: NDArray[np.float64]
    bce_floor: NDArray[np.float64]
    x_hat: NDArray[np.float32]


class PixelFigures(NamedTuple):
    """Figures of N prints, (N,) each: MSE on [0, 1], PSNR in dB for a peak of 1, SSIM."""

    mse: NDArray[np.float64]
    psnr_db: NDArray[np.float64]
    ssim: NDArray[np.float64]


def pixel_figures(truth: NDArray[np.float32], x_hat: NDArray[np.float32]) -> PixelFigures:
    """Figures of reconstructions x_hat of prints, both (N, rows, columns) in [0, 1]. SSIM is scikit-image's, with 7x7
    windows (Wang et al., IEEE TIP 13, 2004)."""
    mse = _mean((x_hat - truth) ** 2)
    ssim = np.array([structural_similarity(a, b, data_range=1.0) for a, b in zip(truth, x_hat, strict=True)])
    return PixelFigures(mse, psnr(mse), ssim)


def measure(autoencoder: Autoencoder, prints: NDArray[np.uint8], *depths: int) -> ReconstructionFigures:
    """Figures of (N, H, W) uint8 `prints`, on the pixels that the view keeps: all 97x90 of a whole print, no margin.

    depths: bits per latent dim, 1 to 8 each, for `mse_at_bits`. The BCE is of the decoder's logits; without logits,
    grey values are taken as probabilities (see LEAST_PROBABILITY).
    """
    truth: NDArray[np.float32] = np.divide(autoencoder.view.target(prints), 255, dtype=np.float32)
    z = autoencoder.encode(prints)
    x_hat = autoencoder.decode(z)
    at_bits = {}
    for bits in depths:
        quantiser = UniformQuantiser(autoencoder.saved.latent_mean, autoencoder.saved.latent_std, bits)
        at_bits[bits] = _mean((autoencoder.decode(quantiser.round(torch.from_numpy(z)).numpy()) - truth) ** 2)
    has_logits = autoencoder.net.logits
    logits = _logits(autoencoder, prints) if has_logits else torch.from_numpy(x_hat).logit(LEAST_PROBABILITY)
    target = torch.from_numpy(truth)
    bce = functional.binary_cross_entropy_with_logits(logits, target, reduction="none").mean((1, 2))
    floor = torch.stack([bce_floor(one) for one in target])
    return ReconstructionFigures(
        *pixel_figures(truth, x_hat),
        at_bits,
        bce.double().numpy(),
        floor.double().numpy(),
        x_hat,
    )


def psnr(mse: NDArray[np.float64]) -> NDArray[np.float64]:
    """Peak signal-to-noise ratio in dB for a peak of 1; an exact reconstruction counts as 100 dB."""
    return -10 * np.log10(np.maximum(mse, 1e-10))


def windows_per_second(net: Network, x: Tensor) -> float:
    """Windows x (N, 1, height, width) encoded per second, on the network's device with torch's current threads."""
    net = for_inference(net)

    def encode(x: Tensor) -> None:
        with torch.inference_mode():
            for batch in x.split(BATCH):
                net.encode(batch)

    encode(x[:BATCH])
    done, start = 0, time.perf_counter()
    while (used := time.perf_counter() - start) < RATE_SECONDS:
        encode(x[: 4 * BATCH])
        done += len(x[: 4 * BATCH])
    return done / used


def _logits(autoencoder: Autoencoder, prints: NDArray[np.uint8]) -> Tensor:
    """(N, H, W) uint8 prints -> (N, rows, columns): the decoder's output before it becomes grey values."""
    x = windows(prints, autoencoder.view)
    with torch.inference_mode():
        raw = torch.cat([autoencoder.net(part.to(autoencoder.device)).x_hat.cpu() for part in x.split(BATCH)])
    return autoencoder.view.restore(raw[:, 0])


def _mean(squares: NDArray[np.float32]) -> NDArray[np.float64]:
    return squares.mean(axis=(1, 2), dtype=np.float64)
