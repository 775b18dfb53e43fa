"""Altered prints with the Real prints that they were made from."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ridgecode.errors import BadInput
from ridgecode.prints.labels import ALTERED_LEVELS
from ridgecode.prints.store import PrintStore

ALTERED_GREY_LEVELS = 4
"""A pixel that differs by more grey levels (of 255) is altered. Edits differ by far more, rounding by less."""
CLOSING_PX = 5
"""Side in pixels of the square that closes gaps in an altered region. Many pixels within an edit keep their value by
chance; 5 pixels are between one and two ridge periods."""


class AlteredPairs(NamedTuple):
    """Altered prints and their Real prints, as row numbers of a store.

    altered: (A,) ascending
    real: (R,) ascending, each with at least one altered print
    real_of: (A,) for each altered print, where in `real` its own Real print is
    """

    altered: NDArray[np.int64]
    real: NDArray[np.int64]
    real_of: NDArray[np.int64]


def altered_pairs(store: PrintStore, split: str) -> AlteredPairs:
    """All altered prints of a split's subjects whose Real print, of the same finger and impression, is in the store.

    split: "train", "val", "test" or "all". Raises BadInput where there is no such print.
    """
    altered = store.rows(split, levels=ALTERED_LEVELS)
    fingers, impressions = store.column("finger_id").tolist(), store.column("impression").tolist()
    real = store.rows(split)
    place_of = {(fingers[row], impressions[row]): place for place, row in enumerate(real)}
    place = np.array([place_of.get((fingers[row], impressions[row]), -1) for row in altered], dtype=np.int64)
    altered, place = altered[place >= 0], place[place >= 0]
    if not len(altered):
        raise BadInput(
            f"--data {store.path} has no altered print of a {split} subject beside its Real print, so there is nothing "
            "to repair; prepare a store of SOCOFing or of synthetic prints with their alterations"
        )
    used, real_of = np.unique(place, return_inverse=True)
    return AlteredPairs(altered, real[used], real_of.astype(np.int64))


def altered_region(altered: NDArray[np.uint8], real: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where prints were altered: (N, H, W) uint8 altered and Real prints -> (N, H, W) bool.

    Altered are the pixels that differ by more than `ALTERED_GREY_LEVELS`. Their region is closed (a dilation, then an
    erosion) with a square of `CLOSING_PX`. The erosion takes all outside the print as altered, so that it removes no
    altered pixel at the edge.
    """
    different = np.abs(altered.astype(np.int16) - real) > ALTERED_GREY_LEVELS
    square = (1, CLOSING_PX, CLOSING_PX)
    dilated = ndimage.maximum_filter(different.view(np.uint8), square, mode="constant", cval=0)
    return ndimage.minimum_filter(dilated, square, mode="constant", cval=1).view(np.bool_)
