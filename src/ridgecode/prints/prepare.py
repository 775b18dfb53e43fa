"""Reads a data set's images once into a prepared store."""

import hashlib
import json
import os
import re
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple, dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ridgecode.errors import BadInput
from ridgecode.files import whole_folder, write_text
from ridgecode.prints.canonical import canonical_socofing, to_canonical_scale
from ridgecode.prints.duplicates import duplicate_groups
from ridgecode.prints.folder import list_folder
from ridgecode.prints.fvc import fvc_ppi, list_fvc
from ridgecode.prints.images import load_grey
from ridgecode.prints.labels import PrintLabel, parse_subjects
from ridgecode.prints.socofing import Listing, PrintFile, list_socofing
from ridgecode.prints.store import (
    FORMAT,
    INDEX_FILE,
    INDEX_SCHEMA,
    PIXELS_FILE,
    STORE_FILE,
    VERSION,
    read_about,
    store_digest,
)

SOURCES = ("socofing", "fvc", "folder", "synthetic")
_CHUNK = 32


@dataclass(frozen=True)
class PrepareReport:
    """What `prepare` did.

    path: the store's folder; source: as given; n_prints: prints in it; n_bytes: their pixels; skipped: (file, reason) of bad files left
    out; duplicate_groups: groups of Real prints with the same pixels; seconds: time taken; reused: True where a finished store of the same request was
    found and left as it was; digest: the store's digest
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
    ppi: pixels per inch of the images, for "folder" (0 leaves them at their own size) and "fvc" (0 takes what is known of the set)
    threads: images decoded at once; 0 takes one per usable core. Pillow and file reads let go of Python's lock, so threads are as fast
    as processes here, and any program can call this without a guarded main. The store's bytes don't depend on the number

    Where several processes prepare the same store, one does the work and the others wait for it. A finished store at `out` is
    reused when it has the same source, root, subjects and ppi and no image has changed since; it is made anew when images have
    changed. Raises BadInput, and leaves `out` alone, where it holds the store of another request or anything else; also for
    folders and flags that can't be used.
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
    listing = _listing(source, root, subjects)
    if listing.bad and not skip_bad:
        raise _stop(listing.bad[0][0], listing.bad[0][1])
    wanted = parse_subjects(subjects)
    request = {
        "source": source,
        "root": str(root.resolve()),
        "subjects": "" if wanted is None else ",".join(map(str, sorted(wanted))),
        "ppi": float(ppi),
    }
    files_digest = _files_digest(listing)
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        with FileLock(out.absolute().parent / f".{out.absolute().name}.lock"):
            about = _finished_store(out, request, skip_bad)
            if about is not None and about["files_digest"] == files_digest:
                return _report(out, about, time.monotonic() - began, reused=True)
            _remove_leftovers(out)
            with whole_folder(out.absolute()) as folder:
                about = _write(folder, source, listing, _canonical_form(source, ppi), skip_bad, threads, progress)
                about |= {"seconds": round(time.monotonic() - began, 3), "request": request, "files_digest": files_digest}
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
        first = once.setdefault(file.label.name, file)
        if first is not file:
            bad.append((file.path, f"{file.path.name} has the same name as {first.path.name} but for its suffix"))
    return Listing(list(once.values()), bad)


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


def _remove_leftovers(out: Path) -> None:
    """Removes temporary folders of killed runs; nobody else writes one while this process holds the lock."""
    pattern = re.compile(rf"\.{re.escape(out.absolute().name)}-[a-z0-9_]{{8}}")
    for folder in out.absolute().parent.iterdir():
        if pattern.fullmatch(folder.name):
            shutil.rmtree(folder, ignore_errors=True)


def _canonical_form(source: str, ppi: float) -> Callable[[Path], np.ndarray]:
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


class _Decoded(NamedTuple):
    """One file's canonical print, or why there is none; digest is of its size and pixels."""

    pixels: np.ndarray
    digest: bytes
    reason: str


