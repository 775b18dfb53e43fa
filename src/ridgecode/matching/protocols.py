"""The protocols by name, and which prints each one compares."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ridgecode.errors import BadInput
from ridgecode.prints.sets import print_sets, set_names

if TYPE_CHECKING:
    from ridgecode.prints.store import PrintStore

PROTOCOLS = ("aligned", "moved", "impressions", "impressions-all", "fvc", "fvc-all")
FIRST_ONLY = {"impressions": True, "fvc": True, "impressions-all": False, "fvc-all": False}
"""The protocols of second impressions, and whether their non-mated pairs are of first impressions only."""
BY_FINGER = ("impressions", "impressions-all")
"""Those that also compare two fingers of one subject, as FVC does, which does not know whose a finger is. `fvc` and
`fvc-all` leave such pairs out where a file's name tells the person; on FVC's own sets they are the same lists."""
# A longer list takes more than a gigabyte: 17 bytes a pair, and 4 to 8 bytes a score.
MOST_PAIRS = 50_000_000


class ProtocolPairs(NamedTuple):
    """N comparisons. probe, reference: int64 (N,), indices into `LabelledPrints`; mated: bool (N,)."""

    probe: np.ndarray
    reference: np.ndarray
    mated: np.ndarray


class LabelledPrints:
    """The labels of a store's prints at `rows`, sorted by name, so that the store's order changes nothing.

    `subject_code` and `finger_code`, int64 (N,), number the subjects and fingers, since numbers compare faster. `set`,
    (N,) of str objects, is the data set of each print (see `print_sets`).
    """

    def __init__(self, store: "PrintStore", rows: np.ndarray) -> None:
        rows = rows[np.argsort(store.column("name")[rows])]
        self.name, self.subject, self.finger_id, self.level, self.alteration = (
            store.column(c)[rows].astype(object) for c in ("name", "subject", "finger_id", "level", "alteration")
        )
        self.impression = store.column("impression")[rows].astype(np.int64)
        self.set = print_sets(store, rows)
        self.subject_code = np.unique(self.subject, return_inverse=True)[1].astype(np.int64)
        self.finger_code = np.unique(self.finger_id, return_inverse=True)[1].astype(np.int64)


def aligned_pairs(
    prints: LabelledPrints, probes: np.ndarray, references: np.ndarray, per_probe: int, seed: int, where: str
) -> ProtocolPairs:
    """Pairs each of the altered `probes` with its finger's reference and `per_probe` references of other subjects.

    probes, references: indices into `prints`; where: what an error names as the place without comparisons. Raises
    BadInput when there is no mated or no non-mated comparison.
    """
    if not len(probes):
        raise BadInput(
            f"{where} has no altered prints to use as probes; take the protocol impressions or another store"
        )
    own = np.full(prints.finger_code.max() + 1, -1)
    own[prints.finger_code[references]] = references
    # An altered print whose Real file was skipped has no mated reference.
    probes = probes[own[prints.finger_code[probes]] >= 0]
    if not len(probes):
        raise BadInput(f"{where} has no altered print with the Real print of its finger, so no mated comparison")
    # Sorted by subject, the references of the probe's own subject are neighbours; all others lie before and after.
    references = references[np.argsort(prints.subject_code[references], kind="stable")]
    codes = prints.subject_code[references]
    first, end = (np.searchsorted(codes, prints.subject_code[probes], side=side) for side in ("left", "right"))
    others = len(references) - (end - first)
    if not others.any():
        raise BadInput(f"{where} has one subject only, so no non-mated comparison; choose a split with more")
    drawn, kept = _distinct_draws(others, per_probe, np.random.default_rng(seed))
    drawn += np.where(drawn >= first[:, None], (end - first)[:, None], 0)
    mated_reference = own[prints.finger_code[probes]]
    probe = np.concatenate((probes, np.repeat(probes, kept.sum(axis=1))))
    reference = np.concatenate((mated_reference, references[drawn[kept]]))
    return ProtocolPairs(probe, reference, np.arange(len(probe)) < len(probes))


def _distinct_draws(sizes: np.ndarray, k: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draws min(k, sizes[i]) distinct numbers below sizes[i] into each row i of (n, k); and which places are filled.

    Floyd's algorithm on all rows at once: Bentley and Floyd, "A sample of brilliance", CACM 30 (1987).
    """
    draws = np.full((len(sizes), k), -1, dtype=np.int64)
    wanted = np.minimum(sizes, k)
    for i in range(k):
        top = np.maximum(sizes - wanted + i, 0)
        candidate = generator.integers(0, top + 1)
        taken = (draws[:, :i] == candidate[:, None]).any(axis=1)
        draws[:, i] = np.where(taken, top, candidate)
    return draws, np.arange(k) < wanted[:, None]


def impression_pairs(
    prints: LabelledPrints, real: np.ndarray, first_only: bool, by_finger: bool, where: str
) -> ProtocolPairs:
    """All pairs of impressions of a finger, and within each data set all pairs of prints of different fingers.

    real: indices of Real prints in `prints`; first_only: whether the non-mated pairs are of first impressions only;
    by_finger: whether two fingers of one subject are compared too; where: as in `aligned_pairs`. Raises BadInput when
    there is no mated or no non-mated pair, or too many pairs.
    """
    # Sorted by finger, then by impression, so that a mated pair's reference is its earlier impression.
    real = real[np.lexsort((prints.impression[real], prints.finger_code[real]))]
    _, starts, counts = np.unique(prints.finger_code[real], return_index=True, return_counts=True)
    if not (counts > 1).any():
        raise BadInput(f"{where} has one impression a finger, so this protocol finds no mated pair; use aligned")
    mated_pairs = [np.stack(np.triu_indices(n, 1)) + start for start, n in zip(starts, counts, strict=True)]
    mated = real[np.concatenate(mated_pairs, axis=1)]
    across = real[starts] if first_only else real
    of_sets = [across[prints.set[across] == name] for name in np.unique(prints.set[across])]
    n_pairs = sum(len(of_set) ** 2 // 2 for of_set in of_sets)
    if n_pairs > MOST_PAIRS:
        raise BadInput(f"{where} makes {n_pairs:,} pairs in this protocol; take fewer subjects or impressions")
    non_mated = np.concatenate([of_set[np.stack(np.triu_indices(len(of_set), 1))] for of_set in of_sets], axis=1)
    code = prints.finger_code if by_finger else prints.subject_code
    non_mated = non_mated[:, code[non_mated[0]] != code[non_mated[1]]]
    if not non_mated.shape[1]:
        several, one = len(set_names(prints.set[real])) > 1, "one finger" if by_finger else "one subject"
        what = f"{one} of each data set, and sets are not compared with each other" if several else one
        raise BadInput(f"{where} has {what} only, so no non-mated comparison; choose a split with more")
    reference, probe = np.concatenate((mated, non_mated), axis=1)
    return ProtocolPairs(probe, reference, np.arange(len(probe)) < mated.shape[1])
