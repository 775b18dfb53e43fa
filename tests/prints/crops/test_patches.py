"""Training patches of images of any size."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from ridgecode.prints.crops import patches
from ridgecode.prints.crops.patches import TrainingPatches, middle_patch


def _images(*shapes: tuple[int, int]) -> list[NDArray[np.uint8]]:
    """Images whose pixels tell which one it is, and in whose every column grey rises downwards."""
    return [
        (40 * number + np.arange(height)[:, None] * 30 // height + np.zeros(width, int)).astype(np.uint8)
        for number, (height, width) in enumerate(shapes)
    ]


def _epoch(images: list[NDArray[np.uint8]], weights: list[float], **more: int) -> list[torch.Tensor]:
    return list(TrainingPatches(images.__getitem__, weights, 32, 8, **more))


def test_the_seed_and_the_epoch_alone_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "PATCHES_PER_EPOCH", 32)
    images = _images((40, 60), (90, 33))
    first, again, other = (_epoch(images, [1, 1], seed=1, epoch=epoch) for epoch in (3, 3, 4))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])
    assert first[0].shape == (8, 1, 32, 32) and first[0].dtype == torch.float32
    assert all(float(x.min()) >= 0 and float(x.max()) <= 1 for x in first)


def test_processes_share_the_batches_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "PATCHES_PER_EPOCH", 32)
    images = _images((40, 60), (90, 33))
    alone = _epoch(images, [1, 1])
    shared = [_epoch(images, [1, 1], rank=rank, world_size=2) for rank in (0, 1)]
    assert [len(part) for part in shared] == [2, 2]
    assert all(torch.equal(alone[2 * i + rank], shared[rank][i]) for i in (0, 1) for rank in (0, 1))


def test_images_are_taken_as_often_as_their_weights_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "PATCHES_PER_EPOCH", 800)
    monkeypatch.setattr(patches, "LIT_SHARE", 0.0)
    monkeypatch.setattr(patches, "EMPTY_SHARE", 0.0)
    batches = _epoch(_images((40, 40), (40, 40)), [3, 1])
    second = torch.cat(batches).flatten(1).mean(1) > 37 / 255
    assert float(second.float().mean()) == pytest.approx(0.25, abs=0.06)


def test_patches_without_variation_are_parts_of_their_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "PATCHES_PER_EPOCH", 64)
    monkeypatch.setattr(patches, "LIT_SHARE", 0.0)
    monkeypatch.setattr(patches, "RESAMPLED_SHARE", 0.0)
    monkeypatch.setattr(patches, "EMPTY_SHARE", 0.0)
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (40, 50), np.uint8)
    parts = {
        turned[y : y + 32, x : x + 32].tobytes()
        for flipped in (image, image[::-1], image[:, ::-1], image[::-1, ::-1])
        for turned in (flipped, flipped.T)
        for y in range(turned.shape[0] - 31)
        for x in range(turned.shape[1] - 31)
    }
    found = [(x[0] * 255).round().numpy().astype(np.uint8) for batch in _epoch([image], [1]) for x in batch]
    assert all(one.tobytes() in parts for one in found)
    assert len({one.tobytes() for one in found}) > 32


def test_a_small_image_is_continued_by_its_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "EMPTY_SHARE", 0.0)
    image = np.full((10, 50), 7, np.uint8)
    assert np.array_equal(middle_patch(image, 32), np.full((32, 32), 7, np.uint8))
    assert all(float(x.max() - x.min()) < 1e-6 for batch in _epoch([image], [1])[:2] for x in batch)


def test_the_middle_patch_is_the_middle() -> None:
    image = np.arange(60 * 40, dtype=np.uint32).astype(np.uint8).reshape(60, 40)
    assert np.array_equal(middle_patch(image, 32), image[14:46, 4:36])


@given(st.integers(0, 10_000))
def test_background_lies_beyond_a_line_and_the_print_stays_on_this_side(seed: int) -> None:
    patch = torch.zeros(32, 32)
    drawn = patches.partly_empty(patch, np.random.default_rng(seed))
    empty = drawn > 0
    assert float(drawn.max()) <= 1 and bool((drawn[empty] > patches.LEAST_GREY - 5 * patches.MOST_NOISE).all())
    # A line lies between two sets of points where a linear program finds one.
    places = np.argwhere(np.ones(empty.shape, bool))
    sides = np.where(empty.numpy().ravel(), 1.0, -1.0)
    line = linprog(
        np.zeros(3), -sides[:, None] * np.c_[places, np.ones(len(places))], -np.ones(len(places)), bounds=(None, None)
    )
    assert line.status == 0


def test_half_of_the_backgrounds_are_white_and_some_are_all_over() -> None:
    random = np.random.default_rng(0)
    drawn = torch.stack([patches.partly_empty(torch.zeros(32, 32), random) for _ in range(600)])
    greatest, empty = drawn.flatten(1).amax(1), (drawn > 0).flatten(1).float().mean(1)
    # Five in six have a line; as many of these lie beyond a corner, and so all over or nowhere.
    assert float((greatest[empty > 0] == 1).float().mean()) == pytest.approx(0.5, abs=0.12)
    assert 0.15 < float((empty == 1).float().mean()) < 0.3
    assert 0.4 < float(empty.mean()) < 0.7
