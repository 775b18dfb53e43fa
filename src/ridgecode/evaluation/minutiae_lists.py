"""Comparison lists for minutiae matchers: of few prints, since matchers are slow, spread evenly over the subjects."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.evaluation.names import RECONSTRUCTION
from ridgecode.matching.comparisons import (
    Comparisons,
    comparison_list,
    probe_prints,
    reference_prints,
    store_rows,
    with_sets,
)
from ridgecode.prints.labels import LEVELS
from ridgecode.prints.sets import print_sets
from ridgecode.prints.store import PrintStore

NON_MATED_PER_PROBE = 10
"""How many references of other subjects an altered print is compared with; a finger has up to nine altered prints."""
NON_MATED_PER_RECONSTRUCTION = 30
"""How many originals of other subjects a reconstruction is compared with: of 100 reconstructions these are 3,000
comparisons, the fewest that show an FMR of 0.1 %."""


class ComparedPrints(NamedTuple):
    """A comparison list with its P probes and R references, uint8 (H, W) each, of which each may have its own size."""

    comparisons: Comparisons
    probes: Sequence[NDArray[np.uint8]]
    references: Sequence[NDArray[np.uint8]]


class ReconstructionList(NamedTuple):
    """A comparison list of N originals, and their rows in the store, int64 (N,), in the list's order."""

    comparisons: Comparisons
    rows: NDArray[np.int64]


def originals(store: PrintStore, split: str, protocol: str, levels: Sequence[str], most: int) -> ComparedPrints:
    """The list of `protocol` with at most `most` of the split's Real prints, and their altered prints of `levels`.

    Impressions keep the size that they have in the store, since what lies outside a common one would lose its minutiae.
    Raises BadInput if that leaves no mated or no non-mated comparison.
    """
    rows = spread_rows(store, split, most)
    if protocol in ("aligned", "moved"):
        altered = store.rows(split=split, levels=levels, identity=True) if levels else np.zeros(0, np.int64)
        fingers = store.column("finger_id")
        rows = np.concatenate((rows, altered[np.isin(fingers[altered], fingers[rows])]))
    listed = with_sets(store, comparison_list(store, split, protocol, NON_MATED_PER_PROBE, rows=rows))
    if protocol in ("aligned", "moved"):
        return ComparedPrints(listed, list(probe_prints(store, listed)), list(reference_prints(store, listed)))
    probes, references = (
        [store.image(row) for row in store_rows(store, names).tolist()]
        for names in (listed.probe_names, listed.reference_names)
    )
    return ComparedPrints(listed, probes, references)


def reconstruction_list(store: PrintStore, split: str, most: int, seed: int = 0) -> ReconstructionList:
    """The list in which reconstructions of at most `most` Real prints are the probes, and originals the references.

    Each reconstruction is compared with its own original (mated) and with NON_MATED_PER_RECONSTRUCTION originals of
    other subjects of its data set, drawn without repeats, or with all of them if there are fewer. Raises BadInput if
    all prints of each set are of one subject.
    """
    rows = spread_rows(store, split, most)
    names, subjects = (store.column(column)[rows].astype(object) for column in ("name", "subject"))
    order = np.argsort(names)
    rows, names, subjects = rows[order], names[order], subjects[order]
    sets = print_sets(store, rows)
    generator = np.random.default_rng(seed)
    n = len(rows)
    probe, reference = [np.arange(n)], [np.arange(n)]
    for i in range(n):
        others = np.flatnonzero((subjects != subjects[i]) & (sets == sets[i]))
        drawn = generator.permutation(others)[:NON_MATED_PER_RECONSTRUCTION]
        probe.append(np.full(len(drawn), i))
        reference.append(np.sort(drawn))
    probe_rows, reference_rows = np.concatenate(probe), np.concatenate(reference)
    if len(probe_rows) == n:
        raise BadInput(
            f"{store.path}: the split {split!r} has one subject of each data set, so no non-mated comparison; choose "
            "another --split"
        )
    comparisons = Comparisons(
        protocol=RECONSTRUCTION,
        probe_names=names,
        probe_subjects=subjects,
        probe_levels=np.full(n, "Real", dtype=object),
        probe_alterations=np.full(n, "", dtype=object),
        reference_names=names,
        reference_subjects=subjects,
        probe_rows=probe_rows,
        reference_rows=reference_rows,
        mated=np.arange(len(probe_rows)) < n,
        split=split,
        store_digest=store.digest,
    )
    return ReconstructionList(with_sets(store, comparisons), rows)


def spread_rows(store: PrintStore, split: str, most: int) -> NDArray[np.int64]:
    """The rows of at most `most` Real prints of the split, int64 (N,), spread evenly over its subjects and fingers.

    Duplicated prints are left out. Raises BadInput if there is no print.
    """
    rows = store.rows(split=split, identity=True)
    if not len(rows):
        raise BadInput(f"{store.path} has no Real prints in the split {split!r}; choose another --split")
    rows = rows[np.lexsort((store.column("name")[rows], store.column("subject")[rows]))]
    return rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(np.int64)]


def levels_of(text: str) -> list[str]:
    """The levels in --levels: "all", or some separated by commas. Raises BadInput for an unknown one, or none."""
    if text == "all":
        return [level for level in LEVELS if level != "Real"]
    wanted = [level.strip() for level in text.split(",") if level.strip()]
    for level in wanted:
        if level not in LEVELS or level == "Real":
            raise BadInput(f"--levels {level} is unknown; give all, or some of Easy, Medium, Hard")
    if not wanted:
        raise BadInput("--levels is empty; give all, or some of Easy, Medium, Hard")
    return wanted
