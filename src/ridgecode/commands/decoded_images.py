"""Decoded prints as PNG images, named after their prints."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.files import whole_file

LONGEST = 200
"""Bytes of a file's or folder's name: file systems take 255, and a temporary file's name is longer than its own."""


def write_images(out: Path, names: Iterable[str], images: np.ndarray) -> None:
    """(N, rows, columns) grey values in [0, 1] -> `NAME.png` in the folder `out`, each written whole."""
    for name, image in zip(names, images, strict=True):
        with whole_file((out / name).with_name(f"{Path(name).name}.png"), durable=False) as temporary:
            Image.fromarray(np.rint(image * 255).astype(np.uint8)).save(temporary)


def check_names(names: Iterable[str], origin: Path, remedy: str) -> None:
    """Raises BadInput for names that would place images outside the folder, or one over another: someone else may have
    written them."""
    known = set[Path]()
    for name in names:
        path = Path(name)
        # "." has no name of its own: its image would lie beside the folder.
        too_long = any(len(os.fsencode(part)) > LONGEST for part in path.parts)
        if not path.name or "\0" in name or path.is_absolute() or ".." in path.parts or too_long:
            raise BadInput(
                f"{origin} names a print {name!r}, which can't be a file name in the output folder; {remedy}"
            )
        if path in known:
            raise BadInput(f"{origin} names two prints {name!r}; {remedy}")
        known.add(path)
