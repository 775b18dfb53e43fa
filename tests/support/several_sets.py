"""Labels and comparisons of several FVC sets at once, whose fingers have the same numbers in each set."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from ridgecode.matching.comparisons import Comparisons
from ridgecode.prints.labels import PrintLabel

SETS = {"FVC2002_DB1_B": 4, "FVC2004/DB1_B": 3, "alone": 1}
"""Sets by their number of fingers: one lies a folder deeper, and one has a single finger."""


def labels_of_sets(sets: Mapping[str, int] = SETS, impressions: int = 3) -> list[PrintLabel]:
    """The labels that the reader of FVC sets gives: each finger is a subject of its own."""
    return [
        PrintLabel(f"{name}/{101 + f}_{i}", f"{name}/{101 + f}", "", "", "", f"{name}/{101 + f}", i, "Real", "")
        for name, fingers in sets.items()
        for f in range(fingers)
        for i in range(1, impressions + 1)
    ]


def pairs_of_sets(sets: Mapping[str, int] = SETS, impressions: int = 3) -> Comparisons:
    """All pairs of prints of each set. A set of a single finger has no non-mated ones."""
    labels = sorted(labels_of_sets(sets, impressions), key=lambda label: label.name)
    names, fingers = (np.array([getattr(one, key) for one in labels], object) for key in ("name", "finger_id"))
    of_set = np.array([finger.rpartition("/")[0] for finger in fingers], object)
    pairs = np.array([pair for pair in combinations(range(len(names)), 2) if len(set(of_set[list(pair)])) == 1])
    real, none = np.full(len(names), "Real", object), np.full(len(names), "", object)
    probe, reference = pairs.T
    return Comparisons(
        *("fvc-all", names, fingers, real, none, names, fingers),
        *(probe, reference, fingers[probe] == fingers[reference]),
        probe_sets=of_set,
        reference_sets=of_set,
    )
