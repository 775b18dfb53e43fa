"""Files and folders that are written whole or not at all."""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from ridgecode.errors import BadInput

_asking = threading.Lock()


@contextmanager
def whole_file(path: Path | str, durable: bool = True) -> Iterator[Path]:
    """Yields a temporary path beside `path`; moves it there when the block ends well, removes it otherwise.

    The move is atomic (POSIX rename), so a reader or a killed process never sees half a file. The temporary name keeps
    the suffix of `path`, because some writers choose their format by it. durable: whether the file has to outlive a
    power cut from then on, for which the disk is waited for; thousands of small files that can be made again need not.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files private; the finished file gets the rights that the user's umask gives any other.
        temporary.chmod(0o666 & ~_umask())
        if durable:
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path | str) -> Iterator[Path]:
    """Yields a temporary folder beside `path`; renames it to `path` when the block ends well, removes it otherwise.

    An older folder at `path` is replaced. Raises OSError where the parent folder can't be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-"))
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        if path.exists():
            # A folder can't be renamed over a full one: move the old one aside first, so that it is lost last.
            aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-old-"))
            path.rename(aside / path.name)
            temporary.rename(path)
            shutil.rmtree(aside)
        else:
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def held_folder(folder: Path, refusal: str) -> Iterator[None]:
    """Keeps other processes out of `folder`, which is made where it is not there, for the length of the block.

    The system lets go of it when the process ends, however it ends. Raises BadInput with the sentence `refusal` where
    another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise BadInput(refusal) from error
    try:
        yield
    finally:
        lock.release()


def _umask() -> int:
    # It can only be read by setting it: of two threads at once the second would read, and leave, the first one's 0.
    with _asking:
        umask = os.umask(0)
        os.umask(umask)
    return umask


def write_text(path: Path | str, text: str) -> None:
    """Writes `text` as UTF-8 to `path`, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
