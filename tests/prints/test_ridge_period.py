"""Ridge periods of stripes, rings and synthetic prints whose period is known, and of real sets whose resolution is."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from ridgecode.prints.canonical import CANONICAL_PPI, resized
from ridgecode.prints.images import read_image
from ridgecode.prints.ridge_period import (
    FINEST_RIDGES_MM,
    LONGEST,
    SHORTEST,
    local_ridge_periods,
    ppi_by_ridges,
    ridge_period,
)
from ridgecode.prints.synthetic.impressions import impression
from ridgecode.prints.synthetic.masters import master_print


def stripes(shape: tuple[int, int], period: float, angle: float, contrast: float, noise: float) -> NDArray[np.uint8]:
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    wave = np.sin(2 * np.pi * (np.cos(angle) * x + np.sin(angle) * y) / period)
    grey = 160 + contrast * wave + np.random.default_rng(0).normal(0, noise, shape)
    return grey.clip(0, 255).astype(np.uint8)


@given(
    height=st.integers(100, 300),
    width=st.integers(100, 300),
    period=st.floats(2.5, 12.0),
    angle=st.floats(0, np.pi),
    contrast=st.floats(10, 90),
)
@settings(max_examples=40)
def test_the_period_of_stripes_is_found(height: int, width: int, period: float, angle: float, contrast: float) -> None:
    assert ridge_period(stripes((height, width), period, angle, contrast, contrast / 4)) == pytest.approx(
        period, rel=0.03
    )


def test_the_periods_of_rings_are_found() -> None:
    """Rings whose period grows with the radius from 6 to 10 pixels: the phase is the integral of 1 / period."""
    y, x = np.mgrid[:300, :300] - 149.5
    radius = np.hypot(y, x)
    phase = np.log(1 + radius * 4 / 150 / 6) / (4 / 150)
    periods = local_ridge_periods((128 + 80 * np.sin(2 * np.pi * phase)).astype(np.uint8))
    assert 6 < periods.min() < 7.5
    assert 9 < periods.max() < 10.8


@pytest.fixture(scope="module")
def synthetic_prints() -> list[NDArray[np.uint8]]:
    return [impression(master_print(number), number) for number in range(6)]


@given(ppi=st.floats(180, 1200))
@example(ppi=500.0)
@settings(max_examples=8)
def test_synthetic_prints_of_a_known_resolution(synthetic_prints: list[NDArray[np.uint8]], ppi: float) -> None:
    scale = ppi / CANONICAL_PPI
    prints = [resized(grey, *(round(side * scale) for side in grey.shape)) for grey in synthetic_prints]
    assert ppi_by_ridges(prints) == pytest.approx(ppi, rel=0.1)


def test_ppi_is_that_of_the_finest_ridges() -> None:
    grey = stripes((200, 200), FINEST_RIDGES_MM / 25.4 * 400, 0.5, 80, 5)
    assert ppi_by_ridges([grey]) == pytest.approx(400, rel=0.03)
    assert ppi_by_ridges([np.full((90, 90), 255, np.uint8), grey]) == ppi_by_ridges([grey])


@pytest.mark.parametrize(
    "grey",
    [
        np.full((97, 90), 255, np.uint8),
        np.zeros((1, 1), np.uint8),
        np.zeros((3, 400), np.uint8),
        np.random.default_rng(0).integers(0, 256, (150, 150), np.uint8),
        np.linspace(0, 255, 150 * 150).reshape(150, 150).astype(np.uint8),
        data.camera(),
        data.moon(),
        stripes((150, 150), 1.2 * LONGEST, 0.3, 80, 5),
        stripes((150, 150), 0.9 * SHORTEST, 0.3, 80, 5),
    ],
    ids=["white", "one pixel", "a line", "noise", "gradient", "photograph", "moon", "too coarse", "too fine"],
)
def test_what_has_no_ridges_has_no_period(grey: NDArray[np.uint8]) -> None:
    assert ridge_period(grey) == 0
    assert ppi_by_ridges([grey]) == 0


def test_no_images_have_no_resolution() -> None:
    assert ppi_by_ridges([]) == 0


SETS = {
    "FVC/FVC2000_DB2_B": 500,
    "FVC/FVC2002_DB1_B": 500,
    "FVC/FVC2002_DB2_B": 569,
    "FVC/FVC2002_DB3_B": 500,
    "FVC/FVC2002_DB4_B": 500,
    "IMPRESSIONS/FCJ2020": 500,
    "IMPRESSIONS/Lindex101": 500,
    "IMPRESSIONS/Rindex28": 500,
    "IMPRESSIONS/UareU": 500,
    "SOCOFing/Real": 200,
}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("scale", [1.0, 0.6])
def test_real_sets(real_data: Path, name: str, scale: float) -> None:
    folder = real_data / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".tif", ".png", ".bmp"))
    prints = []
    for path in paths[:: max(1, len(paths) // 80)]:
        grey = read_image(path).grey
        if name == "SOCOFing/Real":
            if grey.shape != (103, 96):  # some are larger, and scaled by other factors
                continue
            grey = grey[2:-4, 2:-4]
        if scale < 1 and SETS[name] > 200:
            grey = np.asarray(Image.fromarray(grey).resize([round(side * scale) for side in grey.shape[::-1]]))
        prints.append(grey)
    assert ppi_by_ridges(prints) == pytest.approx(SETS[name] * (scale if SETS[name] > 200 else 1), rel=0.1)
