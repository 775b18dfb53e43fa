"""Two artificial fingers of vertical and horizontal stripes: the smallest set that a matcher must be able to solve."""

from pathlib import Path

import numpy as np
from PIL import Image

from ridgecode.files import whole_folder

SIDE = 160
STRIPE = 6
IMAGES = 15
"""Images of each finger, all alike."""


def stripes_print(vertical: bool) -> np.ndarray:
    """uint8 (160, 160): stripes 6 px wide, black first."""
    row = np.where(np.arange(SIDE) // STRIPE % 2, 255, 0).astype(np.uint8)
    image = np.tile(row, (SIDE, 1))
    return image if vertical else image.T.copy()


def write_stripes(folder: Path) -> None:
    """Writes vertical/01.png .. 15.png and horizontal/01.png .. 15.png, an identity folder each; all or none."""
    with whole_folder(folder) as temporary:
        for name in ("vertical", "horizontal"):
            (temporary / name).mkdir()
            image = Image.fromarray(stripes_print(name == "vertical"))
            for number in range(1, IMAGES + 1):
                image.save(temporary / name / f"{number:02d}.png")
