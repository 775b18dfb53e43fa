"""Templates and scores of a minutiae matcher, computed in several processes and stored in files.

Extraction takes up to seconds a print. So each template, and each hundred scores, are stored as soon as they are
computed, in a file named by a digest of the pixels and the matcher's version. A command that was stopped continues from
these files, and other evaluations in the same folder use them too.
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
from ridgecode.files import write_array
from ridgecode.matching.minutiae.matchers import MinutiaeMatcher, minutiae_matcher
from ridgecode.matching.minutiae.template import Minutiae
from ridgecode.matching.names import MatcherName
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.runs.cores import usable_cores
from ridgecode.runs.progress import with_progress

SCORES_PER_FILE = 100
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def stored_templates(
    name: MatcherName, prints: Sequence[NDArray[np.uint8]], folder: Path, jobs: int, ppi: float = CANONICAL_PPI
) -> list[Path]:
    """The template file of each of N prints; templates that `folder` lacks are extracted first.

    name: of the matcher; prints: uint8 (H, W) each, at `ppi`; jobs: processes, 0 for one a processor.
    """
    matcher = _matcher(name)
    scale = () if ppi == CANONICAL_PPI else (ppi,)  # files of 200 ppi keep the names that they had
    files = [folder / f"{name}-{_digest(matcher, print.shape, print.tobytes(), *scale)}.npz" for print in prints]
    lacking = {file: print for file, print in zip(files, prints, strict=True) if not file.is_file()}
    _in_parallel(_extract, [(name, print, ppi, file) for file, print in lacking.items()], jobs, f"minutiae by {name}")
    return files


def stored_scores(
    name: MatcherName, probes: Sequence[Path], references: Sequence[Path], folder: Path, jobs: int
) -> NDArray[np.float64]:
    """The score of each of N pairs of templates, float64 (N,); scores that `folder` lacks are computed first.

    name: of the matcher; probes, references: N files each, from `stored_templates`; jobs: processes, 0 for one a
    processor. Raises BadInput, which names the file, for stored scores that can't be read.
    """
    matcher = _matcher(name)
    pairs = list(zip(probes, references, strict=True))
    chunks = [pairs[start : start + SCORES_PER_FILE] for start in range(0, len(pairs), SCORES_PER_FILE)]
    # The name of a template's file is a digest of all that the template depends on.
    files = [
        folder / f"{name}-scores-{_digest(matcher, *((a.name, b.name) for a, b in chunk))}.npy" for chunk in chunks
    ]
    lacking = [(name, chunk, file) for chunk, file in zip(chunks, files, strict=True) if not file.is_file()]
    _in_parallel(_compare, lacking, jobs, f"comparisons by {name}")
    return np.concatenate([_scores(file, len(chunk)) for file, chunk in zip(files, chunks, strict=True)])


@cache
def _matcher(name: MatcherName) -> MinutiaeMatcher:
    return minutiae_matcher(name)


@lru_cache(maxsize=4096)
def _template(file: Path) -> Minutiae:
    return Minutiae.load(file)


def _extract(name: MatcherName, print: NDArray[np.uint8], ppi: float, file: Path) -> None:
    _matcher(name).extract(print, ppi).save(file)


def _compare(name: MatcherName, pairs: Sequence[tuple[Path, Path]], file: Path) -> None:
    compare = _matcher(name).compare
    scores = np.array([compare(_template(probe), _template(reference)) for probe, reference in pairs])
    write_array(file, scores)


def _scores(file: Path, n: int) -> NDArray[np.float64]:
    try:
        with file.open("rb") as opened:
            scores = np.load(opened, allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        raise BadInput(f"{file}: no scores ({error}); delete it, and they are made again") from None
    if scores.shape != (n,):
        raise BadInput(f"{file} holds scores of shape {scores.shape}, not {n}; delete it, and they are made again")
    return np.asarray(scores, dtype=np.float64)


def _digest(matcher: MinutiaeMatcher, *parts: object) -> str:
    digest = hashlib.sha256(f"{matcher.name} {matcher.version}".encode())
    for part in parts:
        digest.update(part if isinstance(part, bytes) else repr(part).encode())
    return digest.hexdigest()


def _in_parallel(work: Callable[..., None], tasks: Sequence[tuple[Any, ...]], jobs: int, description: str) -> None:
    """Does every task in `jobs` processes of one thread each, or in this process if one is enough."""
    jobs = min(jobs or usable_cores(), len(tasks))
    if jobs <= 1:
        for task in with_progress(tasks, description):
            work(*task)
        return
    # Spawned, since a forked process has none of torch's threads and can hang in torch.
    with _one_thread(), ProcessPoolExecutor(jobs, get_context("spawn"), _leave_ctrl_c) as pool:
        futures = [pool.submit(work, *task) for task in tasks]
        try:
            for future in with_progress(futures, description):
                future.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _leave_ctrl_c() -> None:
    """Makes a worker ignore Ctrl-C, so that it finishes and stores its task; the main process stops the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes that start inside this context use one thread each."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
