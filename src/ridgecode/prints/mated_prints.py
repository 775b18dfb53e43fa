"""Which prints of a store show the same finger as a Real print of its training, and which of them is a fixed probe."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.prints.movement import move, movements_for
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import stack_prints


class MatedPrints(NamedTuple):
    """The N Real prints of a split, in the store's order, with the prints that each can be compared with as its mate.

    fingers: (N,) int64, equal for impressions of one finger. probes: N arrays of rows of `store`, int64: all other
    prints of the finger, altered ones and other impressions; the print's own row where there is none, or where several
    names share the print, so that nobody knows whose it is.
    """

    store: PrintStore
    fingers: NDArray[np.int64]
    probes: tuple[NDArray[np.int64], ...]

    def prints(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(B,) rows of the store -> (B, H, W) uint8."""
        return stack_prints(self.store, rows)

    def fixed_probes(self) -> NDArray[np.uint8]:
        """(N, H, W) uint8: for each Real print the same one of its probes every time, moved as the protocol `moved`
        moves it."""
        random = np.random.default_rng(0)
        rows = np.array([random.choice(rows) for rows in self.probes])
        return move(self.prints(rows), movements_for(self.store.column("name")[rows]))


def mated_prints(store: PrintStore, split: str) -> MatedPrints:
    """All Real prints of `split`'s subjects. Raises BadInput where no finger of them has a second print."""
    real, names = store.rows(split), store.column("finger_id")
    by_finger: dict[str, list[int]] = {}
    for row in store.rows(split, levels=None, identity=True).tolist():
        by_finger.setdefault(str(names[row]), []).append(row)
    others = [[row for row in by_finger.get(str(names[own]), []) if row != own] for own in real.tolist()]
    if not any(others):
        raise BadInput(
            f"--data {store.path} has one print of each finger of a {split} subject, so --identity_weight finds no "
            "mated pair; prepare a store with altered prints or several impressions, or leave it out"
        )
    fingers = np.unique(names[real], return_inverse=True)[1].astype(np.int64)
    probes = tuple(np.array(rows or [own], np.int64) for own, rows in zip(real.tolist(), others, strict=True))
    return MatedPrints(store, fingers, probes)
