"""What a store is asked to hold, and whether a finished store holds it still."""

import hashlib
import importlib.util
import os.path
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ridgecode.errors import BadInput
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.datasets.file_names import as_text
from ridgecode.prints.datasets.listing import Listing
from ridgecode.prints.datasets.set_rules import SetRule
from ridgecode.prints.store import INDEX_FILE, PIXELS_FILE, STORE_FILE, read_about

READER_VERSION = 2
"""Raise it whenever the same images give other pixels, names or labels: stores of earlier versions are made anew."""
_FIXED = ("source", "root", "subjects")
"""A store whose request differs in one of these is of other prints, and is not replaced."""
_DECODERS = ("imagecodecs", "wsq")
"""Packages that are not always installed and read files that are bad without them."""


class Request(NamedTuple):
    """What `prepare` was asked for. subjects: as `subjects_text` writes them; sets: of "impressions", how each set is
    read, by flag, sets.yaml or what is known of it; others: as in `prepare`"""

    source: str
    root: Path
    subjects: str
    ppi: float
    pattern: str
    keep_copies: bool
    sets: Mapping[str, SetRule] = {}
    canonical_ppi: float = CANONICAL_PPI

    def as_json(self) -> dict[str, Any]:
        """The request as store.json has it; the root is absolute. `sets` is there where a set is, `canonical_ppi` where
        it is not 200."""
        plain = {**self._asdict(), "root": as_text(str(self.root.resolve()))}
        del plain["sets"]
        if self.canonical_ppi == CANONICAL_PPI:
            del plain["canonical_ppi"]
        return plain | ({"sets": {name: rule._asdict() for name, rule in self.sets.items()}} if self.sets else {})


def content_digest(request: Request, listing: Listing) -> str:
    """A digest that changes whenever anything changes that a store's content depends on: the request, the reader's
    version, and each file's place, label, size and times, whether it is taken or not.

    Where a link leads to counts too, and the time at which a file was last renamed or given its times: a file may be
    replaced by one of equal size and time.
    """
    digest = hashlib.sha256(f"{READER_VERSION}\n{request.as_json()}\n".encode(errors="surrogatepass"))
    entries: Iterable[tuple[Path, object]] = (
        *((path, (label.name, label.subject, label.finger_id, label.impression)) for path, label in listing.files),
        *listing.bad,
        *((one.path, one.reason) for one in listing.left_out),
    )
    # Below the root: however a command line spells that, the store is the same.
    prefix = "" if request.root == Path() else os.path.join(request.root, "")  # noqa: PTH118
    targets: dict[str, str] = {"": ""}
    for path, what in entries:
        place = str(path).removeprefix(prefix)
        links = _targets_above(place, request.root, targets)
        digest.update(f"{as_text(place)}\0{links}\0{what}\0{_state(path)}\n".encode(errors="surrogatepass"))
    return digest.hexdigest()


def _targets_above(place: str, root: Path, targets: dict[str, str]) -> str:
    """Where the links among the folders above a file lead to; empty where there is no link.

    place: the path of the file below `root`; targets: what was found so far, by folder
    """
    folder, unknown = os.path.dirname(place), []  # noqa: PTH120  (several times as fast as Path.parent)
    while folder not in targets:
        unknown.append(folder)
        folder = os.path.dirname(folder)  # noqa: PTH120
    found = targets[folder]
    for folder in reversed(unknown):
        link = root / folder
        if link.is_symlink():
            found += f"{as_text(str(link.readlink()))}\0"
        targets[folder] = found
    return found


def _state(path: Path) -> tuple[object, ...]:
    """What shows that a file was changed or replaced: size and times; of a link, where it leads to as well."""
    try:
        status = path.lstat()
        target = ""
        if stat.S_ISLNK(status.st_mode):
            target = as_text(str(path.readlink()))
            status = path.stat()
    except OSError:
        return ()  # a dangling link, or removed meanwhile: reading it raises the error
    # The times of a folder change with files in it that are no images.
    return (target, *((status.st_size, status.st_mtime_ns, status.st_ctime_ns) if stat.S_ISREG(status.st_mode) else ()))


def store_at(out: Path, request: Request) -> dict[str, Any] | None:
    """The content of store.json at `out` where that store is of the same images; None where there is no store.

    Raises BadInput where `out` holds anything else.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    if not out.is_dir() or not (out / STORE_FILE).exists():
        raise BadInput(f"{out} exists and is no prepared store: choose another --out, or remove it first")
    about = read_about(out)
    wanted = request.as_json()
    for key in _FIXED:
        if about["request"].get(key) != wanted[key]:
            raise BadInput(
                f"{out} holds a store of another request, whose {key} is {about['request'].get(key)!r}: "
                "choose another --out, or remove it first"
            )
    return about


def why_anew(out: Path, about: Mapping[str, Any], request: Request, digest: str) -> str:
    """Why the store at `out`, of the same images, must be made anew; empty where it need not be.

    about: the content of its store.json; digest: the `content_digest`
    """
    if about.get("reader") != READER_VERSION:
        return "another version of ridgecode prepared it"
    if (canonical_ppi := about["request"].get("canonical_ppi", CANONICAL_PPI)) != request.canonical_ppi:
        return f"its canonical_ppi was {canonical_ppi:g}"
    for key, value in request.as_json().items():
        if (old := about["request"].get(key)) != value:
            if key == "sets":
                return "what is known of its sets has changed"
            return f"its {key} was {old:g}" if isinstance(old, float) else f"its {key} was {old!r}"
    if about["files_digest"] != digest:
        return "images, their names or their folders have changed"
    pixels = out / PIXELS_FILE
    if not (out / INDEX_FILE).is_file() or not pixels.is_file() or pixels.stat().st_size != about["n_bytes"]:
        return f"its {INDEX_FILE} or {PIXELS_FILE} was not whole"
    if about["skipped"] and (new := set(decoders()) - set(about.get("decoders", ()))):
        return f"{min(new)} is installed now and may read what was skipped"
    return ""


def decoders() -> list[str]:
    """The optional packages that are installed and read further formats."""
    return [name for name in _DECODERS if importlib.util.find_spec(name) is not None]
