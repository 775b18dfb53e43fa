"""Names of files as text: the same in every locale, in natural order, and fit to be printed."""

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path


def as_text(name: str) -> str:
    """A name or path that Python got from the system, as UTF-8 text whatever the locale is.

    In the locale C, Python may hold the UTF-8 name `é` as two surrogates, and in a Latin-1 locale as two letters. A
    name whose bytes are no UTF-8 is returned as it is.
    """
    if name.isascii():
        return name
    try:
        return os.fsencode(name).decode()
    except UnicodeError:
        return name


def is_utf8(text: str) -> bool:
    """Whether a text can be written as UTF-8: it holds no surrogates of undecodable bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """A sort key that compares numbers in names as numbers, and sorts them before letters."""
    parts = re.split(r"([0-9]+)", name)
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts]


def alike(names: Iterable[str]) -> list[list[str]]:
    """Groups of different names that may mean one: they differ in case, in zeros before a number, in outer spaces, or
    in whether an accent is a character of its own, as in names that macOS wrote."""
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).strip()
        groups.setdefault(re.sub(r"(?<![0-9])0+(?=[0-9])", "", key), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def shown(path: Path | str) -> str:
    """A path for one line of output: line breaks, other control characters and undecodable bytes are escaped."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in as_text(str(path))
    )
