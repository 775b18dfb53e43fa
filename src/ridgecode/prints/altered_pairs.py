"""Altered prints with the Real prints that they were made from."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ridgecode.errors import BadInput
from ridgecode.prints.store import PrintStore

DIFFERENT = 4
"""Grey levels of 255 by which a pixel has to differ to count as altered: edits are far larger, rounding is smaller."""
CLOSING = 5
"""Pixels a side of the square that an altered region is closed with: about a ridge's period, since an edit leaves many
pixels within it as they were by chance."""


class AlteredPairs(NamedTuple):
    """Rows of a store. altered: (A,) ascending. real: (R,) ascending, each with one altered print or more.
    real_of: (A,) the place in `real` of each altered print's own Real print."""

    altered: NDArray[np.int64]
    real: NDArray[np.int64]
    real_of: NDArray[np.int64]


def altered_pairs(store: PrintStore, split: str) -> AlteredPairs:
    """All altered prints of `split`'s subjects whose Real print of that finger and impression is there too.

    Raises BadInput where there is none.
    """
    altered = store.rows(split, levels=("Easy", "Medium", "Hard"))
    fingers, impressions = store.column("finger_id").tolist(), store.column("impression").tolist()
    real = store.rows(split)
    known = {(fingers[row], impressions[row]): place for place, row in enumerate(real)}
    place = np.array([known.get((fingers[row], impressions[row]), -1) for row in altered], dtype=np.int64)
    altered, place = altered[place >= 0], place[place >= 0]
    if not len(altered):
        raise BadInput(
            f"--data {store.path} has no altered print of a {split} subject beside its Real print, so there is nothing "
            "to repair; prepare a store of SOCOFing or of synthetic prints with their alterations"
        )
    used, real_of = np.unique(place, return_inverse=True)
    return AlteredPairs(altered, real[used], real_of.astype(np.int64))


def altered_region(altered: NDArray[np.uint8], real: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where prints (N, H, W) uint8 were altered: bool, of the same shape.

    Pixels that differ by more than `DIFFERENT`, closed by a square of `CLOSING` pixels a side (a dilation, then an
    erosion, for which all outside the print counts as altered, so that no altered pixel is lost at the edge).
    """
    wide = np.abs(altered.astype(np.int16) - real) > DIFFERENT
    square = (1, CLOSING, CLOSING)
    dilated = ndimage.maximum_filter(wide.view(np.uint8), square, mode="constant", cval=0)
    return ndimage.minimum_filter(dilated, square, mode="constant", cval=1).view(np.bool_)
