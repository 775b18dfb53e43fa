"""Reads a data set's images once into a prepared store: checks the request, reuses a store that answers it already, and
publishes a new one whole. `writing.py` decodes the images and writes the store's files."""

import hashlib
import json
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from rich.console import Console

from ridgecode.errors import BadInput
from ridgecode.files import whole_folder, write_text
from ridgecode.prints.canonical import check_ppi
from ridgecode.prints.datasets.listing import Listing
from ridgecode.prints.datasets.sources import SOURCES, canonical_form, list_source
from ridgecode.prints.datasets.writing import write_prints
from ridgecode.prints.labels import parse_subjects, subjects_text
from ridgecode.prints.store import STORE_FILE, read_about


@dataclass(frozen=True)
class PrepareReport:
    """What `prepare` did.

    path: the store's folder
    n_prints: number of prints in the store; n_bytes: number of their pixels
    skipped: (file, reason) for each bad file that was left out
    duplicate_groups: number of groups of Real prints with the same pixels
    seconds: how long this call took
    reused: True where a finished store of the same request was there and was left as it is
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
    """Writes the canonical prints of the images below `root` into a store at `out`: whole or not at all.

    source: "socofing", "fvc", "folder" (one folder an identity) or "synthetic" (SOCOFing's layout)
    subjects: subject numbers to take, such as `1-480` or `1-3,7`; of FVC, finger numbers; empty takes all
    skip_bad: True lists files that can't be used in store.json and leaves them out; False raises BadInput at the first
    ppi: pixels per inch of the images, for "folder" (0 leaves them at their own size) and "fvc" (0 takes what is known
    of the set)
    threads: images decoded at once; 0 takes one per usable core, 8 at most; the store's bytes don't depend on it
    progress: whether to show a progress bar, where standard error is a terminal

    Where several processes prepare the same store, one does the work and the others wait for it. A finished store at
    `out` of the same source, root, subjects and ppi is reused; where an image has changed since, it is replaced. Raises
    BadInput, and leaves `out` as it is, where `out` holds the store of another request or anything else, and for
    folders and flags that can't be used.
    """
    root, out = Path(root), Path(out)
    began = time.monotonic()
    if source not in SOURCES:
        raise BadInput(f"there is no source {source!r}: choose one of {', '.join(SOURCES)}")
    check_ppi(ppi)
    if ppi and source not in ("folder", "fvc"):
        raise BadInput(f"--ppi can't be given with --source {source}, whose scale is known: leave it out")
    if threads < 0:
        raise BadInput(f"--threads {threads} is no number of threads: give 1 or more, or 0 for one per core")
    try:
        listing = list_source(source, root, subjects)
    except OSError as error:
        raise BadInput(
            f"{error.filename or root} can't be read ({error.strerror}): mend its rights or leave it out"
        ) from error
    if listing.bad and not skip_bad:
        raise _refusal(*listing.bad[0])
    request = {
        "source": source,
        "root": str(root.resolve()),
        "subjects": subjects_text(parse_subjects(subjects)),
        "ppi": float(ppi),
    }
    files_digest = _files_digest(listing)
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        with _only_process(out, progress):
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


def _files_digest(listing: Listing) -> str:
    """A digest that changes whenever a file is added, removed or written to."""
    digest = hashlib.sha256()
    for path in [*(file.path for file in listing.files), *(path for path, _ in listing.bad)]:
        try:
            status = path.stat()
        except OSError:
            continue  # removed meanwhile, or a dangling link: reading it raises the error
        digest.update(f"{path.name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _finished_store(out: Path, request: dict[str, Any], skip_bad: bool) -> dict[str, Any] | None:
    """The content of store.json at `out` where that store answers the same request; None where there is no store.

    Raises BadInput where `out` holds anything else, or a store that left out bad files and `skip_bad` is False.
    """
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
        raise _refusal(Path(file), reason)
    return about


@contextmanager
def _only_process(out: Path, progress: bool) -> Iterator[None]:
    """Waits until no other process prepares `out`, and prints that it waits where that takes over half a second."""
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
    """Removes the temporary folders of killed processes: whoever has the lock is the only one that writes any."""
    pattern = re.compile(rf"\.{re.escape(out.absolute().name)}-[a-z0-9_]{{8}}")
    for folder in out.absolute().parent.iterdir():
        if pattern.fullmatch(folder.name):
            shutil.rmtree(folder, ignore_errors=True)


def _refusal(path: Path, reason: str) -> BadInput:
    # Some reasons name the file without its folder, and the user needs the full path.
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
