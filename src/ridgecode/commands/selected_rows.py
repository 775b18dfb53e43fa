"""The prints that --select names."""

import re

import numpy as np

from ridgecode.errors import BadInput


def selected_rows(text: str, n: int) -> np.ndarray:
    """`17,20-30` -> row numbers, int64, each once; all n where empty. Raises BadInput for rows that are not there."""
    if not text.strip():
        return np.arange(n)
    rows: dict[int, None] = {}
    for part in text.split(","):
        found = re.fullmatch(r"\s*([0-9]+)(?:-([0-9]+))?\s*", part)
        if not found:
            raise BadInput(f"--select {text} is not understood; give row numbers such as 17,20-30")
        first, last = int(found[1]), int(found[2] or found[1])
        if not first <= last < n:
            raise BadInput(f"--select {text} names rows that are not there; rows are 0 to {n - 1}")
        rows |= dict.fromkeys(range(first, last + 1))
    return np.array(list(rows))
