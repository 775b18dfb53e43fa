"""Files and folders that are written whole or not at all, and text files that people have written."""

import codecs
import contextlib
import errno
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import filelock

from ridgecode.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_umask_lock = threading.Lock()
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PROBE_BYTES = 2**20
"""How much is written to find out why a library could not write: more than a disk still has that just was too full."""

# UTF-32 first, since its mark of four bytes starts with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@contextmanager
def whole_file(path: Path | str, durable: bool = True) -> Iterator[Path]:
    """Yields a temporary path beside `path`. The end of the block renames it to `path`; an error removes it.

    The rename is atomic, so no reader ever sees half a file, even if this process is killed. The temporary name keeps
    the suffix of `path`, because some writers choose their format by it.

    durable: whether to wait until the disk has the file, so that a power cut does not lose it, and to remove what
    killed processes left of the same file. False is for thousands of small files that can be made again.

    Raises OSError with the name of `path`, not that of the temporary file, where it can't be written: also where the
    block's library raises another kind of error for a full disk.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if durable:
        _remove_leftovers(path)
    with naming_file(path, path.parent):
        handle, temporary = _temporary_file(path)
    try:
        with naming_file(path, temporary):
            try:
                yield temporary
            except Exception as error:
                _raise_if_full(temporary, error)
                raise
            # mkstemp makes files private; the finished file gets the rights that the user's umask gives to others.
            temporary.chmod(0o666 & ~_umask())
            if durable:
                with temporary.open("r+b") as written:  # Windows flushes no file that is open for reading
                    os.fsync(written.fileno())
            temporary.replace(path)
    finally:
        if handle is not None:
            os.close(handle)
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path | str) -> Iterator[Path]:
    """Yields a temporary folder beside `path`. The end of the block renames it to `path`; an error removes it.

    An older folder at `path` is replaced. Raises OSError as `whole_file` does.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming_file(path, path.parent):
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-"))
    try:
        with naming_file(path, temporary):
            try:
                yield temporary
            except Exception as error:
                _raise_if_full(temporary / ".probe", error)
                raise
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
def naming_file(path: Path, temporary: Path | None = None) -> Iterator[None]:
    """Has the system's errors within the block name `path`: those that name no file, or that name `temporary`, which
    stands in for `path`, or a file in it, and those of a full disk, which can only be of what is written."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        named = None if error.filename is None or isinstance(error.filename, int) else Path(os.fsdecode(error.filename))
        stands_in = named is not None and temporary is not None and temporary in (named, *named.parents)
        if named is None or stands_in or error.errno in _FULL:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def _raise_if_full(file: Path, error: Exception) -> None:
    """Raises OSError where nothing more can be written to `file`: the reason for `error`, which says less.

    NumPy, PyTorch, pyarrow and safetensors raise errors of their own kinds for a full disk, some without its number.
    """
    if isinstance(error, BadInput) or (isinstance(error, OSError) and error.errno is not None):
        return
    try:
        with file.open("ab") as opened:
            opened.write(bytes(_PROBE_BYTES))
    except OSError as reason:
        raise reason from error


def _temporary_file(path: Path) -> tuple[int | None, Path]:
    """A new file beside `path`: a handle that holds it locked for as long as it is open, and its name. The handle is
    None on Windows, which renames no open file."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
        if fcntl is None:
            os.close(handle)
            return None, Path(name)
        with contextlib.suppress(OSError):  # some network disks have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)  # another process took it for a leftover before it was locked


def _remove_leftovers(path: Path) -> None:
    """Removes temporary files of `path` whose processes were killed: those that nobody holds locked."""
    if fcntl is None:
        return
    pattern = re.compile(rf"\.{re.escape(path.stem)}-[a-z0-9_]{{8}}{re.escape(path.suffix)}")
    with contextlib.suppress(OSError):
        for leftover in [one for one in path.parent.iterdir() if pattern.fullmatch(one.name)]:
            with contextlib.suppress(OSError), leftover.open("rb") as opened:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                leftover.unlink()


def why_not_writable(path: Path) -> str:
    """Why nothing can be written at `path`, a file or folder that may not exist yet; "" where something can. For a look
    before the work whose result goes there."""
    path = path.absolute()
    place = next((one for one in (path, *path.parents) if os.path.lexists(one)), path)
    if place != path and not place.is_dir():
        return f"{place} is no folder"
    folder = place if place.is_dir() else place.parent
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"{folder} is read-only for you"


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


def read_text(path: Path, otherwise: str = "") -> str:
    """The text of a file that a person, an editor or a spreadsheet has written, with "\\n" at the end of each line.

    Reads UTF-8, and UTF-16 or UTF-32 as their byte order mark or their zero bytes show; the mark itself is left out.
    otherwise: the encoding of text that is none of these. Raises UnicodeDecodeError for text of other encodings, and
    OSError as `Path.read_bytes` does.
    """
    data = path.read_bytes()
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in data[:2]:  # UTF-16 without its mark: half of the bytes of English text are zero
        encoding = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if not otherwise:
            raise
        text = data.decode(otherwise)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def write_array(path: Path | str, array: "NDArray[Any]") -> None:
    """Writes `array` as an .npy file to `path`, whole or not at all."""
    import numpy as np  # not at the top: whoever only reads a run folder needs none

    with whole_file(path) as temporary, temporary.open("wb") as file:
        # NumPy hands a real file to the C library, and does not hear of it when the last bytes find no room.
        np.save(SimpleNamespace(write=file.write), array, allow_pickle=False)
