"""Decodes image files in several threads and writes the pixels and the index of a store."""

import hashlib
import os
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple, fields, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ridgecode.errors import BadInput
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.datasets.account import left_out_entry
from ridgecode.prints.datasets.file_names import as_text
from ridgecode.prints.datasets.listing import COPY, LeftOut, Listing, PrintFile
from ridgecode.prints.datasets.resolution import Resolution, Resolutions
from ridgecode.prints.datasets.sources import CanonicalPrint
from ridgecode.prints.duplicates import duplicate_groups, equal_across
from ridgecode.prints.labels import PrintLabel
from ridgecode.prints.sets import has_sets, set_of_finger
from ridgecode.prints.store import FORMAT, INDEX_FILE, INDEX_SCHEMA, PIXELS_FILE, VERSION, store_digest
from ridgecode.runs.cores import usable_cores

_FILES_PER_TASK = 32
"""A thread decodes so many files at a time: enough to make a task's own cost small, few enough to keep memory low."""
_MAX_THREADS = 8
"""More threads wait for Python's lock longer than they decode."""


class _Decoded(NamedTuple):
    """One file's canonical print, or the reason why there is none ("" where there is one).

    digest: sha256 of the print's size and pixels
    notes, resolution: as CanonicalPrint has them
    """

    pixels: np.ndarray
    digest: bytes
    reason: str
    notes: tuple[str, ...] = ()
    resolution: Resolution | None = None


def _decoded(paths: Sequence[Path], canonical: Callable[[Path], CanonicalPrint]) -> list[_Decoded]:
    prints = []
    for path in paths:
        try:
            read = canonical(path)
        except BadInput as error:
            prints.append(_Decoded(np.empty((0, 0), np.uint8), b"", str(error)))
            continue
        pixels = np.ascontiguousarray(read.pixels)
        digest = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).digest()
        prints.append(_Decoded(pixels, digest, "", read.notes, read.resolution))
    return prints


def _in_order(
    files: Sequence[PrintFile], canonical: Callable[[Path], CanonicalPrint], threads: int
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
    canonical: Callable[[Path], CanonicalPrint],
    skip_bad: bool,
    keep_copies: bool,
    threads: int,
    progress: bool,
    canonical_ppi: float = CANONICAL_PPI,
) -> dict[str, Any]:
    """Writes prints.u8 and index.parquet into `folder`. Returns what store.json holds about them.

    canonical: from an image file to its print; raises BadInput for a file that can't be used. Such a file is listed
    under "skipped" where `skip_bad` is True, as `listing.bad` is; otherwise its error is raised. keep_copies: whether
    Real prints that equal an earlier one of their finger are taken too. threads: 0 takes one per usable core, 8 at
    most. canonical_ppi: of the prints that `canonical` gives. Raises BadInput where no file can be used.
    """
    threads = threads or min(usable_cores(), _MAX_THREADS)
    taken = _Taken(source, listing, keep_copies, canonical_ppi)
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
                taken.skipped.append((file.path, decoded.reason))
            elif taken.add(file, decoded):
                pixels_file.write(decoded.pixels.data)
        if not taken.labels:
            raise BadInput(
                f"all {len(taken.skipped)} files are bad, so there is no store to write; the first: "
                f"{taken.skipped[0][1]}"
            )
        pixels_file.flush()
        os.fsync(pixels_file.fileno())
    index = taken.index()
    # Through a handle: Arrow takes paths as UTF-8 only, whatever the locale is.
    with (folder / INDEX_FILE).open("wb") as index_file:
        pq.write_table(index, index_file, compression="zstd")
    return taken.about(index)


class _Taken:
    """The prints that were taken so far, and what was not."""

    def __init__(self, source: str, listing: Listing, keep_copies: bool, canonical_ppi: float) -> None:
        self.labels: list[PrintLabel] = []
        self.skipped = list(listing.bad)
        self._source, self._listing, self._keep_copies = source, listing, keep_copies
        self._canonical_ppi = canonical_ppi
        self._shapes: list[tuple[int, int]] = []
        self._digests: list[bytes] = []
        self._left_out = list(listing.left_out)
        self._notes: list[tuple[Path, str]] = []
        self._resolutions = Resolutions(canonical_ppi)
        self._suffixes: Counter[str] = Counter()
        self._impressions: Counter[str] = Counter()
        self._name_of: dict[tuple[str, bytes], str] = {}
        self._sha256 = hashlib.sha256()

    def add(self, file: PrintFile, decoded: _Decoded) -> bool:
        """Takes a print; returns False where it is left out, since it equals another one of its finger."""
        label = file.label
        if label.level == "Real" and not self._keep_copies:
            first = self._name_of.setdefault((label.finger_id, decoded.digest), label.name)
            if first != label.name:
                self._left_out.append(LeftOut(file.path, COPY, label.name, first))
                return False
        if self._listing.numbered:
            self._impressions[label.finger_id] += 1
            label = replace(label, impression=self._impressions[label.finger_id])
        self._notes += [(file.path, note) for note in decoded.notes]
        if decoded.resolution is not None:
            self._resolutions.add(decoded.resolution, set_of_finger(label.finger_id) if has_sets(self._source) else "")
        self._suffixes[file.path.suffix.lower()] += 1
        self._sha256.update(decoded.pixels.data)
        self.labels.append(label)
        self._shapes.append((decoded.pixels.shape[0], decoded.pixels.shape[1]))
        self._digests.append(decoded.digest)
        return True

    def index(self) -> pa.Table:
        """The store's index."""
        names = [field.name for field in fields(PrintLabel)]
        columns: dict[str, Any] = dict(zip(names, zip(*map(astuple, self.labels), strict=True), strict=True))
        heights, widths = np.array(self._shapes, np.int64).T
        columns["source"] = [self._source] * len(self.labels)
        columns["duplicate_group"] = duplicate_groups(self._digests, np.array(columns["level"]) == "Real")
        columns["offset"] = np.cumsum(heights * widths) - heights * widths
        columns["height"] = heights.astype(np.int32)
        columns["width"] = widths.astype(np.int32)
        return pa.table(columns, schema=INDEX_SCHEMA)

    def about(self, index: pa.Table) -> dict[str, Any]:
        """What store.json holds of the prints. index: the store's index"""
        groups = index["duplicate_group"].to_numpy()
        fingers = [label.finger_id for label in self.labels]
        splits = {name: rule.split for name, rule in self._listing.sets.items() if rule.split}
        equal = [[self.labels[row].name for row in rows] for rows in equal_across(groups, fingers)]
        return {
            "format": FORMAT,
            "version": VERSION,
            "source": self._source,
            "n_prints": len(self.labels),
            "n_bytes": sum(height * width for height, width in self._shapes),
            "n_identities": len(set(fingers)),
            "suffixes": dict(self._suffixes.most_common()),
            "duplicate_groups": int(groups.max()) + 1,
            "digest": store_digest(self._sha256.digest(), index, splits, self._canonical_ppi),
            "remarks": [*self._listing.remarks, *self._resolutions.remarks()],
            "equal_prints": equal,
            "skipped": [{"file": as_text(str(path)), "reason": as_text(reason)} for path, reason in self.skipped],
            "left_out": [left_out_entry(one) for one in self._left_out],
            "notes": [{"file": as_text(str(path)), "note": note} for path, note in self._notes],
        }
