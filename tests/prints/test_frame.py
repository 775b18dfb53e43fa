"""Frames: the place, the white and the contrast of stripes whose place and contrast are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ridgecode.prints.frame import FRAME_MEAN, FRAME_SIDE, frame_corner, framed, framed_prints


def stripes(
    shape: tuple[int, int],
    centre: tuple[float, float],
    radius: float,
    contrast: float = 60.0,
    light: tuple[float, float] = (200.0, 200.0),
    period: float = 3.2,
) -> NDArray[np.uint8]:
    """A disc of stripes on a background whose grey goes from light[0] at the top to light[1] at the bottom."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    grey = light[0] + (light[1] - light[0]) * y / shape[0] + np.random.default_rng(0).normal(0, 1, shape)
    wave = contrast * (np.sin(2 * np.pi * (0.6 * x + 0.8 * y) / period) - 1)
    disc = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 <= radius**2
    return np.where(disc, grey + wave, grey).clip(0, 255).astype(np.uint8)


@given(
    height=st.integers(60, 200),
    width=st.integers(60, 200),
    y=st.floats(0.3, 0.7),
    x=st.floats(0.3, 0.7),
    contrast=st.floats(15, 80),
)
def test_the_print_lies_in_the_middle(height: int, width: int, y: float, x: float, contrast: float) -> None:
    # A radius that keeps the disc off the image's edge, so that its centroid is its middle.
    radius = min(height * min(y, 1 - y), width * min(x, 1 - x), 70) - 6
    frame = framed(stripes((height, width), (y * height, x * width), max(radius, 12), contrast))
    rows, columns = np.nonzero(frame < 100)
    assert abs(rows.mean() - (FRAME_SIDE - 1) / 2) < 2.5
    assert abs(columns.mean() - (FRAME_SIDE - 1) / 2) < 2.5


@given(rows=st.integers(0, 12), columns=st.integers(0, 12))
def test_a_shifted_image_gives_nearly_the_same_frame(rows: int, columns: int) -> None:
    image = stripes((140, 130), (70, 65), 40)
    grey = framed(image).astype(float)
    shifted = framed(np.pad(image, ((rows, 0), (columns, 0)), "edge")).astype(float)
    # The cells cut the print elsewhere, which may move the centroid across the middle of a pixel.
    moves = [np.roll(shifted, (y, x), (0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    assert max(np.corrcoef(grey.ravel(), moved.ravel())[0, 1] for moved in moves) > 0.97


@pytest.mark.parametrize(("contrast", "light"), [(15.0, (120.0, 60.0)), (30.0, (60.0, 250.0)), (80.0, (255.0, 255.0))])
def test_contrast_and_shade_of_the_sensor_are_gone(contrast: float, light: tuple[float, float]) -> None:
    frame = framed(stripes((140, 140), (70, 70), 45, contrast, light))
    middle = frame[60:100, 60:100].astype(float)
    assert abs(middle.mean() - FRAME_MEAN) < 25
    assert 50 < middle.std() < 105
    y, x = np.mgrid[:FRAME_SIDE, :FRAME_SIDE] - (FRAME_SIDE - 1) / 2
    assert (frame[np.hypot(y, x) > 45 + 16] == 255).all()


def test_ridges_stay_where_they_are() -> None:
    grey = stripes((160, 160), (79.5, 79.5), 60)
    frame = framed(grey)
    shared = np.corrcoef(grey[50:110, 50:110].ravel(), frame[50:110, 50:110].ravel())[0, 1]
    assert shared > 0.95


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (97, 90), (400, 300)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_an_image_of_one_grey_gives_a_white_frame(shape: tuple[int, int], value: int) -> None:
    assert (framed(np.full(shape, value, np.uint8)) == 255).all()


def test_a_print_larger_than_the_frame_is_cut() -> None:
    frame = framed(stripes((300, 300), (150, 150), 140))
    assert frame.shape == (FRAME_SIDE, FRAME_SIDE)
    corners = frame[:10, :10], frame[-10:, :10], frame[:10, -10:], frame[-10:, -10:]
    assert all(corner.std() > 50 for corner in corners)


def test_frames_of_many_are_the_frames_of_each() -> None:
    prints = np.stack([stripes((97, 90), (50, 45), radius) for radius in (20, 30, 40)])
    np.testing.assert_array_equal(framed_prints(prints), [framed(one) for one in prints])
    assert framed_prints(prints[:0]).shape == (0, FRAME_SIDE, FRAME_SIDE)


def test_a_wet_middle_that_reaches_the_edge_of_the_image_stays() -> None:
    """It has no contrast, so that it is no ridge area by itself; white there would hide how the finger lies."""
    rows, columns = np.mgrid[:100, :90]
    ridges = np.where((rows + columns // 3) % 4 < 2, 40, 230).astype(np.uint8)
    inside = ((columns - 45) / 40) ** 2 + ((rows - 55) / 50) ** 2 < 1
    ridges[~inside] = 255
    wet = ridges.copy()
    wet[60:, 30:60] = 30
    corner = frame_corner(wet)
    frame = framed(wet, corner)
    middle = frame[corner.row + 75 : corner.row + 90, corner.column + 38 : corner.column + 52]
    assert middle.mean() < 200
