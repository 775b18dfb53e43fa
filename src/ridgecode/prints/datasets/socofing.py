"""Lists the files of SOCOFing, or of synthetic prints in its layout, with their labels."""

import re
from itertools import takewhile
from pathlib import Path

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.file_names import as_text
from ridgecode.prints.datasets.listing import (
    NO_IMAGE,
    NO_LEVEL,
    SECOND_FILE,
    SECOND_LEVEL,
    LeftOut,
    Listing,
    PrintFile,
    nothing_to_take,
)
from ridgecode.prints.datasets.walk import Place, walk
from ridgecode.prints.labels import (
    FINGERS,
    HANDS,
    LEVELS,
    PrintLabel,
    canonical_socofing_name,
    is_socofing_name,
    parse_socofing_name,
)

# The name of a folder, after that of the folder above it and a slash.
_LEVEL_FOLDER = re.compile(r"(?:.*/)?(?:real|altered[-_ /]?(?P<level>easy|medium|hard))", re.IGNORECASE | re.DOTALL)


def list_socofing(root: Path) -> Listing:
    """The prints of SOCOFing below `root`, sorted by level, subject number, hand, finger, impression and alteration.

    They lie in folders named Real, Altered-Easy, Altered-Medium and Altered-Hard, in any case, anywhere below `root` or
    `root` itself; any of them may be missing. Kaggle's archive holds the data twice, in SOCOFing/ and in
    socofing/SOCOFing/: of several folders of a level, the one nearest to `root` is taken, of altered ones the one
    nearest to Real. Names are taken in any case, and have SOCOFing's own in their labels. Raises BadInput where no
    image is found.
    """
    way_out = "give --root the folder that holds SOCOFing's Real/ and Altered/"
    if not root.is_dir():
        raise BadInput(f"{root} is no folder: {way_out}")
    found = walk(root)
    left_out = list(found.left_out)
    images: dict[tuple[str, tuple[str, ...]], list[Place]] = {}
    above = as_text(root.resolve().name)
    level_of: dict[tuple[str, ...], tuple[str, tuple[str, ...]] | None] = {}
    for place in found.images:
        folder = place.parts[:-1]
        if folder not in level_of:
            level_of[folder] = _level_of(above, folder)
        if (found_level := level_of[folder]) is None:
            left_out.append(LeftOut(place.path, NO_LEVEL))
        else:
            images.setdefault(found_level, []).append(place)
    for level in [level for level, folder in images if not folder]:
        # The root may be named `real` for other reasons.
        if not any(is_socofing_name(_name(level, place)) for place in images[level, ()]):
            left_out += [LeftOut(place.path, NO_LEVEL) for place in images.pop((level, ()))]
    files: list[PrintFile] = []
    bad = list(found.bad)
    near: tuple[str, ...] = ()
    for level in LEVELS:
        folders = sorted((folder for name, folder in images if name == level), key=lambda one: _distance(near, one))
        if level == "Real" and folders:
            near = folders[0]
        for folder in folders[1:]:
            left_out += [LeftOut(place.path, SECOND_LEVEL) for place in images[level, folder]]
        if folders:
            _label_files(level, images[level, folders[0]], files, bad, left_out)
    levels = [place for place in found.folders if _LEVEL_FOLDER.fullmatch("/".join(place.parts[-2:]))]
    if not files and not bad:
        if not levels and not images:
            raise BadInput(f"{root} holds no folder Real, nor Altered-Easy, -Medium or -Hard: {way_out}")
        raise nothing_to_take(root, left_out, way_out)
    full = {folder[:depth] for _, folder in images for depth in range(len(folder) + 1)}
    left_out += [LeftOut(place.path, NO_IMAGE) for place in levels if place.parts not in full]
    files.sort(key=lambda file: _order(file.label))
    remarks = () if any(level == "Real" for level, _ in images) else ("there is no folder Real: no print is unaltered",)
    return Listing(files, sorted(bad), left_out, remarks)


def _level_of(above: str, folder: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
    """The level of the images in a folder, by the nearest folder, itself or above it, that has a level's name, and the
    path of that folder below the root; None where there is none. above: the name of the root"""
    names = (above, *folder)
    for depth in range(len(names) - 1, -1, -1):
        if match := _LEVEL_FOLDER.fullmatch("/".join(names[max(0, depth - 1) : depth + 1])):
            return (match["level"] or "Real").capitalize(), folder[:depth]
    return None


def _name(level: str, place: Place) -> str:
    return canonical_socofing_name(level, place.parts[-1].removesuffix(place.path.suffix))


def _distance(near: tuple[str, ...], folder: tuple[str, ...]) -> tuple[int, int, tuple[str, ...]]:
    """A sort key: folders that share most of their path with `near` first, then those nearest to the root."""
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(near, folder, strict=False)))
    return -shared, len(folder), folder


def _label_files(
    level: str,
    images: list[Place],
    files: list[PrintFile],
    bad: list[tuple[Path, str]],
    left_out: list[LeftOut],
) -> None:
    """Adds the images of one level's folder to the three lists. Of two files of one name, the BMP file is taken."""
    taken: set[str] = set()
    for place in sorted(images, key=lambda place: (place.path.suffix.lower() != ".bmp", len(place.parts), place.parts)):
        name = _name(level, place)
        try:
            label = parse_socofing_name(name)
        except BadInput as error:
            bad.append((place.path, str(error).replace(name, place.path.name, 1)))
            continue
        if label.name in taken:
            left_out.append(LeftOut(place.path, SECOND_FILE))
            continue
        taken.add(label.name)
        files.append(PrintFile(place.path, label))


def _order(label: PrintLabel) -> tuple[int, int, int, int, int, str]:
    return (
        LEVELS.index(label.level),
        int(label.subject),
        HANDS.index(label.hand),
        FINGERS.index(label.finger),
        label.impression,
        label.alteration,
    )
