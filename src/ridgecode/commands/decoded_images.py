"""Decoded prints as image files, named after their prints."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ridgecode.codec.full_size import FullSize
from ridgecode.codec.ridge_file import RidgeFile
from ridgecode.commands.settings.decode import ImageFormat
from ridgecode.errors import BadInput
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.images.write import write_image
from ridgecode.runs.in_threads import in_threads
from ridgecode.runs.progress import with_progress

FullDecoder = Callable[[bytes, FullSize], NDArray[np.uint8]]
"""A payload and its print's size -> the image, uint8 (H, W). Raises ValueError for a payload that it can't read."""
LARGE = 2**20
"""Pixels of a print above which it is decoded alone, with all threads, since several at once need much memory."""

LONGEST = 200
"""Bytes of a file's or folder's name: file systems take 255, and a temporary file's name is longer than its own."""

_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*\x00-\x1f]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)', re.IGNORECASE)
"""Names of files or folders that Windows refuses or changes."""


def write_images(out: Path, names: Iterable[str], images: np.ndarray) -> None:
    """(N, rows, columns) grey values in [0, 1] -> `NAME.png` in the folder `out`, each written whole.

    Their headers say 200 ppi, so that whoever reads them knows their scale.
    """
    for name, image in zip(names, images, strict=True):
        write_image(_file(out, name, "png"), np.rint(image * 255).astype(np.uint8), CANONICAL_PPI)


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


def check_format(image_format: ImageFormat, codes: Path) -> None:
    """For `codes` that hold no prints of any size: raises BadInput where `--format` asks for other images than PNG."""
    if image_format != "png":
        raise BadInput(
            f"--format {image_format} is for a coded file of prints of any size (version 2), which {codes} is not; "
            "leave it out"
        )


def draw_full_prints(
    file: RidgeFile,
    rows: NDArray[np.int64],
    out: Path,
    image_format: ImageFormat,
    decode: FullDecoder,
) -> None:
    """Writes an image of each of the prints `rows` of a file of version 2, named after them and with their ppi.

    Damaged prints are left out, and the others written, before BadInput names the damaged ones. Raises BadInput for a
    print that `decode` or the format refuses; what was written before stays.
    """
    small, large = list[int](), list[int]()
    for row in rows.tolist():
        height, width, _ = _size(file, row)
        (small if height * width <= LARGE else large).append(row)

    def draw(row: int) -> bool:
        """Writes the image of a print; returns False where the print is damaged."""
        try:
            payload = file.payload(row)
        except BadInput:
            return False
        name, size = file.names[row], _size(file, row)
        try:
            grey = decode(payload, size)
        except ValueError as error:
            raise BadInput(
                f"{file.path} holds a print, {name!r}, that its model can't read ({error}); get the file again"
            ) from error
        write_image(_file(out, name, image_format), grey, size.ppi)
        return True

    drawn = with_progress(chain(in_threads(draw, small), map(draw, large)), "decoding", len(rows))
    damaged = [file.names[row] for row, intact in zip([*small, *large], drawn, strict=True) if not intact]
    check_all_drawn(file, damaged, len(rows), out)


def check_all_drawn(file: RidgeFile, damaged: Sequence[str], n: int, out: Path) -> None:
    """Prints that `n` images lie in `out`. Raises BadInput, which names the `damaged` prints among the `n`, if any."""
    if damaged:
        shown = ", ".join(map(repr, damaged[:3])) + (f" and {len(damaged) - 3} more" if len(damaged) > 3 else "")
        others = f"; the others lie in {out}" if len(damaged) < n else ""
        raise BadInput(
            f"{file.path}: {len(damaged)} of {n} prints are damaged and were left out ({shown}){others}; get the file "
            "again for these"
        )
    print(f"{out}: {n} {'image' if n == 1 else 'images'}")


def _file(out: Path, name: str, image_format: ImageFormat) -> Path:
    return (out / name).with_name(f"{Path(name).name}.{image_format}")


def _size(file: RidgeFile, row: int) -> FullSize:
    size = file.size(row)
    assert size is not None  # every print of version 2 has one
    return size
