"""The stripes' files against stripes drawn one by one."""

from pathlib import Path

import numpy as np
from PIL import Image

from ridgecode.prints.datasets.stripes import write_stripes


def test_two_fingers_of_fifteen_equal_images(tmp_path: Path) -> None:
    vertical = np.zeros((160, 160), np.uint8)
    for column in range(160):
        if column % 12 >= 6:
            vertical[:, column] = 255
    write_stripes(tmp_path / "stripes")
    for name, expected in (("vertical", vertical), ("horizontal", vertical.T)):
        files = sorted((tmp_path / "stripes" / name).iterdir())
        assert [file.name for file in files] == [f"{number:02d}.png" for number in range(1, 16)]
        for file in files:
            assert np.array_equal(np.asarray(Image.open(file)), expected)
