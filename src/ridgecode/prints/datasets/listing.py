"""What a data set's reader finds below a folder: the prints, and everything that is no print and why."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.file_names import shown
from ridgecode.prints.datasets.set_rules import SetRule
from ridgecode.prints.labels import PrintLabel

# The reasons for which a file, link or folder is left out. The account groups them by these phrases.
OTHER_SUFFIX = "suffix that is not read"
NO_SUFFIX = "image without a suffix"
HIDDEN = "hidden file or folder"
SYSTEM = "folder of the system or of a program"
DANGLING = "link to nothing"
LINK_LOOP = "link loop"
READ_ALREADY = "link to a folder that is read already"
UNREADABLE_LINK = "link that can't be followed"
ARCHIVE = "archive, which is not unpacked"
IN_STORE = "in a prepared store"
NO_REGULAR_FILE = "no regular file"
NO_IMAGE = "folder without an image that is read"
NO_FVC_NAME = "in a folder without FVC names such as 101_1"
NO_LEVEL = "outside of Real and Altered-Easy, -Medium, -Hard"
SECOND_LEVEL = "in a second folder of its level, farther from --root"
SECOND_FILE = "second file of the same print"
NO_PATTERN = "name that does not fit --pattern"
COPY = "copy of another print of its identity"


class PrintFile(NamedTuple):
    """One print's file and label."""

    path: Path
    label: PrintLabel


class LeftOut(NamedTuple):
    """A file, link or folder that is not taken. reason: one of the phrases above

    name: the print's name in the store, had it been taken, and copy_of: the name of the print that it equals; both are
    given for copies alone
    """

    path: Path
    reason: str
    name: str = ""
    copy_of: str = ""


class Listing(NamedTuple):
    """The image files below a folder.

    files: the prints, in the order that a store has them in
    bad: (file, sentence) for each file that looks like an image but whose name can't be used
    left_out: whatever else looks like an image, a link, a set or an identity and is not taken
    remarks: sentences about what was taken, for the account
    numbered: whether impressions are numbered by the order of the files, not by their names
    sets: of "impressions", how each set is read
    """

    files: list[PrintFile]
    bad: list[tuple[Path, str]]
    left_out: list[LeftOut]
    remarks: tuple[str, ...] = ()
    numbered: bool = False
    sets: Mapping[str, SetRule] = {}


def nothing_to_take(root: Path, left_out: list[LeftOut], way_out: str) -> BadInput:
    """The error where no print is found below `root`. It says that there is no image only where that is so."""
    images = [one for one in left_out if one.reason != NO_IMAGE]
    if not images:
        return BadInput(f"{root} holds no image: {way_out}")
    first, count = images[0], len(images)
    return BadInput(
        f"{root} holds no image that can be taken, {count} left out, the first of them {shown(first.path)} "
        f"({first.reason}): {way_out}"
    )
