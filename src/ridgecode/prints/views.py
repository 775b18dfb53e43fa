"""Views: which pixels of a print an autoencoder sees."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ridgecode.prints.canonical import PRINT_SHAPE, WHITE, overlap
from ridgecode.prints.names import ViewName

if TYPE_CHECKING:
    from torch import Tensor

Pixels = TypeVar("Pixels", NDArray[np.uint8], NDArray[np.float32], "Tensor")


@dataclass(frozen=True)
class View:
    """A window of `height` x `width` pixels in the middle of a print; what lies outside the print is white.

    Prints and windows are arrays or tensors, uint8 of 0 to 255 or floats in [0, 1]; what comes back is of the same
    kind. Tensors may lie on any device and carry gradients.

    print_shape: the (rows, columns) that `restore` brings a window back to; None where the window itself is the print's
        part to keep. A window that has one row less leaves out the first: above a fingertip it is white.
    """

    name: ViewName
    height: int
    width: int
    print_shape: tuple[int, int] | None = None

    def take(self, prints: Pixels) -> Pixels:
        """(N, H, W) prints -> (N, height, width) windows from their middle. Windows of that size stay as they are.

        Where the pixels to add or cut are odd in number, the odd one is added or cut at the end; of a whole print it is
        cut at the beginning.
        """
        if tuple(prints.shape[1:]) == (self.height, self.width):
            return prints
        # A larger print is first cut to the canonical size, so that the margin is white for every print.
        inside = prints if self.print_shape is None else _centred(prints, self.print_shape)
        return _centred(inside, (self.height, self.width), odd_first=self.print_shape is not None)

    def target(self, prints: Pixels) -> Pixels:
        """(N, H, W) prints or (N, height, width) windows -> (N, rows, columns): the pixels that `restore` of a
        reconstruction is compared with."""
        if tuple(prints.shape[1:]) == (self.height, self.width):
            return self.restore(prints)
        return _centred(prints, self.print_shape or (self.height, self.width))

    def put(self, prints: NDArray[np.uint8], target: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A copy of (N, H, W) prints in which (N, rows, columns) `target` pixels replace those that `target` gives."""
        out = prints.copy()
        (top, rows), (left, columns) = (overlap(prints.shape[i], target.shape[i]) for i in (1, 2))
        out[:, top, left] = target[:, rows, columns]
        return out

    @property
    def inside(self) -> tuple[slice, slice]:
        """The rows and columns of a window that show the print, not the white margin around it."""
        if self.print_shape is None:
            return slice(0, self.height), slice(0, self.width)
        return overlap(self.print_shape[0], self.height)[1], overlap(self.print_shape[1], self.width)[1]

    def restore(self, windows: Pixels) -> Pixels:
        """(N, height, width) windows -> (N, rows, columns) of the print. Rows and columns that the window lacks repeat
        its edge.

        Raises ValueError where the windows are not of this view's size.
        """
        if tuple(windows.shape[1:]) != (self.height, self.width):
            size = tuple(windows.shape[1:])
            raise ValueError(f"windows are {size}, the view {self.name} has {(self.height, self.width)}")
        if self.print_shape is None:
            return windows
        (height, width), (rows, columns) = self.print_shape, self.inside
        had_rows, had_columns = overlap(height, self.height, True)[0], overlap(width, self.width, True)[0]
        lacking = (had_rows.start, height - had_rows.stop), (had_columns.start, width - had_columns.stop)
        return _padded(windows[:, rows, columns], lacking, white=False)


def _centred(prints: Pixels, size: tuple[int, int], odd_first: bool = False) -> Pixels:
    """(N, H, W) -> (N, *size): cut, or padded with white, around the middle."""
    (top, rows), (left, columns) = (overlap(prints.shape[i + 1], size[i], odd_first) for i in (0, 1))
    lacking = (rows.start, size[0] - rows.stop), (columns.start, size[1] - columns.stop)
    return _padded(prints[:, top, left], lacking, white=True)


def _padded(prints: Pixels, lacking: tuple[tuple[int, int], tuple[int, int]], white: bool) -> Pixels:
    """(N, H, W) with `lacking` rows (before, after) and columns (before, after) added: white ones, or copies of the
    edge."""
    if lacking == ((0, 0), (0, 0)):
        return prints
    if isinstance(prints, np.ndarray):
        how: dict[str, Any] = {"mode": "edge"}
        if white:
            how = {"constant_values": WHITE if prints.dtype == np.uint8 else 1}
        return np.pad(prints, ((0, 0), *lacking), **how)
    # Not at the top: a report reads views, and needs no torch.
    from torch.nn import functional

    around = (*lacking[1], *lacking[0])
    if white:
        return functional.pad(prints, around, value=1.0 if prints.is_floating_point() else WHITE)
    return functional.pad(prints[:, None], around, mode="replicate")[:, 0]


# `whole` is 96x96, which halves four times: 3 white columns on each side of a 97x90 print, and its first row left out.
# That row is white in most prints (repeating the second costs 0.000006 of MSE on SOCOFing's), the last is not (0.001).
# `full` is an image of any size; its networks are trained on patches of 256x256, 13 mm at 500 ppi.
VIEWS: dict[str, View] = {
    "crop32": View("crop32", 32, 32),
    "whole": View("whole", 96, 96, PRINT_SHAPE),
    "full": View("full", 256, 256),
}
