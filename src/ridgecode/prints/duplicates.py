"""Prints that are the same image under several names."""

from collections.abc import Sequence

import numpy as np


def duplicate_groups(pixel_digests: Sequence[bytes], real: np.ndarray) -> np.ndarray:
    """The group of each print, int32 (N,): Real prints with the same pixels are a group; -1 for prints in none.

    pixel_digests: N hashes, each of one print's size and pixels
    real: bool (N,); altered prints (False) are in no group
    Groups are numbered from 0 in the order of their first print. SOCOFing has 26 such files in 11 groups, mostly one
    print under several subjects: nobody knows which comparisons of it are mated.
    """
    rows_of: dict[bytes, list[int]] = {}
    for row in np.flatnonzero(real).tolist():
        rows_of.setdefault(pixel_digests[row], []).append(row)
    groups = np.full(len(pixel_digests), -1, np.int32)
    shared = (rows for rows in rows_of.values() if len(rows) > 1)
    for number, rows in enumerate(shared):
        groups[rows] = number
    return groups


def equal_across(groups: np.ndarray, fingers: Sequence[str]) -> list[list[int]]:
    """The rows of each duplicate group that has prints of several fingers.

    groups: int (N,), as `duplicate_groups` returns it; fingers: the finger of each of the N prints
    """
    rows_of: dict[int, list[int]] = {}
    for row in np.flatnonzero(groups >= 0).tolist():
        rows_of.setdefault(int(groups[row]), []).append(row)
    return [rows for rows in rows_of.values() if len({fingers[row] for row in rows}) > 1]
