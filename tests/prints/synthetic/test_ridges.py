"""The fast Gabor filter against a loop over pixels, and the ridges it grows against what was asked for."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from ridgecode.prints.synthetic.ridges import gabor_filter, grow_ridges


@pytest.fixture(scope="module")
def benchmark_script() -> ModuleType:
    """benchmarks/synthesise.py, which has the filter as a plain loop."""
    path = Path(__file__).parents[3] / "benchmarks" / "synthesise.py"
    spec = importlib.util.spec_from_file_location("benchmarks_synthesise", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("period", [5.0, 6.0, 7.5])
def test_filter_equals_the_loop_over_pixels(benchmark_script: ModuleType, period: float) -> None:
    rng = np.random.default_rng(0)
    image = rng.standard_normal((45, 40), dtype=np.float32)
    theta = rng.uniform(-np.pi, np.pi, image.shape)
    slow = benchmark_script.loop_gabor_filter(image, theta, period)
    fast = gabor_filter(image, theta, period)
    assert np.abs(fast - slow).max() < 0.02 * slow.std()
    assert np.corrcoef(fast.ravel(), slow.ravel())[0, 1] > 0.9999


def test_filter_keeps_its_own_wave_and_drops_grey_and_the_wave_across() -> None:
    period, theta = 6.0, np.zeros((60, 60))
    level = np.cos(2 * np.pi * np.arange(60) / period).astype(np.float32)
    assert gabor_filter(np.tile(level[:, None], (1, 60)), theta, period)[0, 0] == pytest.approx(1.0, abs=0.01)
    assert np.abs(gabor_filter(np.ones((60, 60), np.float32), theta, period)).max() < 0.01
    assert np.abs(gabor_filter(np.tile(level, (60, 1)), theta, period)).max() < 0.05


@pytest.mark.parametrize("direction", [0.0, 0.6, -1.2])
def test_grown_ridges_have_the_period_and_direction_asked_for(direction: float) -> None:
    size, period = 160, 6.0
    ridges = grow_ridges(np.full((size, size), direction), period, np.random.default_rng(0))
    power = np.abs(np.fft.rfft2(ridges * np.outer(np.hanning(size), np.hanning(size)))) ** 2
    fy, fx = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :]
    peak = power > 0.5 * power.max()
    assert 1 / np.hypot(fx, fy)[peak].mean() == pytest.approx(period, rel=0.1)
    # The wave runs across the ridges: its direction is theirs and a right angle (rows count down).
    across = np.arctan2(-fy + 0 * fx, fx + 0 * fy)[peak]
    assert np.abs(np.cos(across - direction)).max() < np.sin(np.deg2rad(12))
    assert np.abs(ridges).max() <= 1 and abs(ridges.mean()) < 0.05
