"""Which rows train and validate, on a store of SOCOFing's names: by subject and by file."""

from pathlib import Path

import numpy as np
import pytest

from ridgecode.prints.store import PrintStore
from ridgecode.prints.training_rows import settings_of, split_by_file, training_rows


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


@pytest.mark.parametrize(
    ("split_by", "train_levels", "n_train", "n_val"),
    [
        ("subject", "auto", 20, 4),  # 10 and 2 subjects, 2 fingers, 1 Real print
        ("subject", "all", 80, 16),  # and its 3 altered ones
        ("file", "auto", 80, 16),
        ("file", "Real", 20, 4),
    ],
)
def test_training_rows(altered_store: Path, split_by: str, train_levels: str, n_train: int, n_val: int) -> None:
    store = PrintStore.open(altered_store)
    train, val = training_rows(store, split_by, train_levels, seed=1)
    assert (len(set(train.tolist())), len(set(val.tolist()))) == (n_train, n_val)
    subjects = store.column("subject")
    assert set(subjects[val]) == {"401", "402"} or split_by == "file"
    in_order = train.tolist() == sorted(train) and val.tolist() == sorted(val)
    assert in_order == (split_by == "subject" and train_levels == "auto")


def test_settings_of_an_old_run_and_of_a_new_one() -> None:
    assert settings_of({}) == ("subject", "auto", 0)
    assert settings_of({"split_by": "file", "train_levels": "Real", "seed": 7}) == ("file", "Real", 7)
