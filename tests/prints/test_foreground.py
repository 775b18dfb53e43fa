"""Ridge areas and windows around them, on stripes whose place is known."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.foreground import CELL, grey_cells, print_windows, ridge_area
from ridgecode.prints.store import PrintStore


def disc(shape: tuple[int, int], centre: tuple[int, int], radius: int) -> NDArray[np.bool_]:
    y, x = np.mgrid[: shape[0], : shape[1]]
    return (y - centre[0]) ** 2 + (x - centre[1]) ** 2 <= radius**2


def frame(shape: tuple[int, int], centre: tuple[int, int], radius: int, contrast: float = 60.0) -> NDArray[np.uint8]:
    """A disc of stripes of 3 px on a shaded grey background with noise."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    grey = 120 + 60 * y / shape[0] + np.random.default_rng(0).normal(0, 2, shape)
    grey = np.where(disc(shape, centre, radius), grey + contrast * np.sin(2 * np.pi * (x + 0.4 * y) / 3), grey)
    return grey.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("contrast", [60.0, 15.0])
def test_the_area_is_the_disc(contrast: float) -> None:
    truth = disc((150, 120), (95, 45), 30)
    found = ridge_area(frame((150, 120), (95, 45), 30, contrast))
    assert (found & truth).sum() / (found | truth).sum() > 0.75
    assert truth[~found].mean() == 0  # contrast reaches beyond the edge, so nothing of the print is lost


def test_a_smudge_within_counts_and_a_speck_beside_does_not() -> None:
    grey = frame((150, 120), (80, 60), 35)
    grey[70:90, 50:70] = 30
    grey[5:12, 5:12] = frame((7, 7), (3, 3), 9)
    found = ridge_area(grey)
    assert found[80, 60] and not found[8, 8]


def test_one_grey_is_all_print() -> None:
    assert ridge_area(np.full((20, 30), 200, np.uint8)).all()


def test_windows_lie_around_the_print(tmp_path: Path) -> None:
    places = {"1": (95, 45), "2": (20, 100), "3": (60, 60)}
    for name, centre in places.items():
        (tmp_path / "images" / name).mkdir(parents=True)
        Image.fromarray(frame((150, 120), centre, 18)).save(tmp_path / "images" / name / "0.png")
    store = PrintStore.open(prepare("folder", tmp_path / "images", tmp_path / "store", progress=False).path)
    rows = np.arange(3)
    found = print_windows(store, rows, 32, 32)
    for window, row in zip(found, rows, strict=True):
        y, x = places[store.column("subject")[row]]
        # Where it would be cut, give or take a pixel of the centroid; at the frame's edge it is moved back in.
        near = [
            store.image(row)[top : top + 32, left : left + 32]
            for top in range(max(y - 19, 0), max(y - 12, 1))
            for left in range(min(x - 19, 88), min(x - 12, 89))
        ]
        assert any(np.array_equal(window, one) for one in near)


def test_a_frame_smaller_than_the_window_lies_in_white(tmp_path: Path) -> None:
    (tmp_path / "images" / "1").mkdir(parents=True)
    small = frame((30, 101), (15, 50), 12)
    Image.fromarray(small).save(tmp_path / "images" / "1" / "0.png")
    store = PrintStore.open(prepare("folder", tmp_path / "images", tmp_path / "store", progress=False).path)
    (window,) = print_windows(store, np.array([0]), 40, 101)
    assert (window[:5] == 255).all() and (window[35:] == 255).all()
    np.testing.assert_array_equal(window[5:35], small)


@pytest.mark.parametrize("contrast", [60.0, 15.0])
@pytest.mark.parametrize("shape", [(150, 120), (149, 117)])
def test_cells_find_the_disc(shape: tuple[int, int], contrast: float) -> None:
    truth = disc(shape, (95, 55), 40)
    cells = grey_cells(frame(shape, (95, 55), 40, contrast))
    found = cells.area.repeat(CELL, 0).repeat(CELL, 1)[: shape[0], : shape[1]]
    assert (found & truth).sum() / (found | truth).sum() > 0.75
    assert truth[~found].mean() == 0


def test_cells_are_means_of_4_by_4_pixels() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (14, 9), np.uint8)
    cells = grey_cells(grey)
    assert cells.mean.shape == cells.mean_square.shape == cells.area.shape == (4, 3)
    for row in range(4):
        for column in range(3):
            part = grey[4 * row : 4 * row + 4, 4 * column : 4 * column + 4].astype(float)
            assert cells.mean[row, column] == pytest.approx(part.mean(), rel=1e-4)
            assert cells.mean_square[row, column] == pytest.approx((part**2).mean(), rel=1e-4)


def test_no_cell_of_one_grey_is_area() -> None:
    assert not grey_cells(np.full((20, 30), 200, np.uint8)).area.any()
