"""Where a head's model looks: the middle of the ridge area, in images of another size than the canonical print's."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ridgecode.prints.canonical import PRINT_SHAPE, WHITE, at_print_shape
from ridgecode.prints.foreground import ridge_area
from ridgecode.prints.frame import FRAME_SIDE
from ridgecode.prints.store import PrintStore


def around_ridges(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (H, W) at 200 ppi -> (160, 160) with the centroid of its ridge area in the middle; white outside the
    image. Unlike a frame (prints/frame.py) it has the image's own grey, which is what autoencoders know."""
    out = np.full((FRAME_SIDE, FRAME_SIDE), WHITE, np.uint8)
    centre = ndimage.center_of_mass(ridge_area(grey))
    source: list[slice] = []
    target: list[slice] = []
    for middle, have in zip(centre, grey.shape, strict=True):
        start = round(middle - (FRAME_SIDE - 1) / 2)
        first, last = max(0, start), min(have, start + FRAME_SIDE)
        source.append(slice(first, last))
        target.append(slice(first - start, last - start))
    out[tuple(target)] = grey[tuple(source)]
    return out


def placed(prints: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (N, H, W) -> (N, 97, 90): the window around the centroid of each image's ridge area. Canonical prints stay
    as they are. It is a `Fit` of a store."""
    if prints.shape[1:] == PRINT_SHAPE:
        return prints
    out = np.empty((len(prints), *PRINT_SHAPE), np.uint8)
    for place, grey in enumerate(prints):
        out[place] = at_print_shape(around_ridges(grey))
    return out


def placed_store(store: PrintStore) -> PrintStore:
    """The store whose `stack` and `prints` give placed prints; itself where its prints are canonical."""
    return store if _is_canonical(store) else store.fitted(placed)


def framed_stack(store: PrintStore, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The prints of `rows` to take varied views of: canonical prints as they are, (N, 97, 90); of a store of other
    sizes all framed, (N, 160, 160)."""
    if _is_canonical(store):
        return store.stack(rows)
    out = np.empty((len(rows), FRAME_SIDE, FRAME_SIDE), np.uint8)
    for place, row in enumerate(rows):
        out[place] = around_ridges(np.asarray(store.image(int(row))))
    return out


def _is_canonical(store: PrintStore) -> bool:
    return store.one_size and (int(store.column("height")[0]), int(store.column("width")[0])) == PRINT_SHAPE
