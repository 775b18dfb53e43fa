"""The canonical form of a print: grey uint8 at about 200 ppi, without a frame."""

import numpy as np
from PIL import Image

from ridgecode.errors import BadInput

CANONICAL_PPI = 200.0
SOCOFING_HEIGHT = 97
SOCOFING_WIDTH = 90

# The frame has fixed places: 2 rows and columns of grey at the top and left, 4 of black at the bottom and right.
# Altered files must be cut there too, never at an edge found in their pixels: where an alteration touches the border it
# has been painted over the frame (about 4 % of them), and cutting elsewhere would shift the print against its Real one.
_FRAME_START = 2
_FRAME_END = 4
_SMALL = (SOCOFING_HEIGHT + _FRAME_START + _FRAME_END, SOCOFING_WIDTH + _FRAME_START + _FRAME_END)
_LARGE = (298, 241)


def canonical_socofing(grey: np.ndarray) -> np.ndarray:
    """A SOCOFing file's pixels, uint8 (103, 96) or (298, 241), as the print alone: uint8 (97, 90).

    The large files have the same frame around 292 x 235 pixels, which are resampled (Lanczos, antialiased) to 97 x 90:
    by 3.01 down and 2.61 across. Taking the whole area keeps all ridges and brings their mean period to 3.09 px,
    against 3.15 px in the small files; one factor for both directions would give 3.27 px and cut 15 rows off.
    Raises BadInput for any other size.
    """
    if grey.shape not in (_SMALL, _LARGE):
        height, width = grey.shape
        raise BadInput(f"is {width} x {height} pixels, where SOCOFing's files are 96 x 103 or 241 x 298")
    inner = grey[_FRAME_START:-_FRAME_END, _FRAME_START:-_FRAME_END]
    if grey.shape == _LARGE:
        inner = resized(inner, SOCOFING_HEIGHT, SOCOFING_WIDTH)
    return inner


def to_canonical_scale(grey: np.ndarray, ppi: float) -> np.ndarray:
    """uint8 (H, W) at `ppi` pixels per inch to uint8 (H', W') at about 200, where H' = round(H * 200 / ppi)."""
    scale = CANONICAL_PPI / ppi
    height, width = (max(1, round(side * scale)) for side in grey.shape)
    return resized(grey, height, width)


def resized(grey: np.ndarray, height: int, width: int) -> np.ndarray:
    """uint8 (H, W) to uint8 (height, width) by Lanczos resampling, whose kernel widens with the step: antialiased."""
    if grey.shape == (height, width):
        return grey
    image = Image.fromarray(np.ascontiguousarray(grey))
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))
