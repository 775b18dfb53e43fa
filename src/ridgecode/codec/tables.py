"""Integer probability tables for whole numbers, one for each scale index: what the entropy coder codes with.

The tables are made once, when a model is saved, and are stored in its file. So coding computes no logarithm and no
exponential, which machines round differently.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.codec.scales import SCALE_COUNT, logistic_bits

LARGEST = 63
"""Each whole number from -LARGEST to LARGEST has a column of its own."""
ESCAPE = 2 * LARGEST + 1
"""The last column, which stands for all numbers beyond LARGEST."""
COLUMNS = ESCAPE + 1
TOTAL = 1 << 24
"""The frequencies of a table add up to this."""
PRIOR_COUNT = 256.0
"""The logistic distribution weighs as much in a table as this many numbers of training prints."""


def column_of(symbols: NDArray[np.int64]) -> NDArray[np.int64]:
    """Whole numbers of any shape -> their columns, of the same shape."""
    return np.where(np.abs(symbols) <= LARGEST, symbols + LARGEST, ESCAPE)


def fit_tables(symbols: NDArray[np.int64], indices: NDArray[np.int64]) -> NDArray[np.int32]:
    """Whole numbers and the scale index of each, both (n,) -> (SCALE_COUNT, COLUMNS) frequencies, each 1 or more, each
    row adding up to TOTAL.

    A row is the histogram of its numbers, added to `PRIOR_COUNT` times the logistic distribution of its index.
    """
    columns = column_of(symbols)
    counts = np.bincount(indices * COLUMNS + columns, minlength=SCALE_COUNT * COLUMNS).reshape(SCALE_COUNT, COLUMNS)
    expected = counts + PRIOR_COUNT * logistic_rows()
    return np.stack([_frequencies(row / row.sum()) for row in expected])


def logistic_rows() -> NDArray[np.float64]:
    """(SCALE_COUNT, COLUMNS) probabilities of the logistic distributions; the escape column has the rest."""
    values = torch.arange(-LARGEST, LARGEST + 1, dtype=torch.float64)
    index = torch.arange(SCALE_COUNT, dtype=torch.float64)[:, None]
    within = torch.exp2(-logistic_bits(values[None, :], index)).numpy()
    return np.concatenate([within, np.maximum(1 - within.sum(1, keepdims=True), 0)], 1)


def _frequencies(p: NDArray[np.float64]) -> NDArray[np.int32]:
    """(COLUMNS,) probabilities -> frequencies of 1 or more that add up to TOTAL."""
    frequencies = 1 + np.floor(p * (TOTAL - len(p))).astype(np.int64)
    frequencies[np.argmax(p)] += TOTAL - frequencies.sum()
    return frequencies.astype(np.int32)
