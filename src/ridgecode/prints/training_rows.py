"""Which prints of a store train an autoencoder, and which validate it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.prints.store import PrintStore
from ridgecode.runs.run_folder import ADDED_LATER

MAX_VALIDATION_FILES = 2_000
"""Where altered prints are validated on as well, so many of them, drawn by the seed, are measured after each epoch and
by `evaluate`. SOCOFing's validation subjects have 7,000."""
FILES_PER_VALIDATION_FILE = 6
"""A split by file takes one file in so many for validation: the share of validation subjects among SOCOFing's first
480."""


class TrainingRows(NamedTuple):
    """Row numbers of a store, int64 (N,). Rows that were drawn are in the order of the draw, so that the first ones are
    a random sample."""

    train: NDArray[np.int64]
    val: NDArray[np.int64]


def training_rows(store: PrintStore, split_by: str, train_levels: str, seed: int) -> TrainingRows:
    """The rows that train and all rows that are held out, by the settings of `train-autoencoder`.

    Split by subject with Real prints alone, both are in the store's order; otherwise they are drawn by `seed`.
    """
    levels = None if takes_all_levels(split_by, train_levels) else ("Real",)
    if split_by == "file":
        return split_by_file(store, levels, seed)
    train, val = store.rows("train", levels), store.rows("val", levels)
    return TrainingRows(train, val) if levels else TrainingRows(shuffled(train, seed), shuffled(val, seed))


def takes_all_levels(split_by: str, train_levels: str) -> bool:
    """Whether altered prints train and validate as well as Real ones."""
    return train_levels == "all" or (train_levels == "auto" and split_by == "file")


def split_by_file(store: PrintStore, levels: Sequence[str] | None = None, seed: int = 0) -> TrainingRows:
    """Shuffles the prints of train and validation subjects by `seed`, and takes one file in six for validation.

    Such a split leaks: alterations of one print, and other fingers of one subject, lie on both sides. It is there to
    measure how much the leak hides, never to choose a model by. levels: of "Real", "Easy", "Medium", "Hard"; None for
    all. Test subjects are on neither side.
    """
    rows = np.concatenate([store.rows(split, levels) for split in ("train", "val")])
    drawn = shuffled(np.sort(rows), seed)
    n_val = round(len(drawn) / FILES_PER_VALIDATION_FILE)
    return TrainingRows(drawn[n_val:], drawn[:n_val])


def shuffled(rows: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """The same rows in a random order that `seed` decides."""
    return np.random.default_rng(seed).permutation(rows)


def settings_of(run: Mapping[str, Any]) -> tuple[str, str, int]:
    """(split_by, train_levels, seed) from a run's config.yaml; what an older run lacks has the value it had then."""
    known = {**ADDED_LATER, "seed": 0, **run}
    return str(known["split_by"]), str(known["train_levels"]), int(known["seed"])
