"""Prints that are one image under several names."""

from collections.abc import Sequence

import numpy as np


def duplicate_groups(fingerprints_of_pixels: Sequence[bytes], real: np.ndarray) -> np.ndarray:
    """A number for each group of Real prints with the same pixels: int32 (N,), -1 for prints in no group.

    fingerprints_of_pixels: N hashes, each of one print's size and pixels; real: bool (N,), False for altered prints,
    which join no group. Groups are numbered from 0 in the order of their first print. SOCOFing holds 26 such files in
    11 groups, mostly one print filed under several subjects, so mated and non-mated can't be told there.
    """
    rows_of: dict[bytes, list[int]] = {}
    for row in np.flatnonzero(real):
        rows_of.setdefault(fingerprints_of_pixels[row], []).append(int(row))
    groups = np.full(len(fingerprints_of_pixels), -1, np.int32)
    shared = (rows for rows in rows_of.values() if len(rows) > 1)
    for number, rows in enumerate(shared):
        groups[rows] = number
    return groups
