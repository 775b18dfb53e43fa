"""Varied views are compared with SciPy's warp of the same print, and with what each part may change."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from ridgecode.prints.varied_views import Variation, ViewMovement, moved_views, varied_views

STILL = Variation(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


def _smooth_prints(n: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    """Prints whose grey changes slowly, so that two ways to interpolate agree."""
    rough = np.random.default_rng(seed).uniform(0, 255, (n, height, width))
    smooth = ndimage.gaussian_filter(rough, (0, 3, 3))
    smooth = 255 * (smooth - smooth.min()) / (smooth.max() - smooth.min())
    edge = np.zeros((height, width), bool)
    edge[8:-8, 8:-8] = True
    return np.where(edge, smooth, 255).astype(np.uint8)


def test_a_variation_of_zero_leaves_the_print_as_it_is():
    prints = _smooth_prints(3, 60, 50)
    views = varied_views(prints, np.random.default_rng(0), (60, 50), STILL)
    np.testing.assert_allclose(views.numpy() * 255, prints, atol=0.01)


def test_a_larger_view_has_the_print_in_its_middle_on_white():
    prints = _smooth_prints(1, 60, 50)
    view = varied_views(prints, np.random.default_rng(0), (80, 90), STILL)[0].numpy() * 255
    np.testing.assert_allclose(view[10:70, 20:70], prints[0], atol=0.01)
    assert (view[:9] == 255).all() and (view[:, 72:] == 255).all()


def test_views_are_turned_anticlockwise_and_shifted_as_scipy_does_it():
    prints = _smooth_prints(4, 81, 71)
    variation = replace(STILL, rotation_deg=40.0, shift_px=9.0)
    views, moved = moved_views(prints, np.random.default_rng(3), (81, 71), variation)
    moved = ViewMovement(*(one.numpy() for one in moved))
    for one, view, turn, right, down in zip(prints, views.numpy(), *moved, strict=True):
        # SciPy turns rows to columns by a positive angle in (row, column), which is anticlockwise as seen.
        turned = ndimage.rotate(255.0 - one, np.rad2deg(float(turn)), reshape=False, order=1)
        expected = 255 - ndimage.shift(turned, (float(down), float(right)), order=1)
        assert np.corrcoef(expected.ravel(), view.ravel())[0, 1] > 0.98
    assert np.abs(moved.rotation).max() <= np.deg2rad(40) and np.abs(moved.down).max() <= 9


def test_a_cover_only_takes_ink_away():
    prints = _smooth_prints(20, 60, 50)
    plain = varied_views(prints, np.random.default_rng(5), (60, 50), STILL)
    covered = varied_views(prints, np.random.default_rng(5), (60, 50), replace(STILL, cover_share=1.0))
    changed = covered != plain
    assert bool((covered[changed] == 1).all())
    shares = changed.float().mean((1, 2))
    assert float(shares.min()) > 0 and float(shares.max()) < 0.95


def test_a_print_of_a_pale_sensor_keeps_its_ridges_when_it_is_pressed():
    """The level is a share of the print's own ink: absolute levels would leave nothing of a pale print."""
    stripes = np.where(np.arange(60) % 4 < 2, 255, 175).astype(np.uint8)
    pale = np.tile(stripes, (50, 60, 1))
    views = varied_views(pale, np.random.default_rng(0), (60, 60), replace(STILL, press=0.15, press_share=1.0)).numpy()
    contrast = views[:, :, stripes == 255].mean((1, 2)) - views[:, :, stripes == 175].mean((1, 2))
    assert np.median(contrast) > 0.3 and contrast.min() > 0


@given(st.integers(1, 70), st.integers(20, 64), st.integers(20, 64), st.integers(0, 2**20))
def test_equal_generators_give_equal_views_between_black_and_white(n, height, width, seed):
    prints = np.random.default_rng(seed).integers(0, 256, (n, height, width), dtype=np.uint8)
    first, second = (varied_views(prints, np.random.default_rng(seed), (48, 40)) for _ in range(2))
    assert first.shape == (n, 48, 40) and bool((first == second).all())
    assert float(first.min()) >= 0 and float(first.max()) <= 1


def test_a_view_without_ink_stays_white():
    white = np.full((4, 30, 30), 255, np.uint8)
    views = varied_views(white, np.random.default_rng(0), (30, 30), replace(Variation(), grain=0.0))
    assert pytest.approx(1.0) == float(views.min())


@given(st.integers(0, 2**20))
def test_a_window_cuts_off_what_lies_outside_it_and_keeps_the_rest(seed):
    prints = np.random.default_rng(seed).integers(0, 200, (8, 60, 50), dtype=np.uint8)
    cut = replace(STILL, window=(40, 30), window_share=1.0)
    plain = varied_views(prints, np.random.default_rng(seed), (60, 50), STILL).numpy()
    views = varied_views(prints, np.random.default_rng(seed), (60, 50), cut).numpy()
    for view, whole in zip(views, plain, strict=True):
        rows, columns = np.flatnonzero((view < 1).any(1)), np.flatnonzero((view < 1).any(0))
        assert (len(rows), len(columns)) == (40, 30)
        assert abs(rows[0] - 10) <= 6 and abs(columns[0] - 10) <= 6
        inside = np.ix_(rows, columns)
        np.testing.assert_array_equal(view[inside], whole[inside])


def test_a_blurred_view_is_the_print_under_a_gaussian_of_at_most_the_stated_width():
    prints = _smooth_prints(6, 40, 40)
    views = varied_views(prints, np.random.default_rng(0), (40, 40), replace(STILL, blur_px=1.5, blur_share=1.0))
    found = []
    for one, view in zip(prints, views.numpy(), strict=True):
        sigmas = np.arange(0, 1.55, 0.05)
        blurs = [ndimage.gaussian_filter(1 - one / 255, sigma, mode="constant") for sigma in sigmas]
        far = [np.abs(blur - (1 - view)).max() for blur in blurs]
        assert min(far) < 0.02
        found.append(sigmas[int(np.argmin(far))])
    assert np.ptp(found) > 0.3


@given(st.integers(0, 2**20))
def test_what_is_left_of_a_covered_view_comes_to_its_middle_by_the_stated_shift(seed):
    dark = np.full((6, 128, 128), 255, np.uint8)
    dark[:, 14:114, 14:114] = 40 + np.random.default_rng(seed).integers(0, 60, (6, 100, 100), np.uint8)
    variation = replace(STILL, cover_share=1.0, window=(90, 70), window_share=0.5, window_shift_px=20)
    kept, still = moved_views(dark, np.random.default_rng(seed), (128, 128), variation)
    views, moved = moved_views(dark, np.random.default_rng(seed), (128, 128), replace(variation, recentre=True))
    assert not still.right.any() and not still.down.any() and not moved.rotation.any()
    for before, after, right, down in zip(kept.numpy(), views.numpy(), moved.right, moved.down, strict=True):
        expected = ndimage.shift(before, (int(down), int(right)), order=0, cval=1.0)
        np.testing.assert_allclose(after, expected, atol=1e-6)
        inked = after < 0.9
        if inked.sum() > 1000:
            # 4 pixels off the middle, half a pixel of rounding, half a cell where the outline cuts cells
            assert np.abs(np.subtract(ndimage.center_of_mass(inked), 63.5)).max() <= 4 + 0.5 + 4
