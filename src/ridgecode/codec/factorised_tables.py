"""A table for each dim of a vector, out of those that all dims share."""

import numpy as np
from numpy.typing import NDArray

from ridgecode.codec.scales import SCALES
from ridgecode.codec.tables import COLUMNS, PRIOR, column_of, fit_tables, logistic_rows

ROUNDS = 3
"""How often dims choose a table and tables are fitted to their dims, in turn; a fourth time changes next to nothing."""


def fit_factorised(symbols: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Whole numbers (N, dims) of training prints -> the table that codes each dim in fewest bits, (dims,), and the
    tables, (SCALES, COLUMNS) as `fit_tables` has them.

    Dims that are alike share a table, as in Lloyd's algorithm ("Least squares quantization in PCM", IEEE Transactions
    on Information Theory 28, 1982) with bits in place of distances. A table of each dim's own saves nothing on other
    prints, and would be 512 bytes a dim of a model's file.
    """
    n, dims = symbols.shape
    counts = np.zeros((dims, COLUMNS))
    columns = column_of(symbols)
    for dim in range(dims):
        counts[dim] = np.bincount(columns[:, dim], minlength=COLUMNS)
    p = logistic_rows()
    index = np.zeros(dims, np.int64)
    for _ in range(ROUNDS):
        index = np.argmin(counts @ -np.log2(p.clip(2.0**-24)).T, axis=1)
        sums = np.zeros((SCALES, COLUMNS))
        np.add.at(sums, index, counts)
        p = sums + PRIOR * logistic_rows()
        p /= p.sum(1, keepdims=True)
    return index, fit_tables(symbols.ravel(), np.tile(index, n))
