"""Scores of templates as integers: of all pairs, and of a list of pairs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ridgecode.matching.templates.format import TemplateFormat
from ridgecode.matching.vectors import dot_scores

_BLOCK_FLOATS = 1 << 19
_PROBES = 256


def all_scores(format: TemplateFormat, probes: NDArray[np.int8], references: NDArray[np.int8]) -> NDArray[np.float32]:
    """The score of each of N templates with each of M: integers (N, dims) and (M, dims) -> (N, M).

    The products are of floats, for which processors are fastest. They are exact all the same: no sum is above 2^24.
    Besides the result it takes a few megabytes.
    """
    scores = np.empty((len(probes), len(references)), np.float32)
    scale, step = np.float32(format.scale), max(1, _BLOCK_FLOATS // format.dims)
    for low in range(0, len(references), step):
        columns = slice(low, low + step)
        block = references[columns].astype(np.float32).T
        for first in range(0, len(probes), _PROBES):
            rows = slice(first, first + _PROBES)
            found = scores[rows, columns]
            np.matmul(probes[rows].astype(np.float32), block, out=found)
            found *= scale
    return scores


def pair_scores(
    format: TemplateFormat,
    probes: NDArray[Any],
    references: NDArray[Any],
    probe_rows: NDArray[np.int64],
    reference_rows: NDArray[np.int64],
) -> NDArray[np.float32]:
    """The scores of C comparisons, (C,), the same as in `all_scores`.

    probes, references: integers (P, dims) and (R, dims); probe_rows, reference_rows: (C,), rows in them.
    """
    return dot_scores(probes, references, probe_rows, reference_rows) * np.float32(format.scale)
