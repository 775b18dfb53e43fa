"""The images of a store as an image Siamese system takes them: at its network's size, with identities and splits."""

import numpy as np
from numpy.typing import NDArray

from ridgecode.matching.siamese.systems import SiameseSpec
from ridgecode.prints.datasets.folder import is_triplets
from ridgecode.prints.sets import print_sets
from ridgecode.prints.store import PrintStore


class SiameseImages:
    """N images of a store at a network's input size.

    rows: their rows in the store, int64 (N,); images: (N, height, width) uint8; names, fingers, levels: (N,)
    identity: int (N,), a number for each finger; sets: int (N,), a number for each data set, within which non-mated
    pairs are drawn; split: (N,), "train", "val" or "test"

    A place is an index into these arrays.
    """

    def __init__(self, store: PrintStore, spec: SiameseSpec) -> None:
        self.store, self.spec = store, spec
        # SOCOFing has equal prints of several fingers, which are left out; in folders, as of stripes, they are meant.
        self.rows = store.rows(levels=None, identity=store.source != "folder")
        self.images = store.fitted(spec.fit).stack(self.rows)
        columns = ("name", "finger_id", "level")
        self.names, self.fingers, self.levels = (store.column(column)[self.rows] for column in columns)
        self.identity = np.unique(self.fingers, return_inverse=True)[1]
        self.sets = np.unique(print_sets(store, self.rows).astype(str), return_inverse=True)[1]
        self.split = np.full(len(self.rows), "train", dtype="<U5")
        for name in ("val", "test"):
            self.split[np.isin(self.rows, store.rows(name, levels=None))] = name

    def alone(self) -> NDArray[np.str_]:
        """The identities that have a single image, (K,) of str; none for anchor/, positive/ and negative/."""
        names, counts = np.unique(self.fingers, return_counts=True)
        return names[:0] if is_triplets(names) else names[counts == 1]

    def of_split(self, split: str) -> NDArray[np.int64]:
        """The places of the split's images."""
        return np.flatnonzero(self.split == split)
