"""Lists images of any kind in identity folders: all images of one finger, or of one person, in a folder."""

import re
from pathlib import Path

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.listing import Listing, PrintFile
from ridgecode.prints.images import is_image
from ridgecode.prints.labels import PrintLabel


def list_folder(root: Path) -> Listing:
    """The images below `root`. Each folder in `root` is an identity: `s1/1.pgm` and `s1/day2/3.png` are of identity s1.

    Impressions are numbered from 1 in the order of their names. Numbers in names are compared as numbers: 2 before 10.
    Raises BadInput where there is no folder or no image.
    """
    if not root.is_dir():
        raise BadInput(f"{root} is no folder: give --root a folder that holds one folder an identity")
    bad = [
        (path, f"{path.name} lies in no identity's folder: move it into one")
        for path in sorted(root.iterdir())
        if path.is_file() and is_image(path)
    ]
    files: list[PrintFile] = []
    identities = (child for child in root.iterdir() if child.is_dir() and not child.name.startswith("."))
    for identity in sorted(identities, key=lambda path: _natural(path.name)):
        images = (path for path in identity.rglob("*") if is_image(path) and path.is_file())
        ordered = sorted(images, key=lambda path: _natural(path.relative_to(root).as_posix()))
        files += [PrintFile(path, _label(root, path, impression)) for impression, path in enumerate(ordered, 1)]
    if not files and not bad:
        raise BadInput(f"{root} holds no image: give --root a folder that holds one folder of images an identity")
    return Listing(files, bad)


def _label(root: Path, path: Path, impression: int) -> PrintLabel:
    relative = path.relative_to(root)
    identity = relative.parts[0]
    return PrintLabel(
        name=relative.with_suffix("").as_posix(),
        subject=identity,
        sex="",
        hand="",
        finger="",
        finger_id=identity,
        impression=impression,
        level="Real",
        alteration="",
    )


def _natural(name: str) -> list[tuple[int, int, str]]:
    """A sort key that compares numbers in names as numbers, and sorts them before letters."""
    parts = re.split(r"([0-9]+)", name)
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts]
