"""Labels of several FVC sets at once, whose fingers have the same numbers in each set."""

from collections.abc import Mapping

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
