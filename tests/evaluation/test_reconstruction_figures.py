"""Reconstruction figures against formulas, loops over single prints, and scikit-image."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity
from torch import Tensor, nn

from ridgecode.autoencoders import autoencoder as front
from ridgecode.autoencoders.autoencoder import BATCH, Autoencoder
from ridgecode.autoencoders.pca import PCA
from ridgecode.autoencoders.reconstruction import Reconstruction
from ridgecode.autoencoders.saved import AutoencoderSpec, SavedAutoencoder, build_network
from ridgecode.codec.quantise import MAX_STEPS
from ridgecode.evaluation.reconstruction_figures import measure, psnr, windows_per_second
from ridgecode.prints.canonical import PRINT_SHAPE
from ridgecode.prints.views import VIEWS


def some_prints(n: int, seed: int = 0) -> NDArray[np.uint8]:
    """Stripes of any direction with noise, (n, 97, 90)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: PRINT_SHAPE[0], : PRINT_SHAPE[1]]
    angle = rng.uniform(0, np.pi, (n, 1, 1))
    prints = 127 + 90 * np.sin((x * np.cos(angle) + y * np.sin(angle)) * 1.5) + rng.normal(0, 12, (n, *x.shape))
    return prints.clip(0, 255).astype(np.uint8)


def windows(view: str, prints: NDArray[np.uint8]) -> Tensor:
    """As a view shows the prints: a white margin around whole ones."""
    return torch.from_numpy(VIEWS[view].take(prints)).unsqueeze(1).float().div_(255)


def model_of(net: nn.Module, spec: AutoencoderSpec, x: Tensor) -> Autoencoder:
    with torch.no_grad():
        z = net.eval().encode(x)  # type: ignore[operator]
    return Autoencoder(SavedAutoencoder(net, spec, z.mean(0), z.std(0), ""))  # type: ignore[arg-type]