def _decoded(paths: Sequence[Path], canonical: Callable[[Path], np.ndarray]) -> list[_Decoded]:
    prints = []
    for path in paths:
        try:
            pixels = np.ascontiguousarray(canonical(path))
        except BadInput as error:
            prints.append(_Decoded(np.empty((0, 0), np.uint8), b"", str(error)))
            continue
        digest = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).digest()
        prints.append(_Decoded(pixels, digest, ""))
    return prints


def _in_order(
    files: Sequence[PrintFile], canonical: Callable[[Path], np.ndarray], threads: int
) -> Iterator[tuple[PrintFile, _Decoded]]:
    """Decodes in `threads` threads and yields in order; only a few chunks are in memory at any time."""
    chunks = (files[start : start + _CHUNK] for start in range(0, len(files), _CHUNK))
    pool = ThreadPoolExecutor(threads)
    waiting: deque[tuple[Sequence[PrintFile], Future[list[_Decoded]]]] = deque()

    def submit(number: int) -> None:
        for chunk in islice(chunks, number):
            waiting.append((chunk, pool.submit(_decoded, [file.path for file in chunk], canonical)))

    try:
        submit(2 * threads + 1)
        while waiting:
            chunk, future = waiting.popleft()
            yield from zip(chunk, future.result(), strict=True)
            submit(1)
    finally:
        pool.shutdown(cancel_futures=True)


def _write(
    folder: Path,
    source: str,
    listing: Listing,
    canonical: Callable[[Path], np.ndarray],
    skip_bad: bool,
    threads: int,
    progress: bool,
) -> dict[str, Any]:
    """Writes pixels and index into `folder`; returns what store.json tells of them."""
    threads = threads or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1))
    labels: list[PrintLabel] = []
    shapes: list[tuple[int, int]] = []
    digests: list[bytes] = []
    skipped = [(str(path), reason) for path, reason in listing.bad]
    sha256 = hashlib.sha256()
    bar = Progress(
        TextColumn("Preparing {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not progress,
    )
    with bar, (folder / PIXELS_FILE).open("wb", buffering=2**20) as pixels_file:
        for file, decoded in bar.track(
            _in_order(listing.files, canonical, threads), total=len(listing.files), description=source
        ):
            if decoded.reason:
                if not skip_bad:
                    raise BadInput(f"{decoded.reason}: mend or remove it, or pass --skip-bad to leave it out")
                skipped.append((str(file.path), decoded.reason))
                continue
            pixels_file.write(decoded.pixels.data)
            sha256.update(decoded.pixels.data)
            labels.append(file.label)
            shapes.append((decoded.pixels.shape[0], decoded.pixels.shape[1]))
            digests.append(decoded.digest)
        if not labels:
            raise BadInput(f"all {len(skipped)} files are bad, so there is no store to write; the first: {skipped[0][1]}")
        pixels_file.flush()
        os.fsync(pixels_file.fileno())
    index = _index(labels, shapes, digests, source)
    pq.write_table(index, folder / INDEX_FILE, compression="zstd")
    return {
        "format": FORMAT,
        "version": VERSION,
        "source": source,
        "n_prints": len(labels),
        "n_bytes": sum(height * width for height, width in shapes),
        "duplicate_groups": int(index["duplicate_group"].to_numpy().max()) + 1,
        "digest": store_digest(sha256.digest(), index),
        "skipped": [{"file": file, "reason": reason} for file, reason in skipped],
    }


def _index(labels: list[PrintLabel], shapes: list[tuple[int, int]], digests: list[bytes], source: str) -> pa.Table:
    names = [field.name for field in fields(PrintLabel)]
    columns: dict[str, Any] = dict(zip(names, zip(*map(astuple, labels), strict=True), strict=True))
    heights, widths = np.array(shapes, np.int64).T
    columns["source"] = [source] * len(labels)
    columns["duplicate_group"] = duplicate_groups(digests, np.array(columns["level"]) == "Real")
    columns["offset"] = np.cumsum(heights * widths) - heights * widths
    columns["height"] = heights.astype(np.int32)
    columns["width"] = widths.astype(np.int32)
    return pa.table(columns, schema=INDEX_SCHEMA)


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
