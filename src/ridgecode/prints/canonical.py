"""The canonical form of a print: grey uint8 without a frame, at the resolution of its store, which is 200 ppi unless
`prepare --canonical_ppi` says another."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ridgecode.errors import BadInput

CANONICAL_PPI = 200.0
CANONICAL_PPI_RANGE = (100.0, 1000.0)
"""What a store's prints may have instead: coarser ones show no ridges, and no sensor is finer."""
LEAST_PPI = 20.0
"""Images of fewer pixels per inch would be enlarged more than tenfold, and would show no ridges."""
PRINT_SHAPE = (97, 90)
"""Rows and columns of a canonical SOCOFing print."""
WHITE = 255
"""Grey value of the background."""

# SOCOFing's files have a frame of fixed size: 2 rows and columns of grey at the top and left, 4 of black at the bottom
# and right. It is cut off by these numbers, never by an edge found in the pixels: in about 4 % of the altered files the
# alteration is painted over the frame, and another cut would shift the print against its Real one.
_FRAME_START = 2
_FRAME_END = 4
_SMALL = (PRINT_SHAPE[0] + _FRAME_START + _FRAME_END, PRINT_SHAPE[1] + _FRAME_START + _FRAME_END)
_LARGE = (298, 241)


def canonical_socofing(grey: np.ndarray) -> np.ndarray:
    """A SOCOFing file without its frame: uint8 (103, 96) or (298, 241) -> uint8 (97, 90).

    The large files have the same frame around 292 x 235 pixels. These are resampled (Lanczos, antialiased) to 97 x 90,
    by 3.01 down and 2.61 across: that keeps all ridges, with a mean period of 3.09 pixels against 3.15 in the small
    files. One factor for both directions would give 3.27 pixels and cut off 15 rows. Raises BadInput for another size.
    """
    if not is_socofing_file(grey):
        height, width = grey.shape
        raise BadInput(f"is {width} x {height} pixels, where SOCOFing's files are 96 x 103 or 241 x 298")
    inner = grey[_FRAME_START:-_FRAME_END, _FRAME_START:-_FRAME_END]
    if grey.shape == _LARGE:
        inner = resized(inner, *PRINT_SHAPE)
    return inner


def is_socofing_file(grey: np.ndarray) -> bool:
    """Whether (H, W) pixels have the size of one of SOCOFing's files, with its frame."""
    return grey.shape in (_SMALL, _LARGE)


def check_ppi(ppi: float) -> None:
    """Raises BadInput for what is no image's resolution; 0 stands for one that is known."""
    if ppi != 0 and not LEAST_PPI <= ppi < np.inf:
        raise BadInput(f"--ppi {ppi:g} is no resolution; give {LEAST_PPI:g} pixels per inch or more, such as 500")


def check_canonical_ppi(ppi: float) -> None:
    """Raises BadInput for a resolution that a store's prints can't have."""
    least, most = CANONICAL_PPI_RANGE
    if not least <= ppi <= most:
        raise BadInput(f"--canonical_ppi {ppi:g} is out of range: give {least:g} to {most:g} pixels per inch")


def to_canonical_scale(grey: np.ndarray, ppi: float, canonical_ppi: float = CANONICAL_PPI) -> np.ndarray:
    """uint8 (H, W) at `ppi` pixels per inch -> uint8 (H', W') at `canonical_ppi`, where H' = round(H * canonical_ppi /
    ppi). An image of that resolution stays as it is."""
    scale = canonical_ppi / ppi
    height, width = (max(1, round(side * scale)) for side in grey.shape)
    return resized(grey, height, width)


def resized(grey: np.ndarray, height: int, width: int) -> np.ndarray:
    """uint8 (H, W) -> uint8 (height, width) by Lanczos resampling, antialiased: the kernel widens with the step."""
    if grey.shape == (height, width):
        return grey
    image = Image.fromarray(np.ascontiguousarray(grey))
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))


def at_print_shape(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (H, W) -> a new array (97, 90): cut, or padded with white, around the middle; pixels stay as they are."""
    out = np.full(PRINT_SHAPE, WHITE, np.uint8)
    (top, rows), (left, columns) = (overlap(have, want) for have, want in zip(grey.shape, PRINT_SHAPE, strict=True))
    out[rows, columns] = grey[top, left]
    return out


def overlap(have: int, want: int, odd_first: bool = False) -> tuple[slice, slice]:
    """Which of `have` pixels stay where `want` are taken from the middle, and where these lie among the `want`.
    odd_first: an odd pixel is cut at the beginning, not at the end."""
    shared = min(have, want)
    source, target = (have - shared + odd_first) // 2, (want - shared) // 2
    return slice(source, source + shared), slice(target, target + shared)
