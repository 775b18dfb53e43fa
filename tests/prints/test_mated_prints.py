"""Which prints are mates, and the batches that are cut from them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ridgecode.errors import BadInput
from ridgecode.prints.mated_crops import MatedCrops
from ridgecode.prints.mated_prints import MatedPrints, mated_prints
from ridgecode.prints.movement import MOVED, Limits
from ridgecode.prints.store import PrintStore
from ridgecode.prints.training_crops import TrainingCrops
from ridgecode.prints.views import VIEWS, stack_prints


@pytest.fixture(scope="module")
def store(matching_store: Path) -> PrintStore:
    return PrintStore.open(matching_store)


@pytest.fixture(scope="module")
def mated(store: PrintStore) -> MatedPrints:
    return mated_prints(store, "train")


def test_probes_are_all_other_prints_of_the_finger(store: PrintStore, mated: MatedPrints) -> None:
    real, fingers = store.rows("train"), store.column("finger_id")
    assert len(mated.probes) == len(mated.fingers) == len(real) == 20
    for own, probes in zip(real, mated.probes, strict=True):
        expected = [row for row in range(len(store)) if fingers[row] == fingers[own] and row != own]
        assert probes.tolist() == expected
    assert len(set(mated.fingers.tolist())) == len(set(fingers[real].tolist()))


def test_a_print_of_several_names_is_its_own_probe(store: PrintStore, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = store.column("duplicate_group").copy()
    doubtful = store.rows("train")[3]
    groups[doubtful] = 0
    monkeypatch.setitem(store._columns, "duplicate_group", groups)
    probes = mated_prints(store, "train").probes
    assert probes[3].tolist() == [doubtful]
    assert len(probes[2]) == 9


def test_fixed_probes_are_of_the_same_finger_and_always_the_same(store: PrintStore, mated: MatedPrints) -> None:
    probes = mated.fixed_probes()
    assert np.array_equal(probes, mated_prints(store, "train").fixed_probes())
    unmoved = [stack_prints(store, rows) for rows in mated.probes]
    assert probes.shape == (20, *unmoved[0].shape[1:])
    assert not any((probe == others).all((1, 2)).any() for probe, others in zip(probes, unmoved, strict=True))


def test_one_print_a_finger_is_refused(store: PrintStore, monkeypatch: pytest.MonkeyPatch) -> None:
    real = store.rows
    monkeypatch.setattr(store, "rows", lambda split, levels=("Real",), identity=False: real(split, ("Real",), identity))
    with pytest.raises(BadInput, match="one print of each finger of a val subject, so --identity_weight"):
        mated_prints(store, "val")


@pytest.mark.parametrize("view", ["crop32", "whole"])
@pytest.mark.parametrize("train_crops", ["random", "warped", "near", "centre"])
def test_an_unmoved_probe_has_its_references_window(
    store: PrintStore, mated: MatedPrints, view: str, train_crops: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With each print as its own probe and no movement, both windows show the same pixels, mirrored the same way."""
    monkeypatch.setattr("ridgecode.prints.mated_crops.random_movements", still)
    own = mated._replace(probes=tuple(row[None] for row in store.rows("train")))
    real = stack_prints(store, store.rows("train"))
    crops = TrainingCrops(real, VIEWS[view], 8, train_crops, seed=3)  # type: ignore[arg-type]
    for batch in MatedCrops(crops, own):
        assert torch.equal(batch.references, batch.probes)
        break


def test_references_are_those_of_training_crops_and_probes_move_with_seed_and_epoch(
    store: PrintStore, mated: MatedPrints
) -> None:
    real, view = stack_prints(store, store.rows("train")), VIEWS["crop32"]
    epochs = [TrainingCrops(real, view, 8, seed=3, epoch=epoch) for epoch in (0, 0, 1)]
    first, again, later = (next(iter(MatedCrops(crops, mated))) for crops in epochs)
    assert torch.equal(first.references, next(iter(epochs[0])))
    assert torch.equal(first.probes, again.probes)
    assert not torch.equal(first.probes, later.probes)
    assert first.probes.shape == first.references.shape == (8, 1, 32, 32)
    assert not torch.equal(first.probes, first.references)


def still(n: int, generator: np.random.Generator, limits: Limits = MOVED) -> object:
    from ridgecode.prints.movement import no_movement

    return no_movement(n)
