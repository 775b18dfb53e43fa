"""Reads a folder tree once for every reader: its images, its folders, and what in it can't be taken."""

import errno
import os
import re
from pathlib import Path
from typing import NamedTuple

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.file_names import as_text
from ridgecode.prints.datasets.listing import (
    ARCHIVE,
    DANGLING,
    HIDDEN,
    IN_STORE,
    LINK_LOOP,
    NO_REGULAR_FILE,
    NO_SUFFIX,
    OTHER_SUFFIX,
    READ_ALREADY,
    SYSTEM,
    UNREADABLE_LINK,
    LeftOut,
)
from ridgecode.prints.images import is_image, looks_like_image
from ridgecode.prints.store import PIXELS_FILE, STORE_FILE

# Of Synology, QNAP, macOS and netatalk, Windows, Linux and Python. Those with a leading dot are hidden anyway.
_SYSTEM_FOLDERS = re.compile(
    r"@eadir|@tmp|@recycle|@recently-snapshot|#recycle|#snapshot|__macosx|appledouble|network trash folder|"
    r"temporary items|\$recycle\.bin|recycler|system volume information|found\.[0-9]{3}|lost\+found|__pycache__",
    re.IGNORECASE,
)
_ARCHIVES = frozenset({".7z", ".bz2", ".gz", ".rar", ".tar", ".tbz2", ".tgz", ".txz", ".xz", ".z", ".zip", ".zst"})
"""Suffixes of files that may hold a set, or one compressed image such as 1.pgm.gz."""
_STORE_FILES = frozenset({STORE_FILE, PIXELS_FILE})


class Place(NamedTuple):
    """A file or folder. parts: its path below the root of the walk, as UTF-8 text"""

    path: Path
    parts: tuple[str, ...]


class Found(NamedTuple):
    """What lies below a folder.

    images: files with a suffix that is read; folders: all that were read, but for the root
    left_out: images, links and special files that are not taken; bad: (folder, sentence) where a folder can't be read
    """

    images: list[Place]
    folders: list[Place]
    left_out: list[LeftOut]
    bad: list[tuple[Path, str]]


def walk(root: Path) -> Found:
    """All that lies below `root`, at any depth, sorted by name in each folder.

    Links to files and folders are followed, but no folder is read twice. Hidden folders and those of systems and
    programs are not read, nor are prepared stores; the images in them are left out, one entry each. Archives are left
    out. Raises BadInput where `root` can't be read.
    """
    found = Found([], [], [], [])
    seen: set[tuple[int, int]] = set()
    # Links are followed after all else, so that of a folder and a link to it the folder is read. The list grows
    # meanwhile.
    links = [Place(root, ())]
    for start in links:
        waiting = [start]
        while waiting:
            folder = waiting.pop()
            try:
                status = folder.path.stat()
                entries = sorted(os.scandir(folder.path), key=lambda entry: as_text(entry.name))
            except OSError as error:
                found.bad.append((folder.path, f"{folder.path} can't be read ({error.strerror})"))
                continue
            if (status.st_dev, status.st_ino) in seen:
                found.left_out.append(LeftOut(folder.path, READ_ALREADY))
                continue
            seen.add((status.st_dev, status.st_ino))
            if len(_STORE_FILES.intersection(entry.name for entry in entries)) == len(_STORE_FILES):
                images = _images_in(folder.path, IN_STORE)
                found.left_out.extend(one for one in images if one.path.name not in _STORE_FILES)
                continue
            if folder.parts:
                found.folders.append(folder)
            waiting += reversed(_sort_entries(folder, entries, found, links))
    if found.bad and found.bad[0][0] == root:
        raise BadInput(f"{found.bad[0][1]}: mend its rights or give another --root")
    return found._replace(left_out=_not_taken(found))


def _not_taken(found: Found) -> list[LeftOut]:
    """What was left out, without files in hidden folders that are images by links elsewhere: git-annex keeps all its
    files so."""
    if not any(one.reason in (HIDDEN, SYSTEM) for one in found.left_out):
        return found.left_out
    taken = {_file_number(place.path) for place in found.images}
    return [one for one in found.left_out if one.reason not in (HIDDEN, SYSTEM) or _file_number(one.path) not in taken]


def _file_number(path: Path) -> tuple[int, int] | Path:
    """What two paths of one file have in common."""
    try:
        status = path.stat()
    except OSError:
        return path  # removed meanwhile
    return status.st_dev, status.st_ino


def _sort_entries(folder: Place, entries: list[os.DirEntry[str]], found: Found, links: list[Place]) -> list[Place]:
    """Puts a folder's files where they belong in `found`, and its links to folders into `links`. Returns the folders
    in it that are to be read."""
    folders: list[Place] = []
    for entry in entries:
        place = Place(Path(entry.path), (*folder.parts, as_text(entry.name)))
        link = entry.is_symlink()
        if link and (fault := _link_fault(place.path)):
            found.left_out.append(LeftOut(place.path, fault))
        elif entry.is_dir():
            if reason := _passed_over(entry.name):
                found.left_out.extend([LeftOut(place.path, reason)] if link else _images_in(place.path, reason))
            else:
                (links if link else folders).append(place)
        elif not entry.is_file():
            if is_image(place.path):
                found.left_out.append(LeftOut(place.path, NO_REGULAR_FILE))
        elif is_image(place.path):
            found.images.append(place)
        elif place.path.suffix.lower() in _ARCHIVES:
            found.left_out.append(LeftOut(place.path, ARCHIVE))
        elif looks_like_image(place.path):
            found.left_out.append(LeftOut(place.path, _why_no_image(place.path)))
    return folders


def _link_fault(link: Path) -> str:
    """Why a link can't be followed; empty where it can."""
    try:
        is_folder = link.stat() and link.is_dir()
    except (FileNotFoundError, NotADirectoryError):
        return DANGLING
    except OSError as error:
        return LINK_LOOP if error.errno == errno.ELOOP else UNREADABLE_LINK
    # A folder that holds the link. That it may lie above --root is why the folders that were seen don't tell.
    return LINK_LOOP if is_folder and link.parent.resolve().is_relative_to(link.resolve()) else ""


def _passed_over(name: str) -> str:
    """The reason why a folder of this name is not read; empty where it is read."""
    return HIDDEN if name.startswith(".") else SYSTEM if _SYSTEM_FOLDERS.fullmatch(name) else ""


def _images_in(folder: Path, reason: str) -> list[LeftOut]:
    """An entry for each file at any depth of `folder` that looks like an image. Links are not followed."""
    paths = sorted(Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return [LeftOut(path, reason) for path in paths if path.is_file() and looks_like_image(path)]


def _why_no_image(path: Path) -> str:
    if path.name.startswith("."):
        return HIDDEN
    return OTHER_SUFFIX if path.suffix else NO_SUFFIX
