"""The data set, such as FVC2002_DB1_B, that each print of a store comes from.

Each FVC set was taken with a sensor of its own. Prints of two sets differ in size and background, so a comparison
between them is easier than any that a matcher meets in use. FVC compares prints within a set only.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ridgecode.prints.store import PrintStore


def set_of_finger(finger_id: str) -> str:
    """The FVC set of a finger: what precedes the last "/", `FVC2004/DB1_B` of `FVC2004/DB1_B/101`."""
    return finger_id.rpartition("/")[0]


def print_sets(store: "PrintStore", rows: NDArray[np.int64]) -> NDArray[Any]:
    """The set of the print at each of N rows, (N,) of str objects: of FVC that of its finger; "" of all other
    sources, whose prints are of one set."""
    sets = np.full(len(rows), "", dtype=object)
    if store.source == "fvc":
        names, code = np.unique(store.column("finger_id")[rows], return_inverse=True)
        sets[:] = np.array([set_of_finger(str(name)) for name in names] or [""], dtype=object)[code]
    return sets


def set_names(sets: NDArray[Any]) -> list[str]:
    """The distinct names in (N,) `sets`, sorted, without ""."""
    return sorted(set(sets.tolist()) - {""})
