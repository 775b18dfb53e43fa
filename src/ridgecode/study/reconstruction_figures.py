"""How well an autoencoder reconstructs prints: per print and on average."""

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

from ridgecode.autoencoders.distortion import bce_floor
from ridgecode.autoencoders.inference import for_inference
from ridgecode.autoencoders.saved import Network, SavedAutoencoder
from ridgecode.codec.quantise import UniformQuantiser
from ridgecode.prints.views import View
from ridgecode.study.autoencoder_training import windows

BATCH = 256
RATE_SECONDS = 0.5
SUREST = 1 / 512
"""How near grey values come to 0 and 1 when they are read as probabilities: half a step of 8 bits, since an exact 0
would cost infinitely much where the print is not exactly 0."""


@dataclass(frozen=True)
class ReconstructionFigures:
    """Each (N,): MSE on [0, 1], PSNR in dB of a peak of 1, SSIM; MSE by the bits that each latent dim was rounded to;
    BCE in nats a pixel and its entropy floor. x_hat: (N, rows, columns)."""

    mse: NDArray[np.float64]
    psnr_db: NDArray[np.float64]
    ssim: NDArray[np.float64]
    mse_at_bits: Mapping[int, NDArray[np.float64]]
    bce: NDArray[np.float64]
    bce_floor: NDArray[np.float64]
    x_hat: NDArray[np.float32]


class PixelFigures(NamedTuple):
    """Each (N,): MSE on [0, 1], PSNR in dB of a peak of 1, SSIM."""

    mse: NDArray[np.float64]
    psnr_db: NDArray[np.float64]
    ssim: NDArray[np.float64]


def pixel_figures(truth: NDArray[np.float32], x_hat: NDArray[np.float32]) -> PixelFigures:
    """Figures of (N, rows, columns) reconstructions in [0, 1] beside the prints. SSIM is scikit-image's, 7x7 windows
    (Wang et al., IEEE TIP 13, 2004)."""
    mse = _mean((x_hat - truth) ** 2)
    ssim = np.array([structural_similarity(a, b, data_range=1.0) for a, b in zip(truth, x_hat, strict=True)])
    return PixelFigures(mse, psnr(mse), ssim)


def reconstruct(net: Network, x: Tensor, quantiser: UniformQuantiser | None = None) -> Tensor:
    """(N, 1, H, W) -> x_hat of the same shape, in batches; latent vectors rounded by `quantiser` where one is given."""
    z = encode_windows(net, x)
    return decode_vectors(net, z if quantiser is None else quantiser.round(z))


def encode_windows(net: Network, x: Tensor) -> Tensor:
    """(N, 1, H, W) -> (N, latent_dim), in batches, on the device that `net` lies on; the result lies on the CPU."""
    device = next(iter(net.state_dict().values()), x).device
    net = for_inference(net)
    with torch.inference_mode():
        return torch.cat([net.encode(part.to(device)).cpu() for part in x.split(BATCH)])


def decode_vectors(net: Network, z: Tensor) -> Tensor:
    """(N, latent_dim) -> (N, 1, H, W) in [0, 1], in batches, as `encode_windows` does it."""
    device = next(iter(net.state_dict().values()), z).device
    net = for_inference(net)
    with torch.inference_mode():
        return torch.cat([net.decode(part.to(device)).cpu() for part in z.split(BATCH)])


def measure(saved: SavedAutoencoder, prints: NDArray[np.uint8], *depths: int) -> ReconstructionFigures:
    """Figures of (N, H, W) uint8 `prints`, on the pixels that the view keeps: all 97x90 of a whole print, no margin.

    depths: bits a latent dim, 1 to 8 each, of `mse_at_bits`. BCE reads a reconstruction as probabilities: of the
    decoder's logits where it gives some, else of its grey values, kept 1/512 from 0 and 1.
    """
    view = saved.spec.window
    x = windows(prints, saved.spec)
    truth: NDArray[np.float32] = np.divide(view.kept(prints), 255, dtype=np.float32)
    z = encode_windows(saved.net, x)
    x_hat = own_pixels(view, decode_vectors(saved.net, z))
    at_bits = {}
    for bits in depths:
        rounded = UniformQuantiser(saved.latent_mean, saved.latent_std, bits).round(z)
        at_bits[bits] = _mean((own_pixels(view, decode_vectors(saved.net, rounded)) - truth) ** 2)
    logits = _logits(saved.net, view, x) if saved.net.logits else torch.from_numpy(x_hat).logit(SUREST)
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


def own_pixels(view: View, x: Tensor) -> NDArray[np.float32]:
    """(N, 1, H, W) windows -> (N, rows, columns) of the prints themselves."""
    return view.restore(x[:, 0].numpy())


def psnr(mse: NDArray[np.float64]) -> NDArray[np.float64]:
    """Peak signal-to-noise ratio in dB for a peak of 1; an exact reconstruction counts as 100 dB."""
    return -10 * np.log10(np.maximum(mse, 1e-10))


def windows_per_second(net: Network, x: Tensor) -> float:
    """Windows encoded a second, on this machine with torch's present threads, over half a second or more."""
    net = for_inference(net)
    encode_windows(net, x[:BATCH])
    done, start = 0, time.perf_counter()
    while (used := time.perf_counter() - start) < RATE_SECONDS:
        encode_windows(net, x[: 4 * BATCH])
        done += len(x[: 4 * BATCH])
    return done / used


def _logits(net: Network, view: View, x: Tensor) -> Tensor:
    with torch.inference_mode():
        raw = torch.cat([net(part).x_hat for part in x.split(BATCH)])
    return torch.from_numpy(own_pixels(view, raw))


def _mean(squares: NDArray[np.float32]) -> NDArray[np.float64]:
    return squares.mean(axis=(1, 2), dtype=np.float64)
