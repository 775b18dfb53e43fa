"""The data sets that `prepare` knows: how each one's files are listed, and how a file becomes a canonical print."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.prints.canonical import canonical_socofing, to_canonical_scale
from ridgecode.prints.datasets.folder import list_folder
from ridgecode.prints.datasets.fvc import fvc_ppi, list_fvc
from ridgecode.prints.datasets.listing import Listing, PrintFile
from ridgecode.prints.datasets.socofing import list_socofing
from ridgecode.prints.images import load_grey
from ridgecode.prints.labels import parse_subjects

SOURCES = ("socofing", "fvc", "folder", "synthetic")


def list_source(source: str, root: Path, subjects: str) -> Listing:
    """The files below `root` of the `subjects` asked for, each name once.

    source: one of SOURCES. subjects: as `parse_subjects` reads them; of FVC they are finger numbers. A second file of
    one name, and a name that is no UTF-8, are among the listing's bad files. Raises BadInput where no file is of these
    subjects, and as the source's reader does.
    """
    wanted = parse_subjects(subjects)
    readers: dict[str, Callable[[Path], Listing]] = {"fvc": list_fvc, "folder": list_folder}
    listing = readers.get(source, list_socofing)(root)
    files, bad = listing.files, list(listing.bad)
    if wanted is not None:
        files = [file for file in files if _number(file.label.subject) in wanted]
        if not files:
            raise BadInput(f"--subjects {subjects} matches none of the prints below {root}: leave it out to take all")
    by_name: dict[str, PrintFile] = {}
    for file in files:
        if not _is_utf8(file.label.name):
            bad.append((file.path, f"{file.path.name!a} is no UTF-8 name"))
            continue
        first = by_name.setdefault(file.label.name, file)
        if first is not file:
            bad.append((file.path, f"{file.path.name} has the same name as {first.path.name} but for its suffix"))
    return Listing(list(by_name.values()), bad)


def canonical_form(source: str, ppi: float) -> Callable[[Path], NDArray[np.uint8]]:
    """A function from an image file to its canonical print, uint8 (H, W).

    source: one of SOURCES. ppi: pixels per inch of the images; of "fvc" 0 takes what is known of the set, of "folder" 0
    leaves images at their own size, and the other sources don't use it. The function raises BadInput, which names the
    file, for an image that can't be used.
    """

    def socofing(path: Path) -> NDArray[np.uint8]:
        grey = load_grey(path)
        try:
            return canonical_socofing(grey)
        except BadInput as error:
            raise BadInput(f"{path} {error}") from error

    def fvc(path: Path) -> NDArray[np.uint8]:
        return to_canonical_scale(load_grey(path), ppi or fvc_ppi(path.parent))

    def folder(path: Path) -> NDArray[np.uint8]:
        return to_canonical_scale(load_grey(path), ppi) if ppi else load_grey(path)

    return {"fvc": fvc, "folder": folder}.get(source, socofing)


def _number(subject: str) -> int:
    """The number at the end of a subject, 3 of `FVC2002_DB1_B/3`; -1 where there is none."""
    last = subject.rsplit("/", 1)[-1]
    return int(last) if last.isascii() and last.isdigit() else -1


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
