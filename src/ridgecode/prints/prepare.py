"""Reads a data set's images once into a prepared store."""

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from rich.console import Console

from ridgecode.errors import BadInput
from ridgecode.files import whole_folder, write_text
from ridgecode.prints.canonical import canonical_socofing, to_canonical_scale
from ridgecode.prints.folder import list_folder
from ridgecode.prints.fvc import fvc_ppi, list_fvc
from ridgecode.prints.images import load_grey
from ridgecode.prints.labels import parse_subjects, subjects_text
from ridgecode.prints.socofing import Listing, PrintFile, list_socofing
from ridgecode.prints.store import STORE_FILE, read_about
from ridgecode.prints.writing import write_prints

SOURCES = ("socofing", "fvc", "folder", "synthetic")


@dataclass(frozen=True)
class PrepareReport:
    """What `prepare` did.

    path: the store's folder
    n_prints: prints in it; n_bytes: their pixels
    skipped: (file, reason) of bad files left out
    duplicate_groups: groups of Real prints with the same pixels
    seconds: time this call took
    reused: True where a finished store of the same request was found and left as it was
    digest: sha256 (hex) over pixels and labels
    """

    path: Path
    source: str
    n_prints: int
    n_bytes: int
    skipped: list[tuple[str, str]]
    duplicate_groups: int
    seconds: float
    reused: bool
    digest: str


def prepare(
    source: str,
    root: Path | str,
    out: Path | str,
    subjects: str = "",
    skip_bad: bool = False,
    ppi: float = 0.0,
    threads: int = 0,
    progress: bool = True,
) -> PrepareReport:
    """Writes the canonical prints found below `root` into a store at `out`: whole or not at all.

    source: "socofing", "fvc", "folder" (one folder an identity) or "synthetic" (SOCOFing's layout)
    subjects: subject numbers to take, such as `1-480` or `1-3,7` (of FVC, finger numbers); empty takes all
    skip_bad: True lists files that can't be used in store.json and goes on; False raises BadInput at the first of them
    ppi: pixels per inch of the images, for "folder" (0 leaves them at their own size) and "fvc" (0 takes what is known
    of the set)
    threads: images decoded at once; 0 takes one per usable core, 8 at most; the store's bytes don't depend on it

    Where several processes prepare the same store, one does the work and the others wait for it. A finished store at
    `out` is reused when it has the same source, root, subjects and ppi and no image has changed since; it is made anew
    when images have changed. Raises BadInput, and leaves `out` alone, where it holds the store of another request or
    anything else; also for folders and flags that can't be used.
    """
    root, out = Path(root), Path(out)
    began = time.monotonic()
    if source not in SOURCES:
        raise BadInput(f"there is no source {source!r}: choose one of {', '.join(SOURCES)}")
    if not (ppi >= 0 and np.isfinite(ppi)):
        raise BadInput(f"--ppi {ppi} is no resolution: give pixels per inch, such as 500")
    if ppi and source not in ("folder", "fvc"):
        raise BadInput(f"--ppi can't be given with --source {source}, whose scale is known: leave it out")
    if threads < 0:
        raise BadInput(f"--threads {threads} is no number of threads: give 1 or more, or 0 for one per core")
    try:
        listing = _listing(source, root, subjects)
    except OSError as error:
        raise BadInput(
            f"{error.filename or root} can't be read ({error.strerror}): mend its rights or leave it out"
        ) from error
    if listing.bad and not skip_bad:
        raise _stop(listing.bad[0][0], listing.bad[0][1])
    request = {
        "source": source,
        "root": str(root.resolve()),
        "subjects": subjects_text(parse_subjects(subjects)),
        "ppi": float(ppi),
    }
    files_digest = _files_digest(listing)
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        with _only_here(out, progress):
            about = _finished_store(out, request, skip_bad)
            if about is not None and about["files_digest"] == files_digest:
                return _report(out, about, time.monotonic() - began, reused=True)
            _remove_leftovers(out)
            with whole_folder(out.absolute()) as folder:
                about = write_prints(folder, source, listing, canonical_form(source, ppi), skip_bad, threads, progress)
                about |= {
                    "seconds": round(time.monotonic() - began, 3),
                    "request": request,
                    "files_digest": files_digest,
                }
                write_text(folder / STORE_FILE, json.dumps(about, indent=1) + "\n")
    except OSError as error:
        raise BadInput(f"the store {out} can't be written ({error.strerror or error}): choose another --out") from error
    return _report(out, about, about["seconds"], reused=False)


