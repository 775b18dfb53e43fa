"""The data sets that `prepare` knows: how each one's files are listed, and how a file becomes a canonical print."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.prints.canonical import CANONICAL_PPI, canonical_socofing, to_canonical_scale
from ridgecode.prints.datasets.file_names import is_utf8, shown
from ridgecode.prints.datasets.folder import list_folder
from ridgecode.prints.datasets.fvc import list_fvc
from ridgecode.prints.datasets.impressions import list_impressions
from ridgecode.prints.datasets.listing import Listing, PrintFile
from ridgecode.prints.datasets.pattern import list_pattern
from ridgecode.prints.datasets.resolution import Resolution, resolution_of
from ridgecode.prints.datasets.socofing import list_socofing
from ridgecode.prints.images import ReadImage, read_image
from ridgecode.prints.labels import parse_subjects

SOURCES = ("socofing", "fvc", "impressions", "folder", "synthetic")
SCALED = ("fvc", "impressions", "folder")
"""Sources whose images may be of any resolution, which `--ppi` can give."""


class CanonicalPrint(NamedTuple):
    """pixels: uint8 (H, W); notes: what of the file was left out, such as further pages; resolution: of the image, None
    where the source's scale is known"""

    pixels: NDArray[np.uint8]
    notes: tuple[str, ...]
    resolution: Resolution | None


def list_source(source: str, root: Path, subjects: str, pattern: str = "", person_digits: int | None = None) -> Listing:
    """The files below `root` of the `subjects` asked for, each name once.

    source: one of SOURCES. subjects: as `parse_subjects` reads them; where nothing tells the person, they are finger
    numbers. pattern: as `list_pattern` reads it, for "folder"; empty where each folder is an identity. person_digits:
    as `list_impressions` reads it. A name that is no UTF-8 is among the listing's bad files. Raises BadInput where no
    file is of these subjects, and as the source's reader does.
    """
    wanted = parse_subjects(subjects)
    if pattern:
        listing = list_pattern(root, pattern)
    elif source == "impressions":
        listing = list_impressions(root, person_digits)
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


def canonical_print(
    source: str, ppi: float, ppi_of: Mapping[Path, float] | None = None, canonical_ppi: float = CANONICAL_PPI
) -> Callable[[Path], CanonicalPrint]:
    """A function from an image file to its canonical print.

    source: one of SOURCES. ppi: pixels per inch of the images; 0 takes, of "fvc", what is known of the set, else what
    the file's own tag says, else 500; of "impressions" what `ppi_of` has of the file, else its tag, else 500; of
    "folder", what the file's own tag says, and leaves images without one at their own size. The other sources don't use
    it. canonical_ppi: of the prints of a source in SCALED. The function raises BadInput, which names the file, for an
    image that can't be used.
    """

    def socofing(path: Path) -> CanonicalPrint:
        image = read_image(path)
        try:
            return CanonicalPrint(canonical_socofing(image.grey), image.notes, None)
        except BadInput as error:
            raise BadInput(f"{path} {error}") from error

    def scaled(path: Path) -> CanonicalPrint:
        return scaled_print(source, path, ppi, read_image(path), (ppi_of or {}).get(path, 0.0), canonical_ppi)

    return scaled if source in SCALED else socofing


def scaled_print(
    source: str,
    path: Path,
    ppi: float,
    image: ReadImage,
    ppi_of_set: float = 0.0,
    canonical_ppi: float = CANONICAL_PPI,
) -> CanonicalPrint:
    """The canonical print of an `image` that was read from `path`, of a source in SCALED; ppi and canonical_ppi as in
    `canonical_print`; ppi_of_set: by sets.yaml, 0 where it has none."""
    resolution = resolution_of(source, path, ppi, image.ppi, ppi_of_set)
    grey = to_canonical_scale(image.grey, resolution.ppi, canonical_ppi) if resolution.ppi else image.grey
    return CanonicalPrint(grey, image.notes, resolution)


def _number(subject: str) -> int:
    """The number at the end of a subject, 3 of `FVC2002_DB1_B/3`; -1 where there is none."""
    last = subject.rsplit("/", 1)[-1]
    return int(last) if last.isascii() and last.isdigit() else -1
