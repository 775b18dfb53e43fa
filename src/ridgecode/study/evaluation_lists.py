"""The comparison lists of an evaluation, as files that are drawn once."""

import sys
from pathlib import Path

import numpy as np

from ridgecode.errors import BadInput
from ridgecode.matching.comparisons import Comparisons, comparison_list
from ridgecode.prints.store import PrintStore
from ridgecode.study.matching_systems import ScoredList


def has_non_mated(store: PrintStore, split: str) -> bool:
    """Whether the split's Real prints are of several subjects, without which there is no non-mated comparison."""
    return len(np.unique(store.column("subject")[store.rows(split=split)])) > 1


def scored_list(store: PrintStore, split: str, protocol: str, folder: Path, given: bool) -> ScoredList:
    """The list in `folder`/PROTOCOL_SPLIT.parquet, which is drawn and written where it is not there yet.

    given: whether the user named `folder`; a list there may serve several stores of the same prints and is never
    replaced, where a run's own list that was drawn from another store is drawn anew. Raises BadInput for a file that is
    no such list, or one that names prints that the store lacks.
    """
    path = folder / f"{protocol}_{split}.parquet"
    if path.is_file():
        found = Comparisons.load(path)
        if found.protocol != protocol:
            raise BadInput(f"{path} is a list of the protocol {found.protocol}, not {protocol}; rename or delete it")
        if given and found.split not in ("", split):
            raise BadInput(f"{path} was drawn from the split {found.split}, not {split}; give another --comparisons")
        same = found.store_digest == store.digest
        if given and found.store_digest and not same:
            print(f"ridgecode: {path} was drawn from another store than {store.path}", file=sys.stderr)
        if given or (same and found.split == split):
            return ScoredList.of(store, found)
    comparisons = comparison_list(store, split, protocol)
    comparisons.save(path)
    return ScoredList.of(store, comparisons)
