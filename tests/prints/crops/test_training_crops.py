"""Training windows against every window that plain slicing can cut, and the promises on order, ranks and epochs."""

from collections import Counter
from itertools import chain

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ridgecode.prints.canonical import PRINT_SHAPE, WHITE
from ridgecode.prints.crops.training_crops import CROPS_PER_EPOCH, WHOLE_JITTER, TrainingCrops
from ridgecode.prints.views import VIEWS, View
from support.random_prints import some_prints, uint8

SMALL = View("small", 8, 6)
JITTERED = View("jittered", 12, 12, (11, 9))


def key(window: NDArray[np.uint8]) -> bytes:
    return np.ascontiguousarray(window).tobytes()


def seen(crops: TrainingCrops) -> NDArray[np.uint8]:
    return np.concatenate([uint8(batch) for batch in crops])


def test_every_random_crop_is_a_slice_of_its_print() -> None:
    prints = some_prints(3, 11, 10)
    where = {}
    for number, image in enumerate(prints):
        for top in range(11 - 8 + 1):
            for left in range(10 - 6 + 1):
                crop = image[top : top + 8, left : left + 6]
                for flips, step in {"": (1, 1), "y": (-1, 1), "x": (1, -1), "xy": (-1, -1)}.items():
                    where[key(crop[:: step[0], :: step[1]])] = (number, top, left, flips)
    found = Counter(where[key(window)] for window in seen(TrainingCrops(prints, SMALL, 64)))
    assert found.keys() == set(where.values())  # each place in each print, mirrored each way, comes up
    total = found.total()
    assert Counter(number for number, *_ in found.elements()).most_common()[-1][1] >= total // 3 - 64
    for flips, count in Counter(place[3] for place in found.elements()).items():
        assert count / total == pytest.approx(1 / 4, abs=0.04), flips


def test_batches_are_grey_values_in_0_to_1() -> None:
    prints = some_prints(5, 40, 40)
    for batch in TrainingCrops(prints, VIEWS["crop32"], 100):
        assert batch.shape == (100, 1, 32, 32)
        assert batch.dtype == torch.float32
        assert float(batch.min()) >= 0
        assert float(batch.max()) <= 1


def test_half_of_the_crops_lie_around_the_middle() -> None:
    """The rows of one print and the columns of the other hold their own number, so that a crop tells its place."""
    rows, columns = np.mgrid[:97, :90].astype(np.uint8)
    tops, lefts = [], []
    for epoch in range(4):
        for window in seen(TrainingCrops(np.stack([rows, columns]), VIEWS["crop32"], 128, epoch=epoch)):
            (tops if (window[:, 0] != window[0, 0]).any() else lefts).append(int(window.min()))
    for starts, room in ((tops, 97 - 32), (lefts, 90 - 32)):
        middle = room // 2
        far = np.mean([abs(start - middle) > 24 for start in starts])  # 3 standard deviations
        assert (min(starts), max(starts)) == (0, room)
        assert far == pytest.approx(0.5 * (room + 1 - 49) / (room + 1), abs=0.03)
        assert np.median(starts) == pytest.approx(middle, abs=1)
        near = np.mean([abs(start - middle) <= 8 for start in starts])  # 8.5 of 8: 71 % of a Gaussian, after rounding
        assert near == pytest.approx(0.5 * 0.712 + 0.5 * 17 / (room + 1), abs=0.03)


