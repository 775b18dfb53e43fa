"""Which prints a minutiae matcher compares: few enough for a slow matcher, spread evenly over the subjects."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.matching.comparisons import Comparisons, comparison_list, probe_prints, reference_prints
from ridgecode.prints.labels import LEVELS
from ridgecode.prints.store import PrintStore

NON_MATED_PER_PROBE = 10
"""Of an altered probe, of which a finger has up to nine."""
NON_MATED_PER_RECONSTRUCTION = 20
RECONSTRUCTION = "reconstruction"


class JudgedPrints(NamedTuple):
    """A comparison list with its images, uint8 (P, H, W) and (R, H, W)."""

    comparisons: Comparisons
    probes: NDArray[np.uint8]
    references: NDArray[np.uint8]


class ReconstructionList(NamedTuple):
    """A comparison list, and the row of the store that each of its probes and references is made from, int64 (N,)."""

    comparisons: Comparisons
    rows: NDArray[np.int64]


def originals(store: PrintStore, split: str, protocol: str, levels: Sequence[str], most: int) -> JudgedPrints:
    """The store's own prints in `protocol`: at most `most` Real ones, and their alterations of `levels`.

    Raises BadInput where that leaves no mated or no non-mated comparison.
    """
    rows = spread(store, split, most)
    if protocol in ("aligned", "moved"):
        altered = store.rows(split=split, levels=levels, identity=True) if levels else np.zeros(0, np.int64)
        fingers = store.column("finger_id")
        rows = np.concatenate((rows, altered[np.isin(fingers[altered], fingers[rows])]))
    drawn = comparison_list(store, split, protocol, NON_MATED_PER_PROBE, rows=rows)
    return JudgedPrints(drawn, probe_prints(store, drawn), reference_prints(store, drawn))


def reconstruction_list(store: PrintStore, split: str, most: int, seed: int = 0) -> ReconstructionList:
    """Reconstructions of at most `most` Real prints as probes, each against the original that it was made from (mated)
    and against NON_MATED_PER_RECONSTRUCTION originals of other subjects, drawn without repeats (all where there are
    fewer). Raises BadInput where the prints are of one subject.
    """
    rows = spread(store, split, most)
    names, subjects = (store.column(column)[rows].astype(object) for column in ("name", "subject"))
    order = np.argsort(names)
    rows, names, subjects = rows[order], names[order], subjects[order]
    generator = np.random.default_rng(seed)
    n = len(rows)
    probe, reference = [np.arange(n)], [np.arange(n)]
    for i in range(n):
        others = np.flatnonzero(subjects != subjects[i])
        drawn = generator.permutation(others)[:NON_MATED_PER_RECONSTRUCTION]
        probe.append(np.full(len(drawn), i))
        reference.append(np.sort(drawn))
    probe_rows, reference_rows = np.concatenate(probe), np.concatenate(reference)
    if len(probe_rows) == n:
        raise BadInput(f"{store.path}: the split {split!r} has one subject only, so no non-mated comparison")
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
    return ReconstructionList(comparisons, rows)


def spread(store: PrintStore, split: str, most: int) -> NDArray[np.int64]:
    """At most `most` Real prints of the split, evenly over its subjects and fingers, without those of duplicate groups.

    Raises BadInput where there are none."""
    rows = store.rows(split=split, identity=True)
    if not len(rows):
        raise BadInput(f"{store.path} has no Real prints in the split {split!r}; choose another --split")
    rows = rows[np.lexsort((store.column("name")[rows], store.column("subject")[rows]))]
    return rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(np.int64)]


def levels_of(text: str) -> list[str]:
    """--levels as a list. Raises BadInput for an unknown one."""
    if text == "all":
        return [level for level in LEVELS if level != "Real"]
    wanted = [level.strip() for level in text.split(",") if level.strip()]
    for level in wanted:
        if level not in LEVELS or level == "Real":
            raise BadInput(f"--levels {level} is unknown; give all, or some of Easy, Medium, Hard")
    if not wanted:
        raise BadInput("--levels is empty; give all, or some of Easy, Medium, Hard")
    return wanted
