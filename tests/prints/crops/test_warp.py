"""Warped windows against slicing, numpy's own quarter turn, a stretched straight edge and a shift by whole pixels."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ridgecode.prints.crops.training_crops import TrainingCrops
from ridgecode.prints.crops.warp import BEND_PX, LOG_SCALE, TURN_DEG, WARPED_SHARE, Warp, cut_warped, draw_warps
from ridgecode.prints.views import VIEWS

SIDE = 9
TOP, LEFT = 8, 6


def a_print(height: int = 25, width: int = 21, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


def a_warp(turn: float = 0, log_scale: float = 0, down: float = 0, right: float = 0) -> Warp:
    bend = np.empty((1, 2, 2, 2), np.float32)
    bend[:, 0], bend[:, 1] = down, right
    return Warp(np.array([turn], np.float32), np.array([log_scale], np.float32), bend)


def cut(
    image: NDArray[np.uint8], warp: Warp, mirrored: tuple[bool, bool] = (False, False), top: int = TOP, left: int = LEFT
) -> NDArray[np.float32]:
    y, x = np.arange(top, top + SIDE)[None], np.arange(left, left + SIDE)[None]
    y, x = y[:, ::-1] if mirrored[0] else y, x[:, ::-1] if mirrored[1] else x
    at_y, at_x = (torch.from_numpy(np.ascontiguousarray(positions)) for positions in (y, x))
    window: NDArray[np.float32] = cut_warped(torch.from_numpy(image)[None], at_y, at_x, warp)[0, 0].numpy()
    return window * 255


def sliced(image: NDArray[np.uint8], top: int = TOP, left: int = LEFT) -> NDArray[np.uint8]:
    return image[top : top + SIDE, left : left + SIDE]


MIRRORS = st.tuples(st.booleans(), st.booleans())


@given(MIRRORS, st.integers(0, 99))
@settings(max_examples=20)
def test_no_warp_is_the_slice(mirrored: tuple[bool, bool], seed: int) -> None:
    image = a_print(seed=seed)
    expected = sliced(image)[:: -1 if mirrored[0] else 1, :: -1 if mirrored[1] else 1]
    np.testing.assert_allclose(cut(image, a_warp(), mirrored), expected, atol=0.05)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_quarter_turn_is_numpys(turns: int) -> None:
    image = a_print()
    np.testing.assert_allclose(cut(image, a_warp(turn=turns * np.pi / 2)), np.rot90(sliced(image), turns), atol=0.3)


@given(MIRRORS)
@settings(max_examples=4)
def test_mirroring_and_warping_change_places(mirrored: tuple[bool, bool]) -> None:
    """A warp is along the window's own axes, so that mirroring a print and its window changes nothing."""
    image, warp = a_print(), a_warp(turn=0.4, log_scale=0.1, down=0.7, right=-1.3)
    flip = (slice(None, None, -1 if mirrored[0] else 1), slice(None, None, -1 if mirrored[1] else 1))
    top = len(image) - TOP - SIDE if mirrored[0] else TOP
    left = image.shape[1] - LEFT - SIDE if mirrored[1] else LEFT
    found = cut(image, warp, mirrored)
    np.testing.assert_allclose(
        found, cut(np.ascontiguousarray(image[flip]), warp, top=top, left=left), rtol=0, atol=0.3
    )


def test_an_even_bend_is_a_shift() -> None:
    image = a_print()
    np.testing.assert_allclose(cut(image, a_warp(down=2, right=-3)), sliced(image, TOP + 2, LEFT - 3), atol=0.3)


def test_scale_is_about_the_middle() -> None:
    """A ramp of 8 grey values a pixel: enlarged twice it has 4 a pixel, and its middle is where it was."""
    ramp = np.tile(np.arange(25, dtype=np.uint8) * 8, (25, 1))
    window = cut(ramp, a_warp(log_scale=np.log(2)))
    middle = (LEFT + SIDE // 2) * 8
    np.testing.assert_allclose(
        window, np.tile(middle + 4.0 * np.arange(-(SIDE // 2), SIDE // 2 + 1), (SIDE, 1)), atol=0.1
    )


def test_outside_the_print_it_is_white() -> None:
    black = np.zeros((25, 21), np.uint8)
    window = cut(black, a_warp(down=100))
    assert (window == 255).all()
    assert (cut(black, a_warp()) <= 0.01).all()


def test_warps_are_drawn_as_stated() -> None:
    warps = draw_warps(np.random.default_rng(0), 20_000, 32, 96)
    assert warps.bend.shape == (20_000, 2, 4, 8)
    warped = warps.turn != 0
    assert warped.mean() == pytest.approx(WARPED_SHARE, abs=0.02)
    assert (warps.bend[~warped] == 0).all()
    assert (warps.log_scale[~warped] == 0).all()
    assert np.rad2deg(warps.turn[warped]).std() == pytest.approx(TURN_DEG, rel=0.03)
    assert warps.log_scale[warped].std() == pytest.approx(LOG_SCALE, rel=0.03)
    assert warps.bend[warped].std() == pytest.approx(BEND_PX, rel=0.03)


@pytest.mark.parametrize("view", ["crop32", "whole"])
def test_warped_batches_are_random_ones_half_of_them_warped(view: str) -> None:
    prints = np.random.default_rng(3).integers(0, 256, (40, 97, 90), np.uint8)
    plain, warped = (next(iter(TrainingCrops(prints, VIEWS[view], 40, kind, seed=2))) for kind in ("random", "warped"))
    assert warped.shape == plain.shape
    assert float(warped.min()) >= 0
    assert float(warped.max()) <= 1
    same = (warped - plain).abs().amax(dim=(1, 2, 3)) < 0.01
    assert 8 <= int(same.sum()) <= 32


def test_a_batch_is_decided_by_seed_and_epoch() -> None:
    prints = np.random.default_rng(3).integers(0, 256, (6, 97, 90), np.uint8)

    def batches(seed: int, epoch: int, rank: int = 0, of: int = 1) -> list[torch.Tensor]:
        return list(TrainingCrops(prints, VIEWS["crop32"], 1000, "warped", seed, epoch, rank, of))

    whole = batches(1, 2)
    for a, b in zip(whole, batches(1, 2), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(whole[0], batches(1, 3)[0])
    assert not torch.equal(whole[0], batches(2, 2)[0])
    assert torch.equal(whole[1], batches(1, 2, rank=1, of=2)[0])
