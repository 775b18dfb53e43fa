"""Which prints are mates of each Real print."""

from pathlib import Path

import numpy as np
import pytest

from ridgecode.errors import BadInput
from ridgecode.prints.mated_prints import MatedPrints, mated_prints
from ridgecode.prints.store import PrintStore


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
    unmoved = [store.stack(rows) for rows in mated.probes]
    assert probes.shape == (20, *unmoved[0].shape[1:])
    assert not any((probe == others).all((1, 2)).any() for probe, others in zip(probes, unmoved, strict=True))


def test_one_print_a_finger_is_refused(store: PrintStore, monkeypatch: pytest.MonkeyPatch) -> None:
    real = store.rows
    monkeypatch.setattr(store, "rows", lambda split, levels=("Real",), identity=False: real(split, ("Real",), identity))
    with pytest.raises(BadInput, match="one print of each finger of a val subject, so --identity_weight"):
        mated_prints(store, "val")
