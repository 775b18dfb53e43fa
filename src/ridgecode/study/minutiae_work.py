"""Templates and scores of a minutiae matcher, over all processors, each kept as soon as it is made.

Extraction takes up to seconds a print. So every template lies in a file whose name is the digest of the print's pixels,
the matcher and its version, and every hundred scores in another: a stopped command goes on with them, and evaluations
beside each other share them.
"""

import hashlib
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache, lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.matching.minutiae.matchers import MatcherName, minutiae_matcher
from ridgecode.matching.minutiae.template import Minutiae, MinutiaeMatcher
from ridgecode.study.progress import tracked

CHUNK = 100
"""Scores a file, and a task."""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def kept_templates(name: MatcherName, prints: NDArray[np.uint8], folder: Path, jobs: int) -> list[Path]:
    """The file of each print's template, (N, H, W) uint8; those that `folder` lacks are extracted first."""
    matcher = _matcher(name)
    files = [folder / f"{name}-{_digest(matcher, print.shape, print.tobytes())}.npz" for print in prints]
    lacking = {file: print for file, print in zip(files, prints, strict=True) if not file.is_file()}
    _in_parallel(_extract, [(name, print, file) for file, print in lacking.items()], jobs, f"minutiae by {name}")
    return files


def kept_scores(
    name: MatcherName, probes: Sequence[Path], references: Sequence[Path], folder: Path, jobs: int
) -> NDArray[np.float64]:
    """The score of each of N pairs of templates, float64 (N,), given as the files that `kept_templates` names."""
    matcher = _matcher(name)
    pairs = list(zip(probes, references, strict=True))
    chunks = [pairs[start : start + CHUNK] for start in range(0, len(pairs), CHUNK)]
    # A template's file is named for all that it depends on, so its name stands for it.
    files = [
        folder / f"{name}-scores-{_digest(matcher, *((a.name, b.name) for a, b in chunk))}.npy" for chunk in chunks
    ]
    lacking = [(name, chunk, file) for chunk, file in zip(chunks, files, strict=True) if not file.is_file()]
    _in_parallel(_compare, lacking, jobs, f"comparisons by {name}")
    return np.concatenate([_scores(file, len(chunk)) for file, chunk in zip(files, chunks, strict=True)])


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _matcher(name: MatcherName) -> MinutiaeMatcher:
    return minutiae_matcher(name)


@lru_cache(maxsize=4096)
def _template(file: Path) -> Minutiae:
    return Minutiae.load(file)


def _extract(name: MatcherName, print: NDArray[np.uint8], file: Path) -> None:
    _matcher(name).extract(print).save(file)


def _compare(name: MatcherName, pairs: Sequence[tuple[Path, Path]], file: Path) -> None:
    compare = _matcher(name).compare
    scores = np.array([compare(_template(probe), _template(reference)) for probe, reference in pairs])
    with whole_file(file) as temporary, temporary.open("wb") as opened:
        np.save(opened, scores)


def _scores(file: Path, n: int) -> NDArray[np.float64]:
    try:
        with file.open("rb") as opened:
            scores = np.load(opened, allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        raise BadInput(f"{file}: no scores ({error}); delete it, and they are made again") from None
    if scores.shape != (n,):
        raise BadInput(f"{file} holds {scores.shape} scores where {n} were kept; delete it, and they are made again")
    return np.asarray(scores, dtype=np.float64)


def _digest(matcher: MinutiaeMatcher, *parts: object) -> str:
    digest = hashlib.sha256(f"{matcher.name} {matcher.version}".encode())
    for part in parts:
        digest.update(part if isinstance(part, bytes) else repr(part).encode())
    return digest.hexdigest()


def _in_parallel(work: Callable[..., None], tasks: Sequence[tuple[Any, ...]], jobs: int, description: str) -> None:
    """Does every task, in `jobs` processes of one thread each, or here where one is enough."""
    jobs = min(jobs or processors(), len(tasks))
    if jobs <= 1:
        for task in tracked(tasks, description):
            work(*task)
        return
    # Not forked: torch's threads don't survive that.
    with _one_thread(), ProcessPoolExecutor(jobs, get_context("spawn"), _leave_ctrl_c) as pool:
        futures = [pool.submit(work, *task) for task in tasks]
        try:
            for future in tracked(futures, description):
                future.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _leave_ctrl_c() -> None:
    """This process alone answers Ctrl-C; a started one finishes what it is at, so that it is kept."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes that are started within take one thread each."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
