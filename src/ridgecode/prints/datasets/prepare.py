"""Reads a data set's images once into a prepared store: checks the request, reuses a store that answers it already, and
publishes a new one whole. `writing.py` decodes the images and writes the store's files."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from rich.console import Console

from ridgecode.errors import BadInput
from ridgecode.files import whole_folder, write_text
from ridgecode.prints.canonical import CANONICAL_PPI, check_canonical_ppi, check_ppi
from ridgecode.prints.datasets.account import account, check_strict, check_strict_store
from ridgecode.prints.datasets.file_names import as_text
from ridgecode.prints.datasets.folder import is_triplets
from ridgecode.prints.datasets.listing import Listing
from ridgecode.prints.datasets.request import READER_VERSION, Request, content_digest, decoders, store_at, why_anew
from ridgecode.prints.datasets.set_rules import is_digits
from ridgecode.prints.datasets.sources import SCALED, SOURCES, canonical_print, list_source
from ridgecode.prints.datasets.writing import write_prints
from ridgecode.prints.labels import parse_subjects, subjects_text
from ridgecode.prints.sets import set_of_finger
from ridgecode.prints.store import STORE_FILE


@dataclass(frozen=True)
class PrepareReport:
    """What `prepare` did.

    path: the store's folder
    n_prints: number of prints in the store; n_bytes: number of their pixels
    skipped: (file, reason) for each bad file that was left out
    left_out: (file, reason) for whatever else looks like an image, a link, a set or an identity and was not taken
    notes: (file, note) for files that were taken in part, such as the first of several pages
    duplicate_groups: number of groups of Real prints with the same pixels
    seconds: how long this call took
    reused: True where a finished store of the same request was there and was left as it is
    made_anew: why a store that was there was replaced; empty where there was none, or it was reused
    digest: sha256 (hex) over pixels and labels
    account: what was taken, left out and why, as lines of text
    """

    path: Path
    source: str
    n_prints: int
    n_bytes: int
    skipped: list[tuple[str, str]]
    left_out: list[tuple[str, str]]
    notes: list[tuple[str, str]]
    duplicate_groups: int
    seconds: float
    reused: bool
    made_anew: str
    digest: str
    account: list[str]


def prepare(
    source: str,
    root: Path | str,
    out: Path | str,
    subjects: str = "",
    skip_bad: bool = False,
    ppi: float = 0.0,
    threads: int = 0,
    progress: bool = True,
    *,
    pattern: str = "",
    strict: bool = False,
    keep_copies: bool = False,
    person_digits: int | None = None,
    canonical_ppi: float = CANONICAL_PPI,
) -> PrepareReport:
    """Writes the canonical prints of the images below `root` into a store at `out`: whole or not at all.

    source: "socofing", "fvc", "impressions" (sets of second impressions, named as FVC names them), "folder" (one folder
    an identity) or "synthetic" (SOCOFing's layout)
    subjects: subject numbers to take, such as `1-480` or `1-3,7`; of FVC, finger numbers; empty takes all
    skip_bad: True lists files that can't be used in store.json and leaves them out; False raises BadInput at the first
    ppi: pixels per inch of the images, for "folder", "fvc" and "impressions"; 0 takes what is known of an FVC set, or
    what sets.yaml says of a set of impressions, else each file's own tag, else 500 or, for "folder", the image's own
    size
    threads: images decoded at once; 0 takes one per usable core, 8 at most; the store's bytes don't depend on it
    progress: whether to show a progress bar, where standard error is a terminal
    pattern: for "folder", a regular expression with the groups person, finger and impression that the names of images
    are read by, instead of their folders
    strict: True raises BadInput where anything that looks like an image, a link, a set or an identity is not taken
    keep_copies: True keeps equal images of one identity, of which otherwise the first is taken
    person_digits: for "impressions", of all sets, how many of the last digits of a finger's number tell the finger;
    those before them are the person's. None takes what sets.yaml in `root` says, else what is known of the set, else 0:
    each finger is a subject.
    canonical_ppi: pixels per inch that the prints of "folder", "fvc" and "impressions" get, 100 to 1000; images of this
    resolution are kept pixel for pixel

    Where several processes prepare the same store, one does the work and the others wait for it. A finished store at
    `out` of the same source, root and subjects is reused where it still holds what a new one would hold, and replaced
    where it does not. Raises BadInput, and leaves `out` as it is, where `out` holds the store of another request or
    anything else, and for folders and flags that can't be used.
    """
    root, out = Path(root), Path(out)
    began = time.monotonic()
    _check_flags(source, ppi, threads, pattern, person_digits)
    _check_canonical_ppi(source, canonical_ppi)
    try:
        listing = list_source(source, root, subjects, pattern, person_digits)
    except OSError as error:
        raise BadInput(
            f"{error.filename or root} can't be read ({error.strerror}): mend its rights or leave it out"
        ) from error
    if listing.bad and not skip_bad:
        raise _refusal(*listing.bad[0])
    if strict:
        check_strict(listing)
    # The images of triplets are paired by place, so that a missing one would shift all that follow.
    keep_copies = keep_copies or (source == "folder" and is_triplets({file.label.subject for file in listing.files}))
    numbers = subjects_text(parse_subjects(subjects))
    request = Request(source, root, numbers, float(ppi), pattern, keep_copies, listing.sets, float(canonical_ppi))
    digest = content_digest(request, listing)
    about: dict[str, Any] | None = None

    def reusable() -> tuple[dict[str, Any] | None, str]:
        """The finished store that answers the request, if there is one, or why the one that is there does not."""
        about = store_at(out, request)
        why = why_anew(out, about, request, digest) if about is not None else ""
        return (None, why) if why else (about, "")

    def reuse(about: dict[str, Any]) -> PrepareReport:
        if about["skipped"] and not skip_bad:
            file, reason = about["skipped"][0].values()
            raise _refusal(Path(file), reason)
        if strict:
            check_strict_store(about)
        return _report(out, about, time.monotonic() - began, reused=True)

    # Without the lock, which can't be made in a read-only place: a finished store was renamed to its name whole. What
    # is wrong with it is said below, since another process may be about to replace it.
    with suppress(BadInput, OSError):
        about, _ = reusable()
    if about is not None:
        return reuse(about)
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        with _only_process(out, progress):
            about, made_anew = reusable()
            if about is not None:
                return reuse(about)
            _remove_leftovers(out)
            with whole_folder(out.absolute()) as folder:
                read = canonical_print(source, ppi, _ppi_of_files(listing), canonical_ppi)
                about = write_prints(
                    folder, source, listing, read, skip_bad, keep_copies, threads, progress, canonical_ppi
                )
                if strict:
                    check_strict_store(about)
                about |= {
                    "seconds": round(time.monotonic() - began, 3),
                    "request": request.as_json(),
                    "root_as_given": as_text(str(root)),
                    "reader": READER_VERSION,
                    "decoders": decoders(),
                    "files_digest": digest,
                }
                write_text(folder / STORE_FILE, json.dumps(about, indent=1) + "\n")
    except OSError as error:
        raise BadInput(f"the store {out} can't be written ({error.strerror or error}): choose another --out") from error
    return _report(out, about, about["seconds"], reused=False, made_anew=made_anew)


def is_current(source: str, root: Path, out: Path) -> bool:
    """Whether the store at `out`, of all images below `root`, holds what a new one would hold.

    True as well where it can't be told, since an earlier version prepared the store or `root` can't be read.
    """
    try:
        listing = list_source(source, root, "")
        about = store_at(out, Request(source, root, "", 0.0, "", False))
    except (BadInput, OSError):
        return True
    if about is None or about.get("reader") != READER_VERSION:
        return True
    request = Request(source, root, "", 0.0, "", about["request"]["keep_copies"], listing.sets)
    return not why_anew(out, about, request, content_digest(request, listing))


def _ppi_of_files(listing: Listing) -> dict[Path, float]:
    """Pixels per inch of the files of those sets of which sets.yaml has it."""
    ppi_of = {name: rule.ppi for name, rule in listing.sets.items() if rule.ppi}
    sets = ((file.path, set_of_finger(file.label.finger_id)) for file in listing.files if ppi_of)
    return {path: ppi_of[name] for path, name in sets if name in ppi_of}


def _check_flags(source: str, ppi: float, threads: int, pattern: str, person_digits: int | None) -> None:
    if source not in SOURCES:
        raise BadInput(f"there is no source {source!r}: choose one of {', '.join(SOURCES)}")
    check_ppi(ppi)
    if ppi and source not in SCALED:
        raise BadInput(f"--ppi can't be given with --source {source}, whose scale is known: leave it out")
    if pattern and source != "folder":
        raise BadInput(f"--pattern can't be given with --source {source}, whose names are known: give --source folder")
    if person_digits is not None and source != "impressions":
        raise BadInput(f"--person_digits can't be given with --source {source}: give --source impressions")
    if person_digits is not None and not is_digits(person_digits):
        raise BadInput(f"--person_digits {person_digits} is no number of digits: give 0 to 9")
    if threads < 0:
        raise BadInput(f"--threads {threads} is no number of threads: give 1 or more, or 0 for one per core")


def _check_canonical_ppi(source: str, canonical_ppi: float) -> None:
    check_canonical_ppi(canonical_ppi)
    if canonical_ppi != CANONICAL_PPI and source not in SCALED:
        raise BadInput(
            f"--canonical_ppi {canonical_ppi:g} can't be given with --source {source}, whose files have "
            f"{CANONICAL_PPI:g} ppi: leave it out"
        )


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


def _report(out: Path, about: dict[str, Any], seconds: float, reused: bool, made_anew: str = "") -> PrepareReport:
    return PrepareReport(
        path=out,
        source=about["source"],
        n_prints=about["n_prints"],
        n_bytes=about["n_bytes"],
        skipped=[(entry["file"], entry["reason"]) for entry in about["skipped"]],
        left_out=[(entry["file"], entry["reason"]) for entry in about["left_out"]],
        notes=[(entry["file"], entry["note"]) for entry in about["notes"]],
        duplicate_groups=about["duplicate_groups"],
        seconds=seconds,
        reused=reused,
        made_anew=made_anew,
        digest=about["digest"],
        account=account(about, out),
    )
