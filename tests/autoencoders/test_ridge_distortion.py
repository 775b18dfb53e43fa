"""The distortion that counts ridges."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from ridgecode.autoencoders.distortion import distortion
from ridgecode.autoencoders.ridge_distortion import ridge_distortion, ridge_weight


def _stripes(amplitude: float, period: float = 9.0, side: int = 90) -> torch.Tensor:
    rows = torch.arange(side, dtype=torch.float64)
    return (0.5 + amplitude * (2 * np.pi * rows / period).sin())[None, None, :, None].expand(1, 1, side, side)


def test_it_is_the_formula_with_scipys_filters() -> None:
    random = np.random.default_rng(0)
    x, x_hat = random.random((2, 40, 50))

    def blurred(image: np.ndarray, sigma: float) -> np.ndarray:
        return np.asarray(ndimage.gaussian_filter(image, sigma, mode="nearest", radius=round(3 * sigma)))

    variance = blurred(x**2, 9) - blurred(x, 9) ** 2
    weight = 4 * variance * 0.15**2 / (variance + 0.15**2) ** 2
    expected = 0.1 * ((x_hat - x) ** 2).mean() + (weight * blurred(x_hat - x, 1.5) ** 2).mean()
    tensors = (torch.from_numpy(one)[None, None] for one in (x_hat, x))
    assert float(ridge_distortion(*tensors)) == pytest.approx(expected, rel=1e-9)


def test_weak_and_strong_ridges_count_and_flat_skin_does_not() -> None:
    usual = 0.15 * 2**0.5  # the amplitude of a sine with a standard deviation of 0.15
    inner = (..., slice(30, 60), slice(30, 60))
    weights = [float(ridge_weight(_stripes(amplitude))[inner].mean()) for amplitude in (usual / 3, usual, 3 * usual, 0)]
    assert weights[1] == pytest.approx(1, abs=0.01)
    assert weights[0] == pytest.approx(0.36, abs=0.03) and weights[2] == pytest.approx(0.36, abs=0.03)
    assert weights[3] < 1e-9


def test_an_error_of_ridges_costs_more_than_noise_of_the_same_size() -> None:
    x = _stripes(0.2)
    noise = 0.05 * (2 * (torch.arange(90) % 2) - 1)[None, None, None, :]
    assert float(ridge_distortion(x + noise, x)) < 0.4 * float(ridge_distortion(x + 0.05, x))


def test_it_is_a_name_of_a_distortion() -> None:
    x, x_hat = torch.rand(2, 3, 1, 32, 32)
    found = distortion("ridge", x_hat, x)
    assert torch.equal(found.total, ridge_distortion(x_hat, x)) and list(found.terms) == ["ridge"]
