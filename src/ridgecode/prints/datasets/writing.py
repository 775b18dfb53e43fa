"""Decodes image files in several threads and writes the pixels and the index of a store."""

import hashlib
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple, fields
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.listing import Listing, PrintFile
from ridgecode.prints.duplicates import duplicate_groups
from ridgecode.prints.labels import PrintLabel
from ridgecode.prints.store import FORMAT, INDEX_FILE, INDEX_SCHEMA, PIXELS_FILE, VERSION, store_digest
from ridgecode.runs.cores import usable_cores

_FILES_PER_TASK = 32
"""A thread decodes so many files at a time: enough to make a task's own cost small, few enough to keep memory low."""
_MAX_THREADS = 8
"""More threads wait for Python's lock longer than they decode."""


class _Decoded(NamedTuple):
    """One file's canonical print, or the reason why there is none ("" where there is one).

    digest: sha256 of the print's size and pixels
    """

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
    """Decodes the files in `threads` threads and yields them in order; few of them are in memory at any time.

    Threads, not processes: Pillow and file reads release Python's lock, so threads are as fast as processes, use less
    memory, end with the program, and need no `if __name__ == "__main__"` in it.
    """
    chunks = (files[start : start + _FILES_PER_TASK] for start in range(0, len(files), _FILES_PER_TASK))
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


def write_prints(
    folder: Path,
    source: str,
    listing: Listing,
    canonical: Callable[[Path], np.ndarray],
    skip_bad: bool,
    threads: int,
    progress: bool,
) -> dict[str, Any]:
    """Writes prints.u8 and index.parquet into `folder`. Returns what store.json holds about them.

    canonical: from an image file to its print, uint8 (H, W); raises BadInput for a file that can't be used. Such a file
    is listed under "skipped" where `skip_bad` is True, as `listing.bad` is; otherwise its error is raised. threads: 0
    takes one per usable core, 8 at most. Raises BadInput where no file can be used.
    """
    threads = threads or min(usable_cores(), _MAX_THREADS)
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
        disable=not progress or not sys.stderr.isatty(),
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
            raise BadInput(
                f"all {len(skipped)} files are bad, so there is no store to write; the first: {skipped[0][1]}"
            )
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