def _listing(source: str, root: Path, subjects: str) -> Listing:
    """The files to read, of the subjects asked for, each name once."""
    wanted = parse_subjects(subjects)
    readers: dict[str, Callable[[Path], Listing]] = {"fvc": list_fvc, "folder": list_folder}
    listing = readers.get(source, list_socofing)(root)
    files, bad = listing.files, list(listing.bad)
    if wanted is not None:
        files = [file for file in files if _number(file.label.subject) in wanted]
        if not files:
            raise BadInput(f"--subjects {subjects} matches none of the prints below {root}: leave it out to take all")
    once: dict[str, PrintFile] = {}
    for file in files:
        if not _is_utf8(file.label.name):
            bad.append((file.path, f"{file.path.name!a} is no UTF-8 name"))
            continue
        first = once.setdefault(file.label.name, file)
        if first is not file:
            bad.append((file.path, f"{file.path.name} has the same name as {first.path.name} but for its suffix"))
    return Listing(list(once.values()), bad)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _number(subject: str) -> int:
    last = subject.rsplit("/", 1)[-1]
    return int(last) if last.isascii() and last.isdigit() else -1


def _files_digest(listing: Listing) -> str:
    """Changes whenever a file is added, removed or written to."""
    digest = hashlib.sha256()
    for path in [*(file.path for file in listing.files), *(path for path, _ in listing.bad)]:
        try:
            status = path.stat()
        except OSError:
            continue  # Removed meanwhile, or a dangling link: reading it will tell.
        digest.update(f"{path.name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _finished_store(out: Path, request: dict[str, Any], skip_bad: bool) -> dict[str, Any] | None:
    """What the store at `out` tells of itself where it is of the same request; None where there is none."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    if not out.is_dir() or not (out / STORE_FILE).exists():
        raise BadInput(f"{out} exists and is no prepared store: choose another --out, or remove it first")
    about = read_about(out)
    if about["request"] != request:
        differing = next(key for key in request if about["request"].get(key) != request[key])
        raise BadInput(
            f"{out} holds a store of another request, whose {differing} is {about['request'].get(differing)!r}: "
            "choose another --out, or remove it first"
        )
    if about["skipped"] and not skip_bad:
        file, reason = about["skipped"][0].values()
        raise _stop(Path(file), reason)
    return about


@contextmanager
def _only_here(out: Path, progress: bool) -> Iterator[None]:
    """Waits until no other process prepares `out`; says so where that takes longer than a moment."""
    lock = FileLock(out.absolute().parent / f".{out.absolute().name}.lock")
    try:
        lock.acquire(timeout=0.5)
    except Timeout:
        if progress:
            Console(stderr=True).print(f"Another process prepares {out}: waiting for it", markup=False)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _remove_leftovers(out: Path) -> None:
    """Removes temporary folders of killed runs; nobody else writes one while this process holds the lock."""
    pattern = re.compile(rf"\.{re.escape(out.absolute().name)}-[a-z0-9_]{{8}}")
    for folder in out.absolute().parent.iterdir():
        if pattern.fullmatch(folder.name):
            shutil.rmtree(folder, ignore_errors=True)


def canonical_form(source: str, ppi: float) -> Callable[[Path], np.ndarray]:
    """A file's canonical print, uint8 (H, W)."""

    def socofing(path: Path) -> np.ndarray:
        grey = load_grey(path)
        try:
            return canonical_socofing(grey)
        except BadInput as error:
            raise BadInput(f"{path} {error}") from error

    def fvc(path: Path) -> np.ndarray:
        return to_canonical_scale(load_grey(path), ppi or fvc_ppi(path.parent))

    def folder(path: Path) -> np.ndarray:
        return to_canonical_scale(load_grey(path), ppi) if ppi else load_grey(path)

    return {"fvc": fvc, "folder": folder}.get(source, socofing)


def _stop(path: Path, reason: str) -> BadInput:
    # Reasons name the file by what the reader knew of it; the full path is what the user needs.
    named = reason if str(path) in reason else f"{path}: {reason}"
    return BadInput(f"{named}; rename or remove it, or pass --skip-bad to leave it out")


def _report(out: Path, about: dict[str, Any], seconds: float, reused: bool) -> PrepareReport:
    return PrepareReport(
        path=out,
        source=about["source"],
        n_prints=about["n_prints"],
        n_bytes=about["n_bytes"],
        skipped=[(entry["file"], entry["reason"]) for entry in about["skipped"]],
        duplicate_groups=about["duplicate_groups"],
        seconds=seconds,
        reused=reused,
        digest=about["digest"],
    )
