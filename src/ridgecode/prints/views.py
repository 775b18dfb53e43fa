"""Views: which pixels of a print an autoencoder sees."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ridgecode.prints.store import PrintStore

ViewName = Literal["crop32", "whole"]
PRINT_SHAPE = (97, 90)
"""Rows and columns of a canonical SOCOFing print."""
WHITE = 255


@dataclass(frozen=True)
class View:
    """A window of `height` x `width` pixels in the middle of a print; what lies outside the print is white.

    print_shape: the (rows, columns) that `restore` brings a window back to, or None where the window is what is kept.
    Of these a window that is one too small leaves out the first: above a fingertip it is white.
    """

    name: ViewName
    height: int
    width: int
    print_shape: tuple[int, int] | None = None

    def take(self, prints: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(N, H, W) uint8 prints -> (N, height, width), centred; half a pixel that can't be shared goes to the end, but
        comes off the beginning of a whole print."""
        # A larger print is first cut to the canonical size, so that the margin is white for every print.
        inside = prints if self.print_shape is None else _window(prints, *self.print_shape)
        return _window(inside, self.height, self.width, odd_first=self.print_shape is not None)

    def kept(self, prints: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(N, H, W) uint8 prints -> (N, rows, columns): the pixels that `restore` tries to bring back, as they are."""
        return _window(prints, *(self.print_shape or (self.height, self.width)))

    def put(self, prints: NDArray[np.uint8], kept: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A copy of (N, H, W) uint8 prints, the pixels that `kept` gives replaced by others, (N, rows, columns)."""
        out = prints.copy()
        (top, rows), (left, columns) = (_overlap(prints.shape[i], kept.shape[i]) for i in (1, 2))
        out[:, top, left] = kept[:, rows, columns]
        return out

    @property
    def inside(self) -> tuple[slice, slice]:
        """The rows and columns of a window that show the print, not the white margin around it."""
        if self.print_shape is None:
            return slice(0, self.height), slice(0, self.width)
        return _overlap(self.print_shape[0], self.height)[1], _overlap(self.print_shape[1], self.width)[1]

    def restore(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, height, width) windows -> (N, rows, columns) of the print; what the window lacks repeats its edge.

        Raises ValueError where the windows are not of this view's size.
        """
        if windows.shape[1:] != (self.height, self.width):
            raise ValueError(f"windows are {windows.shape[1:]}, the view {self.name} has {(self.height, self.width)}")
        if self.print_shape is None:
            return windows
        height, width = self.print_shape
        rows, columns = self.inside
        kept_rows, kept_columns = _overlap(height, self.height, True)[0], _overlap(width, self.width, True)[0]
        lacking = ((0, 0), (kept_rows.start, height - kept_rows.stop), (kept_columns.start, width - kept_columns.stop))
        return np.pad(windows[:, rows, columns], lacking, mode="edge")


def stack_prints(store: PrintStore, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The prints of `rows` as one (N, H, W) uint8 array: as they are where all prints of the store have one size, else
    each cut or padded with white, centred, to the canonical `PRINT_SHAPE`, so that all stacks of a store are of one
    size."""
    heights, widths = store.column("height"), store.column("width")
    if (heights == heights[0]).all() and (widths == widths[0]).all():
        return store.stack(rows)
    out = np.empty((len(rows), *PRINT_SHAPE), np.uint8)
    for i, row in enumerate(rows):
        out[i] = _window(store.image(int(row))[None], *PRINT_SHAPE)[0]
    return out


def _window(prints: NDArray[np.uint8], height: int, width: int, odd_first: bool = False) -> NDArray[np.uint8]:
    n, rows, columns = prints.shape
    out = np.full((n, height, width), WHITE, np.uint8)
    both = ((rows, height), (columns, width))
    source, target = zip(*(_overlap(have, want, odd_first) for have, want in both), strict=True)
    out[:, target[0], target[1]] = prints[:, source[0], source[1]]
    return out


def _overlap(have: int, want: int, odd_first: bool = False) -> tuple[slice, slice]:
    """Where `want` centred pixels lie among `have`, and where those lie in the result. odd_first: an odd pixel is cut
    from the beginning."""
    kept = min(have, want)
    source, target = (have - kept + odd_first) // 2, (want - kept) // 2
    return slice(source, source + kept), slice(target, target + kept)


# `whole` is 96x96, which halves four times: 3 white columns on each side of a 97x90 print, and its first row left out.
# That row is white in most prints (repeating the second costs 0.000006 of MSE on SOCOFing's), the last is not (0.001).
VIEWS: dict[str, View] = {"crop32": View("crop32", 32, 32), "whole": View("whole", 96, 96, PRINT_SHAPE)}
