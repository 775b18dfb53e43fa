"""Decoded prints as PNG images, named after their prints."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.files import whole_file


def write_images(out: Path, names: Iterable[str], images: np.ndarray) -> None:
    """(N, rows, columns) grey values in [0, 1] -> `NAME.png` in the folder `out`, each written whole."""
    for name, image in zip(names, images, strict=True):
        with whole_file((out / name).with_name(f"{Path(name).name}.png")) as temporary:
            Image.fromarray(np.rint(image * 255).astype(np.uint8)).save(temporary)


def check_names(names: Iterable[str], origin: Path, remedy: str) -> None:
    """Raises BadInput for names that would place images outside the folder: someone else may have written them."""
    for name in names:
        if not name or "\0" in name or Path(name).is_absolute() or ".." in Path(name).parts:
            raise BadInput(f"{origin} names a print {name!r}, which is no place in a folder; {remedy}")
