"""Views of prints that are tensors: the same windows that `View` cuts from arrays, with gradients, on any device."""

from torch import Tensor
from torch.nn import functional

from ridgecode.prints.views import View

WHITE = 1.0


def take(prints: Tensor, view: View) -> Tensor:
    """(N, H, W) grey values in [0, 1] -> (N, height, width), as `View.take` does; windows of that size stay."""
    if prints.shape[1:] == (view.height, view.width):
        return prints
    inside = prints if view.print_shape is None else _centred(prints, *view.print_shape)
    return _centred(inside, view.height, view.width, odd_first=view.print_shape is not None)


def kept(prints: Tensor, view: View) -> Tensor:
    """(N, H, W) -> (N, rows, columns): the pixels that `restore` tries to bring back, as `View.kept` does; of windows
    of the view's own size, those that `restore` makes of them."""
    if prints.shape[1:] == (view.height, view.width):
        return restore(prints, view)
    return _centred(prints, *(view.print_shape or (view.height, view.width)))


def restore(windows: Tensor, view: View) -> Tensor:
    """(N, height, width) windows -> (N, rows, columns) of the print, as `View.restore` does."""
    if view.print_shape is None:
        return windows
    inside = windows[:, *view.inside]
    # A window that is wider than the print gives all of its columns; one that is lower lacks rows, the odd one on top.
    (bottom, top), (right, left) = (_ends(inside.shape[i + 1], view.print_shape[i]) for i in (0, 1))
    return functional.pad(inside[:, None], (left, right, top, bottom), mode="replicate")[:, 0]


def _centred(prints: Tensor, height: int, width: int, odd_first: bool = False) -> Tensor:
    """Cut, or padded with white, around the middle; half a pixel that can't be shared goes to the end, or with
    `odd_first` is cut from the beginning."""
    top, bottom = _ends(prints.shape[1], height, odd_first)
    left, right = _ends(prints.shape[2], width, odd_first)
    return functional.pad(prints, (left, right, top, bottom), value=WHITE)


def _ends(have: int, want: int, odd_first: bool = False) -> tuple[int, int]:
    """How many pixels are added before and after, negative where they are cut; an odd one is added after, and cut
    after or with `odd_first` before."""
    first = (want - have) // 2 if want >= have else -((have - want + odd_first) // 2)
    return first, want - have - first
