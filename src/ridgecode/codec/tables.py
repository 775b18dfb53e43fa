"""Integer probability tables of whole numbers, one for each scale index: what an entropy coder codes with.

They are made once, when a model is saved, and lie in its file. So coding depends on no computed logarithm or
exponential, which machines round differently.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.codec.scales import SCALES, bits

LARGEST = 63
"""Numbers from -LARGEST to LARGEST have a column each; the last column, ESCAPE, stands for all beyond."""
ESCAPE = 2 * LARGEST + 1
COLUMNS = ESCAPE + 1
TOTAL = 1 << 24
"""A table's frequencies add up to this."""
PRIOR = 256.0
"""How many numbers the logistic distribution of a scale counts for, beside those of the training prints."""


def column_of(symbols: NDArray[np.int64]) -> NDArray[np.int64]:
    """Whole numbers of any shape -> their columns."""
    return np.where(np.abs(symbols) <= LARGEST, symbols + LARGEST, ESCAPE)


def fit_tables(symbols: NDArray[np.int64], indices: NDArray[np.int64]) -> NDArray[np.int32]:
    """Whole numbers and the scale index of each, both (n,) -> (SCALES, COLUMNS) frequencies, each 1 or more, each row
    adding up to TOTAL.

    A row is the histogram of its numbers on top of `PRIOR` times the logistic distribution that it starts from.
    """
    columns = column_of(symbols)
    counts = np.bincount(indices * COLUMNS + columns, minlength=SCALES * COLUMNS).reshape(SCALES, COLUMNS)
    expected = counts + PRIOR * logistic_rows()
    return np.stack([_whole(row / row.sum()) for row in expected])


def logistic_rows() -> NDArray[np.float64]:
    """(SCALES, COLUMNS) probabilities of the logistic distributions, the escape's being what is left."""
    values = torch.arange(-LARGEST, LARGEST + 1, dtype=torch.float64)
    index = torch.arange(SCALES, dtype=torch.float64)[:, None]
    inside = torch.exp2(-bits(values[None, :], index)).numpy()
    return np.concatenate([inside, np.maximum(1 - inside.sum(1, keepdims=True), 0)], 1)


def _whole(p: NDArray[np.float64]) -> NDArray[np.int32]:
    """(COLUMNS,) probabilities -> frequencies of 1 or more that add up to TOTAL."""
    frequencies = 1 + np.floor(p * (TOTAL - len(p))).astype(np.int64)
    frequencies[np.argmax(p)] += TOTAL - frequencies.sum()
    return frequencies.astype(np.int32)
