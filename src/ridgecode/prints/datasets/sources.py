"""The data sets that `prepare` knows: how each one's files are listed, and how a file becomes a canonical print."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.prints.canonical import canonical_socofing, to_canonical_scale
from ridgecode.prints.datasets.file_names import is_utf8, shown
from ridgecode.prints.datasets.folder import list_folder
from ridgecode.prints.datasets.fvc import list_fvc
from ridgecode.prints.datasets.listing import Listing, PrintFile
from ridgecode.prints.datasets.pattern import list_pattern
from ridgecode.prints.datasets.resolution import Resolution, resolution_of
from ridgecode.prints.datasets.socofing import list_socofing
from ridgecode.prints.images import ReadImage, read_image
from ridgecode.prints.labels import parse_subjects

SOURCES = ("socofing", "fvc", "folder", "synthetic")


class CanonicalPrint(NamedTuple):
    """pixels: uint8 (H, W); notes: what of the file was left out, such as further pages; resolution: of the image, None
    where the source's scale is known"""

    pixels: NDArray[np.uint8]
    notes: tuple[str, ...]
    resolution: Resolution | None


def list_source(source: str, root: Path, subjects: str, pattern: str = "") -> Listing:
    """The files below `root` of the `subjects` asked for, each name once.

    source: one of SOURCES. subjects: as `parse_subjects` reads them; of FVC they are finger numbers. pattern: as
    `list_pattern` reads it, for "folder"; empty where each folder is an identity. A name that is no UTF-8 is among the
    listing's bad files. Raises BadInput where no file is of these subjects, and as the source's reader does.
    """
    wanted = parse_subjects(subjects)
    if pattern:
        listing = list_pattern(root, pattern)
    else:
        readers: dict[str, Callable[[Path], Listing]] = {"fvc": list_fvc, "folder": list_folder}
        listing = readers.get(source, list_socofing)(root)
    files, bad = listing.files, list(listing.bad)
    if wanted is not None:
        files = [file for file in files if _number(file.label.subject) in wanted]
        if not files:
            raise BadInput(f"--subjects {subjects} matches none of the prints below {root}: leave it out to take all")
    named: list[PrintFile] = []
    for file in files:
        if is_utf8(file.label.name):
            named.append(file)
        else:
            bad.append((file.path, f"{shown(file.path)} is no UTF-8 name"))
    return listing._replace(files=named, bad=bad)


def canonical_print(source: str, ppi: float) -> Callable[[Path], CanonicalPrint]:
    """A function from an image file to its canonical print.

    source: one of SOURCES. ppi: pixels per inch of the images; 0 takes, of "fvc", what is known of the set, else what
    the file's own tag says, else 500; of "folder", what the file's own tag says, and leaves images without one at their
    own size. The other sources don't use it. The function raises BadInput, which names the file, for an image that
    can't be used.
    """

    def socofing(path: Path) -> CanonicalPrint:
        image = read_image(path)
        try:
            return CanonicalPrint(canonical_socofing(image.grey), image.notes, None)
        except BadInput as error:
            raise BadInput(f"{path} {error}") from error

    def scaled(path: Path) -> CanonicalPrint:
        return scaled_print(source, path, ppi, read_image(path))

    return scaled if source in ("fvc", "folder") else socofing


def scaled_print(source: str, path: Path, ppi: float, image: ReadImage) -> CanonicalPrint:
    """The canonical print of an `image` that was read from `path`, of the source "fvc" or "folder"; ppi as in
    `canonical_print`."""
    resolution = resolution_of(source, path, ppi, image.ppi)
    grey = to_canonical_scale(image.grey, resolution.ppi) if resolution.ppi else image.grey
    return CanonicalPrint(grey, image.notes, resolution)


def _number(subject: str) -> int:
    """The number at the end of a subject, 3 of `FVC2002_DB1_B/3`; -1 where there is none."""
    last = subject.rsplit("/", 1)[-1]
    return int(last) if last.isascii() and last.isdigit() else -1
