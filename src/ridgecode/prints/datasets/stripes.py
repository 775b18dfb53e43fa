"""Two artificial fingers, one of vertical and one of horizontal stripes: every matcher must tell them apart."""

from pathlib import Path

import numpy as np
from PIL import Image

from ridgecode.files import whole_folder

SIDE_PX = 160
STRIPE_PX = 6
IMAGES_PER_FINGER = 15
"""They are equal, pixel for pixel."""


def stripes_print(vertical: bool) -> np.ndarray:
    """uint8 (160, 160): stripes 6 pixels wide, the first one black."""
    row = np.where(np.arange(SIDE_PX) // STRIPE_PX % 2, 255, 0).astype(np.uint8)
    image = np.tile(row, (SIDE_PX, 1))
    return image if vertical else image.T.copy()


def write_stripes(folder: Path) -> None:
    """Writes vertical/01.png .. 15.png and horizontal/01.png .. 15.png, each in an identity folder; all or none."""
    with whole_folder(folder) as temporary:
        for name in ("vertical", "horizontal"):
            (temporary / name).mkdir()
            image = Image.fromarray(stripes_print(name == "vertical"))
            for number in range(1, IMAGES_PER_FINGER + 1):
                image.save(temporary / name / f"{number:02d}.png")
