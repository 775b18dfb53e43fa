"""Which prints of a store train an autoencoder, and which validate it."""

from collections.abc import Mapping
from typing import Any, Literal

from ridgecode.prints.file_split import FileSplit, shuffled, split_by_file
from ridgecode.prints.store import PrintStore
from ridgecode.study.run_folder import ADDED_LATER

SplitBy = Literal["subject", "file"]
TrainLevels = Literal["auto", "Real", "all"]
MOST_FILES = 2_000
"""Real and altered prints of SOCOFing's validation subjects are 7,000: so many of them, drawn by the seed, are
validated on after each epoch, and measured by `evaluate`."""


def takes_all_levels(split_by: str, train_levels: str) -> bool:
    """Whether altered prints are trained and validated on as well."""
    return train_levels == "all" or (train_levels == "auto" and split_by == "file")


def training_rows(store: PrintStore, split_by: str, train_levels: str, seed: int) -> FileSplit:
    """Rows that train and all rows that are held out, by the settings of `train-autoencoder`.

    By subject and Real alone both are in the store's order; else they are drawn by `seed`.
    """
    levels = None if takes_all_levels(split_by, train_levels) else ("Real",)
    if split_by == "file":
        return split_by_file(store, levels, seed)
    train, val = store.rows("train", levels), store.rows("val", levels)
    return FileSplit(train, val) if levels else FileSplit(shuffled(train, seed), shuffled(val, seed))


def settings_of(run: Mapping[str, Any]) -> tuple[str, str, int]:
    """(split_by, train_levels, seed) of a run's config.yaml, which may be older than the settings."""
    known = {**ADDED_LATER, "seed": 0, **run}
    return str(known["split_by"]), str(known["train_levels"]), int(known["seed"])
