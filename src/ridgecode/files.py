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

_umask_lock = threading.Lock()


@contextmanager
def whole_file(path: Path | str, durable: bool = True) -> Iterator[Path]:
    """Yields a temporary path beside `path`. The end of the block renames it to `path`; an error removes it.

    The rename is atomic (POSIX), so no reader ever sees half a file, even if this process is killed. The temporary name
    keeps the suffix of `path`, because some writers choose their format by it.

    durable: whether to wait until the disk has the file, so that a power cut does not lose it. False is for thousands
    of small files that can be made again.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files private; the finished file gets the rights that the user's umask gives to others.
        temporary.chmod(0o666 & ~_umask())
        if durable:
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path | str) -> Iterator[Path]:
    """Yields a temporary folder beside `path`. The end of the block renames it to `path`; an error removes it.

    An older folder at `path` is replaced. Raises OSError where the parent folder can't be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-"))
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        if path.exists():
            # A folder can't be renamed over a full one. The old one is moved aside first and removed last.
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
    """Locks `folder` against other processes for the length of the block; makes it where it is missing.

    The system removes the lock however the process ends. Raises BadInput with the sentence `refusal` where another
    process has the lock.
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
    # The umask can only be read by setting it. Without the lock a second thread would read the first one's 0, and then
    # set that for good.
    with _umask_lock:
        umask = os.umask(0)
        os.umask(umask)
    return umask


def write_text(path: Path | str, text: str) -> None:
    """Writes `text` as UTF-8 to `path`, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
