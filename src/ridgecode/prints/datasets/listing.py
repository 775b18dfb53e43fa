"""What a data set's reader finds below a folder."""

from pathlib import Path
from typing import NamedTuple

from ridgecode.prints.labels import PrintLabel


class PrintFile(NamedTuple):
    """One print's file and label."""

    path: Path
    label: PrintLabel


class Listing(NamedTuple):
    """The image files below a folder.

    files: the prints, in the order that a store has them in
    bad: (file, sentence) for each file that looks like an image but whose name can't be used
    """

    files: list[PrintFile]
    bad: list[tuple[Path, str]]
