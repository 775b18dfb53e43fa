"""The split by file on a store of SOCOFing's names."""

from pathlib import Path

import numpy as np

from ridgecode.prints.file_split import split_by_file
from ridgecode.prints.store import PrintStore


def test_one_file_in_six_and_no_test_subject(altered_store: Path) -> None:
    store = PrintStore.open(altered_store)
    split = split_by_file(store, seed=1)
    assert (len(split.train), len(split.val)) == (80, 16)  # of 12 subjects, 2 fingers, 4 prints
    together = np.sort(np.concatenate(split))
    assert together.tolist() == [i for i, subject in enumerate(store.column("subject")) if subject != "481"]
    # The leak that it is there to show: prints of one finger on both sides.
    fingers = store.column("finger_id")
    assert set(fingers[split.train]) & set(fingers[split.val])
    assert split.val.tolist() != sorted(split.val)


def test_the_seed_decides(altered_store: Path) -> None:
    store = PrintStore.open(altered_store)
    once, again, other = (split_by_file(store, seed=seed) for seed in (3, 3, 4))
    assert once.val.tolist() == again.val.tolist() and once.train.tolist() == again.train.tolist()
    assert set(once.val) != set(other.val)


def test_levels(altered_store: Path) -> None:
    store = PrintStore.open(altered_store)
    split = split_by_file(store, ("Real",))
    assert (len(split.train), len(split.val)) == (20, 4)
    assert set(store.column("level")[np.concatenate(split)]) == {"Real"}
