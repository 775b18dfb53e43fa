"""Decoded prints as PNG images, named after their prints."""

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.prints.canonical import CANONICAL_PPI

LONGEST = 200
"""Bytes of a file's or folder's name: file systems take 255, and a temporary file's name is longer than its own."""

_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*\x00-\x1f]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)', re.IGNORECASE)
"""Names of files or folders that Windows refuses or changes."""


def write_images(out: Path, names: Iterable[str], images: np.ndarray) -> None:
    """(N, rows, columns) grey values in [0, 1] -> `NAME.png` in the folder `out`, each written whole.

    Their headers say 200 ppi, so that whoever reads them knows their scale.
    """
    for name, image in zip(names, images, strict=True):
        with whole_file((out / name).with_name(f"{Path(name).name}.png"), durable=False) as temporary:
            Image.fromarray(np.rint(image * 255).astype(np.uint8)).save(temporary, dpi=(CANONICAL_PPI, CANONICAL_PPI))


def check_names(names: Iterable[str], origin: Path, remedy: str, system: str = sys.platform) -> None:
    """Raises BadInput for names that would place images outside the folder, or one over another, which someone else may
    have written, and for those that the `system` (as `sys.platform` names it) has no files of."""
    known = set[str]()
    for name in names:
        path = Path(name)
        # "." has no name of its own: its image would lie beside the folder.
        too_long = any(len(os.fsencode(part)) > LONGEST for part in path.parts)
        if (
            not path.name
            or "\0" in name
            or path.is_absolute()
            or ".." in path.parts
            or too_long
            or (system == "win32" and any(map(_NOT_ON_WINDOWS.search, path.parts)))
        ):
            raise BadInput(
                f"{origin} names a print {name!r}, which can't be a file name in the output folder; {remedy}"
            )
        # Windows and macOS take names that differ in large and small letters for the same.
        key = str(path).casefold() if system in ("win32", "darwin") else str(path)
        if key in known:
            raise BadInput(f"{origin} names two prints {name!r}; {remedy}")
        known.add(key)
