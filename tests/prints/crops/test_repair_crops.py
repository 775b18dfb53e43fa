"""Windows of altered prints beside those of their Real prints, against `TrainingCrops` and a slow search."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ridgecode.prints.canonical import WHITE
from ridgecode.prints.crops.repair_crops import UNALTERED_SHARE, RepairCrops
from ridgecode.prints.crops.training_crops import WHOLE_JITTER, TrainingCrops
from ridgecode.prints.views import VIEWS, View
from support.random_prints import some_prints, uint8

SMALL = View("small", 8, 6)  # type: ignore[arg-type]
JITTERED = View("jittered", 12, 12, (11, 9))  # type: ignore[arg-type]
REAL_OF = np.array([2, 0, 1, 0, 2, 2, 2])


def places(image: NDArray[np.uint8], view: View) -> dict[bytes, tuple[int, int, int, int]]:
    """Every window of one print, and where it was cut: (row, column, vertical step, horizontal step)."""
    if view.print_shape is not None:
        image = np.pad(view.take(image[None])[0], WHOLE_JITTER, constant_values=WHITE)
    found = {}
    for top in range(image.shape[0] - view.height + 1):
        for left in range(image.shape[1] - view.width + 1):
            window = image[top : top + view.height, left : left + view.width]
            for down in (1, -1):
                for right in (1, -1):
                    found[np.ascontiguousarray(window[::down, ::right]).tobytes()] = (top, left, down, right)
    return found


@pytest.mark.parametrize("view", [SMALL, JITTERED])
def test_input_and_target_are_cut_at_the_same_place(view: View) -> None:
    """A slow search finds each window in its prints: the same place and the same mirroring in both."""
    real, altered = some_prints(3, 11, 9, 1), some_prints(len(REAL_OF), 11, 9, 2)
    of_real, of_altered = ([places(image, view) for image in prints] for prints in (real, altered))
    seen: Counter[tuple[int, int]] = Counter()
    for x, target in RepairCrops(TrainingCrops(real, view, 64), real, altered, REAL_OF):
        for ours, theirs in zip(uint8(x), uint8(target), strict=True):
            (number,) = [i for i, known in enumerate(of_real) if theirs.tobytes() in known]
            if ours.tobytes() == theirs.tobytes():
                seen[number, -1] += 1
                continue
            (other,) = [i for i, known in enumerate(of_altered) if ours.tobytes() in known]
            assert REAL_OF[other] == number
            assert of_altered[other][ours.tobytes()] == of_real[number][theirs.tobytes()]
            seen[number, other] += 1
    # Each Real print comes up equally often, each of its altered ones too, and the print itself now and then.
    total = seen.total()
    for number in range(3):
        of_print = sum(count for (real_number, _), count in seen.items() if real_number == number)
        assert of_print / total == pytest.approx(1 / 3, abs=0.01)
        assert seen[number, -1] / of_print == pytest.approx(UNALTERED_SHARE, abs=0.03)
        versions = [other for other, real_number in enumerate(REAL_OF.tolist()) if real_number == number]
        for other in versions:
            share = (1 - UNALTERED_SHARE) / len(versions)
            assert seen[number, other] / of_print == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize("mode", ["random", "warped", "centre"])
def test_targets_are_those_of_training_crops(mode: str) -> None:
    real, altered = some_prints(5, 97, 90, 1), some_prints(10, 97, 90, 2)
    real_of = np.arange(10) % 5
    for view in (VIEWS["crop32"], VIEWS["whole"]):
        alone = TrainingCrops(real, view, 4, mode, seed=3, epoch=2)  # type: ignore[arg-type]
        pairs = RepairCrops(alone, real, altered, real_of)
        assert len(pairs) == len(alone)
        for i, ((x, target), expected) in enumerate(zip(pairs, alone, strict=True)):
            assert torch.equal(target, expected)
            assert x.shape == target.shape and x.dtype == torch.float32
            if i == 20:
                break


def test_inputs_are_warped_as_their_targets_are() -> None:
    real = some_prints(5, 97, 90, 1)
    targets = TrainingCrops(real, VIEWS["crop32"], 5, "warped", seed=3)
    x, target = next(iter(RepairCrops(targets, real, real, np.arange(5))))
    assert torch.equal(x, target)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), epoch=st.integers(0, 99), world_size=st.integers(1, 3))
def test_seed_and_epoch_decide_and_ranks_share(seed: int, epoch: int, world_size: int) -> None:
    real, altered = some_prints(3, 9, 9, 1), some_prints(len(REAL_OF), 9, 9, 2)

    def inputs(epoch: int = epoch, rank: int = 0, world_size: int = 1) -> list[NDArray[np.uint8]]:
        targets = TrainingCrops(real, SMALL, 100, "random", seed, epoch, rank, world_size)
        return [uint8(x) for x, _ in RepairCrops(targets, real, altered, REAL_OF)]

    alone = inputs()
    np.random.seed(1)  # noqa: NPY002 - whatever else draws must not matter
    np.testing.assert_array_equal(alone, inputs())
    assert not np.array_equal(alone, inputs(epoch + 1))
    for rank in range(world_size):
        for ours, theirs in zip(inputs(epoch, rank, world_size), alone[rank::world_size], strict=False):
            np.testing.assert_array_equal(ours, theirs)


def test_the_prints_are_not_written_to() -> None:
    real, altered = some_prints(3, 40, 40, 1), some_prints(len(REAL_OF), 40, 40, 2)
    before = real.copy(), altered.copy()
    for prints in (real, altered):
        prints.flags.writeable = False
    for x, target in RepairCrops(TrainingCrops(real, VIEWS["crop32"], 64), real, altered, REAL_OF):
        x.zero_()
        target.zero_()
    np.testing.assert_array_equal(real, before[0])
    np.testing.assert_array_equal(altered, before[1])
