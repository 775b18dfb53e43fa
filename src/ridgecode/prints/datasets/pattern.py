"""Lists images whose names tell the person, the finger and the impression, by a pattern that the user gives."""

import re
from collections.abc import Iterable
from pathlib import Path

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.file_names import natural_order, shown
from ridgecode.prints.datasets.folder import print_names, remarks_on_names
from ridgecode.prints.datasets.listing import NO_PATTERN, LeftOut, Listing, PrintFile, nothing_to_take
from ridgecode.prints.datasets.walk import Place, walk
from ridgecode.prints.labels import real_label

_GROUPS = ("person", "finger", "impression")
_EXAMPLE = "--pattern '(?P<person>[0-9]+)_(?P<finger>[0-9]+)_(?P<impression>[0-9]+)'"
_MOST_IMPRESSIONS = 2**31 - 1
"""A larger number does not fit the store's column."""


def read_pattern(text: str) -> re.Pattern[str]:
    """Compiles a --pattern. Raises BadInput where it is no regular expression or has other groups than needed."""
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadInput(f"--pattern {text!r} is no regular expression ({error}): write it as {_EXAMPLE}") from None
    groups = set(pattern.groupindex)
    if unknown := groups - set(_GROUPS):
        raise BadInput(f"--pattern {text!r} has a group {min(unknown)}: the groups are {', '.join(_GROUPS)}")
    if not groups & {"person", "finger"}:
        raise BadInput(f"--pattern {text!r} has neither a group person nor a group finger: write it as {_EXAMPLE}")
    return pattern


def list_pattern(root: Path, text: str) -> Listing:
    """The images below `root`, at any depth, whose names fit the regular expression `text`.

    It has the named groups person, finger (one or both) and impression (or none), and must fit the whole of a file's
    name without its suffix; where it has a slash, the whole path below `root` without the suffix. Impressions that are
    no whole numbers from 1, each once, are numbered in natural order. Sorted by person, finger and name, numbers as
    numbers. Raises BadInput for another pattern, where there is no folder, and where no image fits.
    """
    if not root.is_dir():
        raise BadInput(f"{root} is no folder: give --root the folder with the images")
    pattern = read_pattern(text)
    found = walk(root)
    fitting: list[tuple[Place, str, str, str]] = []
    left_out = list(found.left_out)
    for place in found.images:
        name = "/".join(place.parts) if "/" in text else place.parts[-1]
        match = pattern.fullmatch(name.removesuffix(place.path.suffix))
        groups = match.groupdict() if match else {}
        # A group that matched nothing tells no person and no finger.
        if match is None or not all(groups[group] for group in ("person", "finger") if group in groups):
            left_out.append(LeftOut(place.path, NO_PATTERN))
            continue
        person, finger = groups.get("person"), groups.get("finger")
        subject = person or finger or ""
        finger_id = f"{person}/{finger}" if person and finger else subject
        fitting.append((place, subject, finger_id, groups.get("impression") or ""))
    if not fitting and found.images:
        first = shown(found.images[0].path)
        raise BadInput(
            f"--pattern {text!r} fits none of {len(found.images)} images, such as {first} without suffix: correct it"
        )
    if not fitting and not found.bad:
        raise nothing_to_take(root, left_out, "give --root the folder with the images")
    fitting.sort(key=lambda one: [natural_order(key) for key in (one[1], one[2], one[3], "/".join(one[0].parts))])
    names = print_names([place for place, *_ in fitting])
    given: dict[str, list[str]] = {}
    for _, _, finger_id, impression in fitting:
        given.setdefault(finger_id, []).append(impression)
    numbers = {finger_id: iter(_numbers(impressions)) for finger_id, impressions in given.items()}
    files = [
        PrintFile(place.path, real_label(name, subject, finger_id, next(numbers[finger_id])))
        for (place, subject, finger_id, _), name in zip(fitting, names, strict=True)
    ]
    return Listing(files, found.bad, left_out, remarks_on_names(given))


def _numbers(impressions: list[str]) -> Iterable[int]:
    """The numbers of a finger's impressions: as the names give them, or else 1, 2, ..."""
    if all(text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST_IMPRESSIONS for text in impressions):
        numbers = [int(text) for text in impressions]
        if len(set(numbers)) == len(numbers):
            return numbers
    return range(1, len(impressions) + 1)
