"""The uniform quantiser against a numerical minimum of its distortion on a Gaussian, and its own promises."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from ridgecode.codec.quantise import MAX_STEPS, UniformQuantiser, latent_bytes

# Mean squared error of the best equally spaced quantiser of a Gaussian: Max (1960), table II.
MAX_ERRORS = {1: 0.3634, 2: 0.1188, 3: 0.03744, 4: 0.01154, 5: 0.003495}


def gaussian_distortion(step: float, bits: int) -> float:
    """E (x - q(x))^2 of a standard Gaussian: E x^2 - 2 E x q + E q^2, each cell in closed form."""
    levels = (np.arange(2**bits) - 2 ** (bits - 1) + 0.5) * step
    edges = np.concatenate([[-np.inf], (levels[:-1] + levels[1:]) / 2, [np.inf]])
    mass, first_moment = np.diff(norm.cdf(edges)), -np.diff(norm.pdf(edges))
    return float(1 - 2 * (levels * first_moment).sum() + (levels**2 * mass).sum())


@pytest.mark.parametrize("bits", sorted(MAX_STEPS))
def test_steps_are_the_best(bits: int) -> None:
    best = minimize_scalar(
        gaussian_distortion, bounds=(1e-3, 3), args=(bits,), method="bounded", options={"xatol": 1e-9}
    )
    assert MAX_STEPS[bits] == pytest.approx(best.x, rel=2e-3)
    # The minimum is flat: what the step costs against the best is nothing.
    assert gaussian_distortion(MAX_STEPS[bits], bits) == pytest.approx(best.fun, rel=1e-4)


@pytest.mark.parametrize("bits", sorted(MAX_ERRORS))
def test_error_on_a_gaussian_sample_is_max_s(bits: int) -> None:
    z = torch.from_numpy(np.random.default_rng(0).normal(3, 2, (200_000, 1)).astype(np.float32))
    rounded = UniformQuantiser(torch.tensor([3.0]), torch.tensor([2.0]), bits).round(z)
    assert float((rounded - z).square().mean()) / 4 == pytest.approx(MAX_ERRORS[bits], rel=0.02)


def test_every_depth_has_a_step() -> None:
    assert sorted(MAX_STEPS) == list(range(1, 9))


@settings(deadline=None)
@given(
    st.integers(1, 8), st.floats(-10, 10), st.floats(1e-2, 10), st.lists(st.floats(-50, 50), min_size=1, max_size=50)
)
def test_round_goes_to_the_nearest_of_its_levels(bits: int, mean: float, std: float, values: list[float]) -> None:
    quantiser = UniformQuantiser(
        torch.tensor([mean], dtype=torch.float64), torch.tensor([std], dtype=torch.float64), bits
    )
    z = torch.tensor(values, dtype=torch.float64)[:, None]
    rounded = quantiser.round(z)
    levels = mean + (np.arange(2**bits) - 2 ** (bits - 1) + 0.5) * MAX_STEPS[bits] * std
    # At most 2**bits values come out, each of them as near as any other level is.
    away = np.abs(rounded.numpy() - levels)
    assert (away.min(1) < 1e-9).all()
    nearest = np.abs(z.numpy() - levels).min(1)
    np.testing.assert_allclose((rounded - z).abs().numpy()[:, 0], nearest, atol=1e-9)
    torch.testing.assert_close(quantiser.round(rounded), rounded, atol=1e-9, rtol=0)


def test_every_level_is_used_and_each_dim_has_its_own_scale() -> None:
    mean, std = torch.tensor([[0.0, 5.0], [1.0, 0.1]], dtype=torch.float64)
    z = mean + std * torch.linspace(-10, 10, 5000)[:, None]
    for bits in (1, 3, 8):
        rounded = UniformQuantiser(mean, std, bits).round(z)
        assert len(rounded[:, 0].unique()) == len(rounded[:, 1].unique()) == 2**bits
        torch.testing.assert_close((rounded[:, 1] - 5) / 0.1, rounded[:, 0], atol=1e-9, rtol=0)


def test_a_dim_that_never_moves() -> None:
    rounded = UniformQuantiser(torch.tensor([2.0]), torch.tensor([0.0]), 8).round(torch.tensor([[2.0], [2.0]]))
    torch.testing.assert_close(rounded, torch.tensor([[2.0], [2.0]]))


def test_bytes() -> None:
    assert [latent_bytes(128, bits) for bits in (1, 4, 8)] == [16, 64, 128]
    assert latent_bytes(3, 3) == 2  # 9 bits
    assert latent_bytes(8, 1) == 1
    assert latent_bytes(9, 1) == 2
