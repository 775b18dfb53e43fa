"""Lists the files of SOCOFing, or of synthetic prints in its layout, with their labels."""

import os
from pathlib import Path

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.listing import Listing, PrintFile
from ridgecode.prints.images import is_image
from ridgecode.prints.labels import ALTERED_LEVELS, FINGERS, HANDS, LEVELS, PrintLabel, parse_socofing_name

_FOLDERS = ("Real", *(f"Altered/Altered-{level}" for level in ALTERED_LEVELS))


def find_socofing(root: Path) -> Path:
    """The folder that holds Real/: `root`, or the nearest folder up to two levels below it.

    Kaggle's archive holds the data twice, in SOCOFing/ and socofing/SOCOFing/. The copy nearest to `root` is taken; of
    two that are equally near, the first by name. Raises BadInput where there is none.
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

    Altered/ may be missing. Raises BadInput where Real/ is missing or no image is found.
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
