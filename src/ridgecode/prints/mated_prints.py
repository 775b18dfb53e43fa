"""The mates of each Real print of a split: the other prints of its finger."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.prints.movement import move, movements_for
from ridgecode.prints.store import PrintStore


class MatedPrints(NamedTuple):
    """The N Real prints of a split, in the store's order, each with the prints that are its possible probes.

    store: the store that the prints are in
    fingers: (N,) int64, the same number for all impressions of a finger
    probes: N arrays of row numbers, int64: all other prints of the finger, altered ones and other impressions. Where
    there is none, or where the print is in the store under several names, so that its finger is unknown, it is the
    print's own row.
    """

    store: PrintStore
    fingers: NDArray[np.int64]
    probes: tuple[NDArray[np.int64], ...]

    def fixed_probes(self) -> NDArray[np.uint8]:
        """One probe of each Real print, always the same, moved as in the protocol `moved`: (N, H, W) uint8."""
        random = np.random.default_rng(0)
        rows = np.array([random.choice(rows) for rows in self.probes])
        return move(self.store.stack(rows), movements_for(self.store.column("name")[rows]))


def mated_prints(store: PrintStore, split: str) -> MatedPrints:
    """All Real prints of the subjects of `split`. Raises BadInput where none of their fingers has a second print."""
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
