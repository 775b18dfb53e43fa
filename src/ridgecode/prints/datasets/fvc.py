"""Lists the files of the FVC sets (FVC2000 to FVC2006), with their labels and resolutions."""

import re
from collections import Counter
from functools import lru_cache
from pathlib import Path

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.file_names import as_text
from ridgecode.prints.datasets.listing import (
    NO_FVC_NAME,
    NO_IMAGE,
    SECOND_FILE,
    LeftOut,
    Listing,
    PrintFile,
    nothing_to_take,
)
from ridgecode.prints.datasets.walk import Place, walk
from ridgecode.prints.labels import PrintLabel, real_label

_NAME = re.compile(r"(?:(?P<person>[0-9]+)_)?(?P<finger>[0-9]+)_(?P<impression>[0-9]{1,9})", re.ASCII)
_SET_NAME = re.compile(r".*(?:FVC|DB[1-4]).*", re.IGNORECASE)
_SET_PATH = re.compile(r".*FVC[-_ /]?(20[0-9]{2}).*DB[-_ ]?([1-4])", re.IGNORECASE | re.DOTALL)
_LOSSY = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp", ".wsq", ".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx"}
)
"""Suffixes of files that have lost something, or may have."""

# Pixels per inch by year and number of the set, where they are not 500. Source: Maltoni et al., Handbook of Fingerprint
# Recognition, on the FVC competitions.
_PPI = {("2002", "2"): 569.0, ("2004", "3"): 512.0, ("2006", "1"): 250.0, ("2006", "2"): 569.0}


@lru_cache(maxsize=1024)
def fvc_ppi(folder: Path) -> float:
    """Pixels per inch of a set by its path, FVC2002_DB2_B or FVC2002/Dbs/DB2_B; 0 where that names no set.

    `folder` may lie up to two levels below the set's own. Of several years or sets in the path the last one counts. A
    link counts by its own name first, then by what it leads to.
    """
    for path in (folder.absolute(), folder.resolve()):
        if match := _SET_PATH.match("/".join(path.parts[-5:])):
            return _PPI.get((match[1], match[2]), 500.0)
    return 0.0


def list_fvc(root: Path) -> Listing:
    """The prints `101_1.tif` (finger 101, impression 1) or `012_3_1.tif` (person 012, finger 3, impression 1) in the
    folders of sets at any depth below `root`, or in `root` itself.

    The names in the listing start with the set's folder: `FVC2002_DB1_B/101_1`, or with as much of its path as tells it
    from other sets: `FVC2002/DB1_B/101_1`. Of names with two parts, each finger is a subject of its own, since FVC does
    not say which fingers belong to one person. Of two files of one print, such as 101_1.tif and 101_1.jpg, one without
    loss is taken. Sorted by set, person, finger and impression. Raises BadInput where there is no folder or no image.
    """
    way_out = "give --root a set's folder such as FVC2002_DB1_B, or one that holds several"
    if not root.is_dir():
        raise BadInput(f"{root} is no folder: {way_out}")
    found = walk(root)
    matches = {place: match for place in found.images if (match := _NAME.fullmatch(_stem(place)))}
    sets = _sets(matches)
    above = as_text(str(root.resolve())).replace("\\", "/").strip("/").split("/")
    names = _set_names(above, set(sets.values()))
    folders = {place.parts[:-1] for place in matches}
    bad, left_out = list(found.bad), list(found.left_out)
    for place in found.images:
        if place in matches:
            continue
        if place.parts[:-1] in folders:
            bad.append((place.path, f"{place.path.name} is no FVC name such as 101_1.tif"))
        else:
            left_out.append(LeftOut(place.path, NO_FVC_NAME))
    left_out += [LeftOut(path, NO_IMAGE) for path in _empty_sets(found.folders, found.images)]
    files: dict[str, PrintFile] = {}
    texts: dict[tuple[str, ...], str] = {}
    for place in sorted(matches, key=lambda place: (place.path.suffix.lower() in _LOSSY, place.parts)):
        label = _label(names[sets[place]], matches[place], texts)
        if label.name in files:
            left_out.append(LeftOut(place.path, SECOND_FILE))
        else:
            files[label.name] = PrintFile(place.path, label)
    if not files and not bad:
        raise nothing_to_take(root, left_out, f"{way_out}; for other names --source folder and --pattern")
    return Listing(sorted(files.values(), key=_order), bad, left_out)


def _stem(place: Place) -> str:
    return place.parts[-1].removesuffix(place.path.suffix)


def _sets(matches: dict[Place, re.Match[str]]) -> dict[Place, tuple[str, ...]]:
    """The path of each image's set below the root. A folder that is named for the person or the finger of all images in
    it is a part of the set above it."""
    below: dict[tuple[str, ...], list[set[int]]] = {}
    for place, match in matches.items():
        for depth in range(1, len(place.parts)):
            persons, fingers = below.setdefault(place.parts[:depth], [set(), set()])
            persons.add(int(match["person"] or -1))
            fingers.add(int(match["finger"]))
    parts_of_sets = {
        folder
        for folder, numbers in below.items()
        if re.fullmatch("[0-9]+", folder[-1]) and {int(folder[-1])} in numbers
    }
    sets = {}
    for place in matches:
        folders = [place.parts[:depth] for depth in range(len(place.parts))]
        first = next((folder for folder in folders if folder in parts_of_sets), None)
        sets[place] = folders[-1] if first is None else first[:-1]
    return sets


def _set_names(above: list[str], sets: set[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """The shortest ends of the sets' paths that tell them apart. above: the parts of the root's own path"""
    paths = {one: (*above, *one) for one in sets}
    names: dict[tuple[str, ...], str] = {}
    length = 1
    while paths:
        tails = {one: path[-length:] for one, path in paths.items()}
        count = Counter(tails.values())
        for one, tail in tails.items():
            if count[tail] == 1:
                names[one] = "/".join(tail)
                del paths[one]
        length += 1
    return names


def _empty_sets(folders: list[Place], images: list[Place]) -> list[Path]:
    """The folders that are named as sets are, or hold nothing at all, and have no image at any depth."""
    full = {place.parts[:depth] for place in images for depth in range(len(place.parts))}
    parents = {place.parts[:-1] for place in folders}
    return [
        place.path
        for place in folders
        if place.parts not in full
        and place.parts not in parents
        and (_SET_NAME.fullmatch(place.parts[-1]) or not any(place.path.iterdir()))
    ]


def _label(set_name: str, match: re.Match[str], texts: dict[tuple[str, ...], str]) -> PrintLabel:
    """texts: how each person and finger is written. Numbers may have other zeros before them in some names, and 12_3
    and 012_03 are one finger; the first text is taken."""
    impression = int(match["impression"])
    if match["person"]:
        person = texts.setdefault((set_name, match["person"].lstrip("0")), match["person"])
        subject = f"{set_name}/{person}"
        finger_id = f"{subject}_{texts.setdefault((subject, match['finger'].lstrip('0')), match['finger'])}"
    else:
        subject = finger_id = f"{set_name}/{int(match['finger'])}"
    return real_label(f"{finger_id}_{impression}", subject, finger_id, impression)


def _order(file: PrintFile) -> tuple[str, list[int], str]:
    set_name, name = file.label.name.rsplit("/", 1)
    return set_name, [int(part) for part in name.split("_")], name
