"""Windows of moved mates beside those of their references."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ridgecode.prints.crops.mated_crops import MatedCrops
from ridgecode.prints.crops.training_crops import TrainingCrops
from ridgecode.prints.mated_prints import MatedPrints, mated_prints
from ridgecode.prints.movement import PROTOCOL_LIMITS, Limits, no_movement
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import VIEWS


@pytest.fixture(scope="module")
def store(matching_store: Path) -> PrintStore:
    return PrintStore.open(matching_store)


@pytest.fixture(scope="module")
def mated(store: PrintStore) -> MatedPrints:
    return mated_prints(store, "train")


@pytest.mark.parametrize("view", ["crop32", "whole"])
@pytest.mark.parametrize("train_crops", ["random", "warped", "near", "centre"])
def test_an_unmoved_probe_has_its_references_window(
    store: PrintStore, mated: MatedPrints, view: str, train_crops: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With each print as its own probe and no movement, both windows show the same pixels, mirrored the same way."""
    monkeypatch.setattr("ridgecode.prints.crops.mated_crops.random_movements", still)
    own = mated._replace(probes=tuple(row[None] for row in store.rows("train")))
    real = store.prints("train")
    crops = TrainingCrops(real, VIEWS[view], 8, train_crops, seed=3)  # type: ignore[arg-type]
    for batch in MatedCrops(crops, own):
        assert torch.equal(batch.references, batch.probes)
        break


def test_references_are_those_of_training_crops_and_probes_move_with_seed_and_epoch(
    store: PrintStore, mated: MatedPrints
) -> None:
    real, view = store.prints("train"), VIEWS["crop32"]
    epochs = [TrainingCrops(real, view, 8, seed=3, epoch=epoch) for epoch in (0, 0, 1)]
    first, again, later = (next(iter(MatedCrops(crops, mated))) for crops in epochs)
    assert torch.equal(first.references, next(iter(epochs[0])))
    assert torch.equal(first.probes, again.probes)
    assert not torch.equal(first.probes, later.probes)
    assert first.probes.shape == first.references.shape == (8, 1, 32, 32)
    assert not torch.equal(first.probes, first.references)


def still(n: int, generator: np.random.Generator, limits: Limits = PROTOCOL_LIMITS) -> object:
    return no_movement(n)