def test_near_crops_lie_near_the_middle_as_they_are() -> None:
    """Rising rows and columns, so that a mirrored crop would fall."""
    rows, columns = np.mgrid[:97, :90].astype(np.uint8)
    for image, room, axis in ((rows, 97 - 32, 0), (columns, 90 - 32, 1)):
        windows = seen(TrainingCrops(image[None], VIEWS["crop32"], 128, "near"))
        assert (np.diff(windows.astype(int), axis=1 + axis) == 1).all()
        starts = windows[:, 0, 0].astype(int)
        assert starts.mean() == pytest.approx(room // 2, abs=0.3)
        assert starts.std() == pytest.approx(4, rel=0.06)


def test_near_whole_prints_are_shifted_and_not_mirrored() -> None:
    columns = np.tile(np.arange(9, dtype=np.uint8), (11, 1))
    windows = seen(TrainingCrops(columns[None], JITTERED, 16, "near"))
    inside = windows[:, 5, 5:7].astype(int)
    inside = inside[(inside != WHITE).all(axis=1)]
    assert (inside[:, 1] - inside[:, 0] == 1).all()
    assert len(set(inside[:, 0])) > 1


def test_centre_crops_are_the_views_own_once_a_print() -> None:
    prints = some_prints(50, 97, 90)
    for view in VIEWS.values():
        windows = seen(TrainingCrops(prints, view, 10, "centre"))
        assert Counter(map(key, windows)) == Counter(map(key, view.take(prints)))
    first, second = (seen(TrainingCrops(prints, SMALL, 10, "centre", epoch=epoch)) for epoch in (0, 1))
    assert not np.array_equal(first, second)  # in another order


def test_whole_prints_are_shifted_and_mirrored_left_to_right_only() -> None:
    prints = some_prints(2, 11, 9)
    own = JITTERED.take(prints)
    wide = np.pad(own, ((0, 0), (WHOLE_JITTER,) * 2, (WHOLE_JITTER,) * 2), constant_values=WHITE)
    where = {}
    for number in range(2):
        for down in range(2 * WHOLE_JITTER + 1):
            for right in range(2 * WHOLE_JITTER + 1):
                window = wide[number, down : down + 12, right : right + 12]
                where[key(window)] = (number, down, right, False)
                where[key(window[:, ::-1])] = (number, down, right, True)
    found = Counter(where[key(window)] for window in seen(TrainingCrops(prints, JITTERED, 64)))
    assert found.keys() == set(where.values())
    assert sum(n for place, n in found.items() if place[3]) / found.total() == pytest.approx(0.5, abs=0.04)


def test_whole_prints_of_the_real_size() -> None:
    prints = np.zeros((3, *PRINT_SHAPE), np.uint8)
    for batch in TrainingCrops(prints, VIEWS["whole"], 16):
        assert batch.shape == (16, 1, 96, 96)
        black = (batch == 0).sum((1, 2, 3))
        assert (black >= (96 - WHOLE_JITTER) * (90 - max(0, WHOLE_JITTER - 3))).all()
        break


def test_seed_and_epoch_decide() -> None:
    prints = some_prints(20, 16, 16)

    def epoch_of(seed: int, epoch: int) -> NDArray[np.uint8]:
        return seen(TrainingCrops(prints, SMALL, 32, seed=seed, epoch=epoch))

    reference = epoch_of(1, 2)
    np.random.seed(5)  # noqa: NPY002 - whatever else draws must not matter
    torch.manual_seed(5)
    np.testing.assert_array_equal(reference, epoch_of(1, 2))
    crops = TrainingCrops(prints, SMALL, 32, seed=1, epoch=2)
    np.testing.assert_array_equal(seen(crops), seen(crops))
    for seed, epoch in ((1, 1), (2, 2), (2, 1)):
        assert not np.array_equal(reference, epoch_of(seed, epoch))


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(1, 70),
    batch_size=st.integers(30, 5000),
    world_size=st.integers(1, 4),
    mode=st.sampled_from(["random", "centre"]),
)
def test_ranks_share_the_batches_of_one_process(n: int, batch_size: int, world_size: int, mode: str) -> None:
    prints = some_prints(n, 9, 9)

    def of_rank(rank: int) -> TrainingCrops:
        return TrainingCrops(prints, SMALL, batch_size, mode, 3, 4, rank, world_size)  # type: ignore[arg-type]

    ranks = [list(map(uint8, of_rank(rank))) for rank in range(world_size)]
    crops = n if mode == "centre" else n * -(-CROPS_PER_EPOCH // n)
    assert {len(batches) for batches in ranks} == {len(of_rank(0))}
    sizes = {len(batch) for batches in ranks for batch in batches}
    if crops >= world_size:
        size = min(batch_size, crops // world_size)
        assert sizes == {size}
        alone = list(map(uint8, TrainingCrops(prints, SMALL, size, mode, 3, 4)))  # type: ignore[arg-type]
        shared = list(chain.from_iterable(zip(*ranks, strict=True)))
        assert 0 <= len(alone) - len(shared) < world_size
        for ours, theirs in zip(shared, alone, strict=False):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("n", [1, 7, 100, 4095, 4096, 4097, 5000])
def test_small_sets_are_passed_over_several_times(n: int) -> None:
    prints = np.zeros((n, 8, 8), np.uint8)
    prints[:, :, :] = (np.arange(n) % 251).astype(np.uint8)[:, None, None]
    crops = TrainingCrops(prints, SMALL, 1)
    assert len(crops) == n * int(np.ceil(CROPS_PER_EPOCH / n)) >= CROPS_PER_EPOCH
    if n <= 100:
        times = Counter(int(window[0, 0]) for window in seen(crops))
        assert set(times.values()) == {int(np.ceil(CROPS_PER_EPOCH / n))}


def test_a_short_last_batch_is_left_out() -> None:
    prints = some_prints(10, 9, 9)
    sizes = [len(batch) for batch in TrainingCrops(prints, SMALL, 4, "centre")]
    assert sizes == [4, 4]
    assert [len(batch) for batch in TrainingCrops(prints, SMALL, 400, "centre")] == [10]


def test_the_store_is_not_written_to() -> None:
    prints = some_prints(4, 32, 32)
    prints.flags.writeable = False
    before = prints.copy()
    for batch in TrainingCrops(prints, VIEWS["crop32"], 64):
        batch.zero_()
    np.testing.assert_array_equal(prints, before)


@pytest.mark.parametrize("view", ["crop32", "whole"])
@pytest.mark.parametrize("mode", ["random", "warped", "near", "centre"])
def test_batches_are_cut_where_the_prints_lie(mode: str, view: str) -> None:
    """torch refuses to bring together tensors of two devices; "meta" is one that needs no hardware."""
    prints = np.zeros((6, 97, 90), np.uint8)
    batch = next(iter(TrainingCrops(prints, VIEWS[view], 4, mode, device="meta")))  # type: ignore[arg-type]
    assert batch.device.type == "meta"
    assert batch.shape == (4, 1, VIEWS[view].height, VIEWS[view].width)


@pytest.mark.parametrize("mode", ["random", "warped", "near", "centre"])
def test_epochs_may_be_set_one_after_another(mode: str) -> None:
    prints = np.random.default_rng(5).integers(0, 256, (6, 97, 90), np.uint8)

    def crops(epoch: int) -> TrainingCrops:
        return TrainingCrops(prints, VIEWS["crop32"], 4, mode, seed=1, epoch=epoch)  # type: ignore[arg-type]

    ours = crops(0)
    for epoch in (3, 1):
        ours.epoch = epoch
        for found, expected in zip(ours, crops(epoch), strict=True):
            assert torch.equal(found, expected)
