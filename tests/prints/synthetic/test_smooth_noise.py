"""Random fields against the scale and the variance asked for."""

import numpy as np
import pytest

from ridgecode.prints.synthetic.smooth_noise import grain, smooth_noise


def test_smooth_noise_has_the_scale_and_variance_asked_for() -> None:
    field = np.stack([smooth_noise(np.random.default_rng(seed), (200, 180), 20.0) for seed in range(20)])
    assert field.shape == (20, 200, 180) and field.dtype == np.float32
    assert abs(field.mean()) < 0.1 and field.std() == pytest.approx(1.0, abs=0.15)
    beside, away = ((field[:, :, step:] * field[:, :, : 180 - step]).mean() for step in (2, 60))
    assert beside > 0.9 and abs(away) < 0.15


def test_grain_has_unit_variance_and_the_correlation_of_its_gaussian() -> None:
    field = np.stack([grain(np.random.default_rng(seed), (200, 180), 1.5) for seed in range(10)])
    assert field.dtype == np.float32
    assert abs(field.mean()) < 0.02 and field.std() == pytest.approx(1.0, abs=1e-3)
    # White noise under a Gaussian of sigma correlates as exp(-d^2 / 4 sigma^2) at distance d.
    beside = (field[:, :, 2:] * field[:, :, :-2]).mean()
    assert beside == pytest.approx(np.exp(-(2**2) / (4 * 1.5**2)), abs=0.03)