def ssim_by_formula(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Wang et al. (2004) with 7x7 uniform windows, K1 0.01, K2 0.03, peak 1 and unbiased covariances, one by one."""
    values = []
    for y in range(a.shape[0] - 6):
        for x in range(a.shape[1] - 6):
            p, q = (image[y : y + 7, x : x + 7].astype(np.float64).ravel() for image in (a, b))
            covariance = np.cov(p, q)
            values.append(
                (2 * p.mean() * q.mean() + 1e-4)
                * (2 * covariance[0, 1] + 9e-4)
                / ((p.mean() ** 2 + q.mean() ** 2 + 1e-4) * (covariance[0, 0] + covariance[1, 1] + 9e-4))
            )
    return float(np.mean(values))


@pytest.mark.parametrize("view", ["crop32", "whole"])
def test_figures_of_each_print(view: str) -> None:
    prints = some_prints(6)
    x = windows(view, prints)
    model = model_of(PCA.fit(x, 3), AutoencoderSpec("pca", view, 3, "mse"), x)  # type: ignore[arg-type]
    found = measure(model, prints, 4)
    x_hat = PCA.fit(x, 3).decode(PCA.fit(x, 3).encode(x))
    for i in range(6):
        truth, drawn = prints[i].astype(np.float32) / 255, x_hat[i, 0].numpy()
        if view == "crop32":
            truth = truth[32:64, 29:61]
        else:  # columns 3..92 of the window; it lacks the print's first row, for which the second stands
            drawn = np.pad(drawn[:, 3:93], ((1, 0), (0, 0)), mode="edge")
        assert found.mse[i] == pytest.approx(mean_squared_error(truth, drawn), rel=1e-5)
        assert found.psnr_db[i] == pytest.approx(peak_signal_noise_ratio(truth, drawn, data_range=1), abs=1e-3)
        assert found.ssim[i] == pytest.approx(structural_similarity(truth, drawn, data_range=1.0), abs=1e-5)
        np.testing.assert_allclose(found.x_hat[i], drawn, atol=1e-6)
        p = np.clip(drawn.astype(np.float64), 1 / 512, 511 / 512)
        t = truth.astype(np.float64)
        assert found.bce[i] == pytest.approx(-(t * np.log(p) + (1 - t) * np.log(1 - p)).mean(), abs=1e-5)
    assert (found.bce > found.bce_floor).all()


def test_ssim_is_the_published_formula() -> None:
    prints = some_prints(3)
    x = windows("crop32", prints)
    found = measure(model_of(PCA.fit(x, 1), AutoencoderSpec("pca", "crop32", 1, "mse"), x), prints, 8)
    x_hat = PCA.fit(x, 1).decode(PCA.fit(x, 1).encode(x))
    for i in range(3):
        assert found.ssim[i] == pytest.approx(ssim_by_formula(x[i, 0].numpy(), x_hat[i, 0].numpy()), abs=1e-4)


class BadMargin(nn.Module):
    """Gives the print back exactly and the margin around it all wrong."""

    latent_dim = 2

    def __init__(self, x: Tensor, logits: bool) -> None:
        super().__init__()
        self.logits, self.drawn = logits, x.clone()
        self.drawn[..., :3] = self.drawn[..., 93:] = 0.0

    def encode(self, x: Tensor) -> Tensor:
        return torch.arange(2.0 * len(x)).view(-1, 2)

    def decode(self, z: Tensor) -> Tensor:
        return self.drawn[: len(z)]

    def forward(self, x: Tensor) -> Reconstruction:
        return Reconstruction(self.decode(self.encode(x)).logit(1e-4), self.encode(x))


def test_the_margin_of_whole_prints_is_left_out() -> None:
    prints = some_prints(4).clip(5, 250)
    prints[:, 0] = prints[:, 1]  # the row that the window lacks
    x = windows("whole", prints)
    found = measure(model_of(BadMargin(x, True), AutoencoderSpec("ridge", "whole", 2, "bce"), x), prints, 8)
    np.testing.assert_array_equal(found.mse, 0)
    np.testing.assert_array_equal(found.psnr_db, 100)
    np.testing.assert_allclose(found.ssim, 1)
    assert found.x_hat.shape == (4, *PRINT_SHAPE)
    np.testing.assert_allclose(found.bce, found.bce_floor, atol=1e-5)


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_mse_at_depth_rounds_every_latent_dim(bits: int) -> None:
    prints = some_prints(40)
    x = windows("crop32", prints)
    net = PCA.fit(x, 5)
    model = model_of(net, AutoencoderSpec("pca", "crop32", 5, "mse"), x)
    levels = (np.arange(2**bits) - 2 ** (bits - 1) + 0.5) * MAX_STEPS[bits]
    z = net.encode(x).numpy()
    mean, std = z.mean(0), z.std(0, ddof=1)
    for row in z:
        for dim, value in enumerate(row):
            near = levels[np.abs((value - mean[dim]) / std[dim] - levels).argmin()]
            row[dim] = mean[dim] + std[dim] * near
    x_hat = net.decode(torch.from_numpy(z))
    expected = (x_hat - x).square().mean((1, 2, 3)).numpy()
    np.testing.assert_allclose(measure(model, prints, bits).mse_at_bits[bits], expected, rtol=1e-3)


def test_finer_depths_come_near_the_float_figure() -> None:
    prints = some_prints(60)
    x = windows("crop32", prints)
    model = model_of(PCA.fit(x, 8), AutoencoderSpec("pca", "crop32", 8, "mse"), x)
    costs = [
        float((found := measure(model, prints, bits)).mse_at_bits[bits].mean() - found.mse.mean())
        for bits in (1, 2, 4, 8)
    ]
    assert costs == sorted(costs, reverse=True)
    assert 0 <= costs[-1] < 1e-4


def test_bce_of_each_print() -> None:
    torch.manual_seed(0)
    prints = some_prints(5)
    x = windows("crop32", prints)
    model = model_of(
        build_network(AutoencoderSpec("ridge", "crop32", 4, "bce")), AutoencoderSpec("ridge", "crop32", 4, "bce"), x
    )
    found = measure(model, prints, 8)
    with torch.no_grad():
        p = model.net.decode(model.net.encode(x)).double().numpy()
    truth = x.double().numpy()
    for i in range(5):
        t, q = truth[i], p[i]
        assert found.bce[i] == pytest.approx(-(t * np.log(q) + (1 - t) * np.log(1 - q)).mean(), abs=1e-4)
        inner = t[(t > 0) & (t < 1)]
        floor = -(inner * np.log(inner) + (1 - inner) * np.log(1 - inner)).sum() / t.size
        assert found.bce_floor[i] == pytest.approx(floor, abs=1e-5)
    assert (found.bce > found.bce_floor).all()


def test_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    prints = some_prints(7)
    x = windows("crop32", prints)
    model = model_of(PCA.fit(x, 2), AutoencoderSpec("pca", "crop32", 2, "bce"), x)
    whole = measure(model, prints, 4)
    monkeypatch.setattr(front, "BATCH", 2)
    parts = measure(model, prints, 4)
    np.testing.assert_allclose(parts.x_hat, model.net.decode(model.net.encode(x))[:, 0], atol=1e-6)
    for name in ("mse", "psnr_db", "ssim", "bce", "x_hat"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), atol=1e-4 if name == "psnr_db" else 1e-6)
    assert len(prints) < BATCH


def test_psnr() -> None:
    np.testing.assert_allclose(psnr(np.array([1.0, 0.1, 0.01, 0.0])), [0, 10, 20, 100])


def test_speed_is_counted_over_time() -> None:
    x = windows("crop32", some_prints(300))
    rate = windows_per_second(PCA.fit(x, 2), x)
    assert 1e3 < rate < 1e8
