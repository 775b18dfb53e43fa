"""The data set, such as FVC2002_DB1_B or FCJ2020, that each print of a store comes from.

Each set was taken with a sensor of its own. Prints of two sets differ in size and background, so a comparison
between them is easier than any that a matcher meets in use. So prints are compared within a set only, as FVC does.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

_WITH_SETS = ("fvc", "impressions")


class Labels(Protocol):
    """What is needed of a `PrintStore` here."""

    source: str

    def column(self, name: str) -> NDArray[Any]: ...


def has_sets(source: str) -> bool:
    """Whether stores of a source may hold several sets, by which their fingers and subjects are named."""
    return source in _WITH_SETS


def set_of_finger(finger_id: str) -> str:
    """The set of a finger or a subject of a source with sets: what precedes the last "/", `FVC2004/DB1_B` of
    `FVC2004/DB1_B/101`."""
    return finger_id.rpartition("/")[0]


def print_sets(store: Labels, rows: NDArray[np.int64]) -> NDArray[Any]:
    """The set of the print at each of N rows, (N,) of str objects: that of its finger; "" of all sources without sets,
    whose prints are of one set."""
    sets = np.full(len(rows), "", dtype=object)
    if has_sets(store.source):
        names, code = np.unique(store.column("finger_id")[rows], return_inverse=True)
        sets[:] = np.array([set_of_finger(str(name)) for name in names] or [""], dtype=object)[code]
    return sets


def set_names(sets: NDArray[Any]) -> list[str]:
    """The distinct names in (N,) `sets`, sorted, without ""."""
    return sorted(set(sets.tolist()) - {""})
