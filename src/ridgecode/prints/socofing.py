"""Lists the files of SOCOFing, or of synthetic prints in its layout, with their labels."""

import os
from pathlib import Path
from typing import NamedTuple

from ridgecode.errors import BadInput
from ridgecode.prints.images import is_image
from ridgecode.prints.labels import FINGERS, HANDS, LEVELS, PrintLabel, parse_socofing_name


class PrintFile(NamedTuple):
    """One print's file and label."""

    path: Path
    label: PrintLabel


class Listing(NamedTuple):
    """What a reader found below a folder.

    files: the prints in their order in a store
    bad: (file, sentence) of files that look like images but can't be named
    """

    files: list[PrintFile]
    bad: list[tuple[Path, str]]


_FOLDERS = ("Real", "Altered/Altered-Easy", "Altered/Altered-Medium", "Altered/Altered-Hard")


def find_socofing(root: Path) -> Path:
    """The folder that holds Real/: `root` or the nearest one up to two levels below it.

    Kaggle's archive holds the data twice (SOCOFing/ and socofing/SOCOFing/): the nearest copy is taken, by name where
    two are as near. Raises BadInput where there is none.
    """
    if not root.is_dir():
        raise BadInput(f"{root} is no folder: give --root the folder that holds SOCOFing's Real/ and Altered/")
    nearby = [root]
    for _ in range(3):
        for folder in nearby:
            if (folder / "Real").is_dir():
                return folder
        nearby = [child for folder in nearby for child in sorted(folder.iterdir()) if child.is_dir()]
    raise BadInput(f"{root} holds no folder Real: give --root the folder that holds SOCOFing's Real/ and Altered/")


def list_socofing(root: Path) -> Listing:
    """The prints of SOCOFing below `root`, sorted by level, subject number, hand, finger, impression and alteration.

    Only Real/ must be there. Raises BadInput where it isn't, or holds no image.
    """
    folder = find_socofing(root)
    files: list[PrintFile] = []
    bad: list[tuple[Path, str]] = []
    for part in _FOLDERS:
        if not (folder / part).is_dir():
            continue
        for entry in os.scandir(folder / part):
            path = Path(entry.path)
            if not is_image(path):
                continue
            try:
                if path.suffix.lower() != ".bmp":
                    raise BadInput("has a suffix other than .BMP")
                files.append(PrintFile(path, parse_socofing_name(f"{part}/{path.stem}")))
            except BadInput as error:
                bad.append((path, str(error)))
    if not files and not bad:
        raise BadInput(f"{folder / 'Real'} holds no BMP file: give --root the folder of the unpacked SOCOFing")
    files.sort(key=lambda file: _order(file.label))
    return Listing(files, sorted(bad))


def _order(label: PrintLabel) -> tuple[int, int, int, int, int, str]:
    return (
        LEVELS.index(label.level),
        int(label.subject),
        HANDS.index(label.hand),
        FINGERS.index(label.finger),
        label.impression,
        label.alteration,
    )
