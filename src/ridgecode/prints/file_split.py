"""A split by file, as a careless user would make it: for measuring what such a split hides, never for choosing."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.prints.store import PrintStore

VAL_PART = 6
"""One file in so many validates: the share that validation subjects have of SOCOFing's first 480."""


class FileSplit(NamedTuple):
    """Rows of a store, int64, in the order that they were drawn in: the first of either are a sample of it."""

    train: NDArray[np.int64]
    val: NDArray[np.int64]


def split_by_file(store: PrintStore, levels: Sequence[str] | None = None, seed: int = 0) -> FileSplit:
    """Shuffles the prints of train and validation subjects by `seed`, and takes one file in six for validation.

    levels: of "Real", "Easy", "Medium", "Hard"; None for all. Alterations of one print, and other fingers of one
    subject, come to lie on both sides, so figures on `val` leak. Test subjects are in neither.
    """
    rows = np.concatenate([store.rows(split, levels) for split in ("train", "val")])
    drawn = shuffled(np.sort(rows), seed)
    n_val = round(len(drawn) / VAL_PART)
    return FileSplit(drawn[n_val:], drawn[:n_val])


def shuffled(rows: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """The same rows in an order that follows from `seed`."""
    return np.random.default_rng(seed).permutation(rows)
