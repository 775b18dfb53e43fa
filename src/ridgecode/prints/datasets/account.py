"""The account of a prepared store: what was taken, what was left out and why, and what is worth knowing of the rest."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.file_names import as_text, shown
from ridgecode.prints.datasets.listing import LeftOut, Listing
from ridgecode.prints.store import STORE_FILE

_NAMES_IN_A_LINE = 3
SKIPPED = "bad file"


def left_out_entry(one: LeftOut) -> dict[str, str]:
    """What store.json holds of a file that was left out."""
    copy = {"name": one.name, "copy_of": one.copy_of} if one.copy_of else {}
    return {"file": as_text(str(one.path)), "reason": one.reason, **copy}


def check_strict(listing: Listing) -> None:
    """Raises BadInput under --strict where a listing left anything out."""
    left_out = [*((path, reason) for path, reason, *_ in listing.left_out), *listing.bad]
    if left_out:
        raise _refusal(len(left_out), *left_out[0])


def check_strict_store(about: Mapping[str, Any]) -> None:
    """Raises BadInput under --strict where a store left anything out. about: the content of its store.json"""
    for key, word in (("left_out", "reason"), ("notes", "note"), ("skipped", "reason")):
        if entries := about[key]:
            raise _refusal(len(entries), entries[0]["file"], entries[0][word])


def _refusal(count: int, path: Path | str, reason: str) -> BadInput:
    return BadInput(
        f"--strict: {count} left out, the first of them {shown(path)} ({shown(reason)}); mend, move or remove "
        f"{'it' if count == 1 else 'them'}, or leave out --strict to take the rest"
    )


def account(about: Mapping[str, Any], store: Path) -> list[str]:
    """The account as lines of text.

    about: the content of store.json. store: its folder. What was left out has a line for each reason and suffix, with
    the count and the first three names.
    """
    root = PurePath(about["root_as_given"])
    left_out = [(entry["file"], entry["reason"]) for entry in about["left_out"]]
    left_out += [(entry["file"], _without_path(entry)) for entry in about["skipped"]]
    notes = [(entry["file"], entry["note"]) for entry in about["notes"]]
    lines = [f"taken: {_taken(about)}", *about["remarks"], *_equal(about["equal_prints"])]
    if left_out:
        lines += [f"left out: {len(left_out)}", *_grouped(left_out, root)]
    if notes:
        lines += [f"taken in part: {len({file for file, _ in notes})}", *_grouped(notes, root)]
    if left_out or notes:
        lines.append(f"the whole list is in {shown(store / STORE_FILE)}")
    return [shown(line) for line in lines]


def _equal(groups: list[list[str]]) -> list[str]:
    """A line about equal prints of several identities; none where there are none."""
    if not groups:
        return []
    prints = sum(map(len, groups))
    names = "; ".join(" and ".join(group[:_NAMES_IN_A_LINE]) for group in groups[:_NAMES_IN_A_LINE])
    more = "; ..." if len(groups) > _NAMES_IN_A_LINE else ""
    return [
        f"{prints} prints of different identities are equal: {names}{more}; all were taken, but the protocols of "
        "`evaluate` leave their identities out"
    ]


def _taken(about: Mapping[str, Any]) -> str:
    suffixes = ", ".join(f"{count} {suffix}" for suffix, count in about["suffixes"].items())
    of = "1 identity" if about["n_identities"] == 1 else f"{about['n_identities']} identities"
    return f"{about['n_prints']} prints of {of} ({suffixes})"


def _grouped(entries: Iterable[tuple[str, str]], root: PurePath) -> list[str]:
    """A line for each reason and suffix: the count, and the first names below `root`."""
    groups: dict[tuple[str, str], list[str]] = {}
    for file, reason in entries:
        groups.setdefault((reason, PurePath(file).suffix.lower()), []).append(file)
    lines = []
    for (reason, suffix), files in groups.items():
        names = [_below(file, root) for file in files[:_NAMES_IN_A_LINE]]
        more = ", ..." if len(files) > len(names) else ""
        kind = f" {suffix}" if suffix else ""
        lines.append(f"  {len(files)}{kind}, {reason}: {', '.join(names)}{more}")
    return lines


def _below(file: str, root: PurePath) -> str:
    path = PurePath(file)
    return str(path.relative_to(root)) if path.is_relative_to(root) else file


def _without_path(entry: Mapping[str, str]) -> str:
    """The reason of a skipped file without the file's own path, so that equal reasons are one group."""
    reason, file = entry["reason"], entry["file"]
    for name in (file, PurePath(file).name):
        reason = reason.removeprefix(f"{name} ")
    return f"{SKIPPED}, {reason}"
