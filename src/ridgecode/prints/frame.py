"""The frame: a print of any sensor in the middle of 160x160 pixels, on white, with the same contrast everywhere.

Sensors differ in what surrounds a print (white, grey, shaded), in how dark it is and where in the image it lies.
None of this belongs to the finger, so a matcher for several sensors gets prints without it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage.morphology import convex_hull_image

from ridgecode.prints.canonical import WHITE
from ridgecode.prints.foreground import CELL, GreyCells, grey_cells

FRAME_SIDE = 160
"""Height and width of a frame in pixels: 20 mm at 200 ppi, more than most sensors show of a fingertip."""
FRAME_MEAN = 144.0
FRAME_DEVIATION = 96.0
"""Mean and standard deviation that grey within the ridge area gets in every neighbourhood. Ridges are then about 50,
valleys 240, and bare skin around the ridges is light."""
CONTRAST_SIGMA = 8.0
"""Standard deviation in cells of the Gaussian neighbourhood that is brought to these two: 32 pixels, ten ridge periods,
so that shading goes and dry and wet places stay different. With 8 pixels a matcher learns less (docs/ridge.md)."""
LEAST_DEVIATION = 0.4
"""Share of the print's mean standard deviation that a neighbourhood is taken to have at least, so that noise in a
smudge or on bare skin is not enlarged to ridges."""


class Corner(NamedTuple):
    """Where an image's first pixel lies in its frame: row and column, which may be negative."""

    row: int
    column: int


def frame_corner(grey: NDArray[np.uint8]) -> Corner:
    """Where `framed` puts an image, uint8 (H, W) at 200 ppi. An image without contrast is put in the middle."""
    return _corner(grey, _hull(grey_cells(grey)))


def framed(grey: NDArray[np.uint8], corner: Corner | None = None) -> NDArray[np.uint8]:
    """uint8 (H, W) at 200 ppi -> its frame, uint8 (160, 160), 0 black ridge, 255 white.

    The centroid of the ridge area (the convex hull of that of `grey_cells`: what of a finger touches a sensor is about
    convex, and may be too wet to show ridges) lies in the middle, to within half a pixel. Within the ridge area grey
    is standardised: in each neighbourhood its mean becomes 144 and its standard deviation 96 (local normalisation,
    as in Hong, Wan and Jain 1998, "Fingerprint image enhancement", with a mean that follows the shading). What lies
    outside the ridge area is white, and so is the frame where the image has no pixel; over about 8 pixels the print
    fades into it. What reaches beyond the frame is cut off. An image without contrast gives a white frame. The print is
    neither turned nor scaled.

    corner: where the image is put instead, such as where another print of the same impression lies
    """
    frame = np.full((FRAME_SIDE, FRAME_SIDE), WHITE, np.uint8)
    cells = _hull(grey_cells(grey))
    if not cells.area.any():
        return frame
    print_alone = _standardised(grey, cells)
    top, left = _corner(grey, cells) if corner is None else corner
    height, width = grey.shape
    rows = slice(max(top, 0), min(top + height, FRAME_SIDE))
    columns = slice(max(left, 0), min(left + width, FRAME_SIDE))
    frame[rows, columns] = print_alone[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return frame


def _hull(cells: GreyCells) -> GreyCells:
    return cells._replace(area=convex_hull_image(cells.area)) if cells.area.any() else cells


def _corner(grey: NDArray[np.uint8], cells: GreyCells) -> Corner:
    if not cells.area.any():
        return Corner(*((FRAME_SIDE - side) // 2 for side in grey.shape))
    centre = ndimage.center_of_mass(cells.area)
    return Corner(*(round((FRAME_SIDE - 1) / 2 - ((middle + 0.5) * CELL - 0.5)) for middle in centre))


def framed_prints(prints: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (N, H, W) at 200 ppi -> the frame of each, uint8 (N, 160, 160), as `framed` makes it."""
    frames = np.empty((len(prints), FRAME_SIDE, FRAME_SIDE), np.uint8)
    for place, grey in enumerate(prints):
        frames[place] = framed(grey)
    return frames


def _standardised(grey: NDArray[np.uint8], cells: GreyCells) -> NDArray[np.uint8]:
    """uint8 (H, W) -> the same with standardised grey within the ridge area, and white outside it."""
    inside = cells.area.astype(np.float32)
    # Weighted by the area: what surrounds the print has no part in the mean and the deviation at its edge.
    weight = _blurred(inside, CONTRAST_SIGMA) + 1e-6
    mean = _blurred(inside * cells.mean, CONTRAST_SIGMA) / weight
    variance = _blurred(inside * cells.mean_square, CONTRAST_SIGMA) / weight - mean**2
    deviation = np.sqrt(np.maximum(variance, 0.0))
    deviation = np.maximum(deviation, max(LEAST_DEVIATION * deviation[cells.area].mean(), 1.0))
    slope = FRAME_DEVIATION / deviation
    shape = grey.shape
    standard = grey * _at_pixels(slope, shape) + _at_pixels(FRAME_MEAN - mean * slope, shape)
    opacity = _at_pixels(np.clip(2 * _blurred(inside, 0.7, "nearest") - 0.5, 0.0, 1.0), shape)
    return np.rint(WHITE - opacity * (WHITE - standard.clip(0, WHITE))).astype(np.uint8)


def _blurred(values: NDArray[np.float32], sigma: float, mode: str = "constant") -> NDArray[np.float32]:
    return np.asarray(ndimage.gaussian_filter(values, sigma, mode=mode))


def _at_pixels(cells: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """A value for each cell -> one for each pixel of an image of `shape`, bilinear between the cells' middles."""
    height, width = shape
    image = Image.fromarray(cells.astype(np.float32, copy=False))
    box = (0, 0, width / CELL, height / CELL)
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, box))
