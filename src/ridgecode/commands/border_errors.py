"""One sentence for the errors of the system that no check foresees: full disks, rights, memory, threads, locales."""

import errno
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ridgecode.errors import is_out_of_memory

_FULL = {
    errno.ENOSPC: "the disk at {disk} is full; make room there",
    errno.EDQUOT: "your quota on the disk at {disk} is used up; make room there",
    errno.EFBIG: "no file may grow so large here; raise the limit (ulimit -f)",
    errno.EROFS: "the disk at {disk} is read-only; make it writable",
}
"""What a file that can't be written meets."""
_UNUSABLE = {
    errno.EACCES: "mend its rights",
    errno.EPERM: "mend its rights",
    errno.EEXIST: "a file lies where a folder is wanted; remove it",
    errno.ENOTDIR: "a file lies where a folder is wanted; remove it",
    errno.EISDIR: "a folder lies where a file is wanted; remove it",
    errno.ENOTEMPTY: "other files lie there; remove them",
    errno.ENAMETOOLONG: "its name is too long; give a shorter one",
    errno.ENOENT: "it is not there; mend its path",
    errno.EIO: "the disk at {disk} fails; save what is on it",
    errno.ELOOP: "its links lead in a circle; mend them",
    errno.EMFILE: "too many files are open at once; raise the limit (ulimit -n)",
    errno.ENFILE: "too many files are open at once on this machine; end other programs",
    errno.EBUSY: "another program uses it; end that",
    errno.ESTALE: "the disk at {disk} was connected anew meanwhile; give the command again",
}
"""What a file that can't be read or written meets."""
_MEMORY_FLAGS = {
    "image_height": "smaller --image_height and --image_width",
    "batch_size": "a smaller --batch_size",
    "select": "fewer prints at a time (--select)",
    "threads": "fewer --threads",
}
"""Settings that save memory, and how to."""


def sentence_of(error: BaseException, settings: Mapping[str, Any], positionals: Sequence[str] = ()) -> str | None:
    """The sentence that stands for a traceback: what can't be used, and the way out; None for an error that is none of
    the system's but a fault of the program, whose traceback is wanted.

    settings: of the verb, by name; positionals: those of them that are given without a flag.
    """
    if is_out_of_memory(error):
        return _memory(error, settings)
    if isinstance(error, OSError) and error.errno is not None and error.errno != errno.EAGAIN:
        return _file(error, settings, positionals)
    if isinstance(error, UnicodeEncodeError):
        return _name(error)
    said = str(error)
    if "can't start new thread" in said or (isinstance(error, OSError) and error.errno == errno.EAGAIN):
        few = "fewer --threads" if "threads" in settings else "a smaller OMP_NUM_THREADS"
        return f"the system lets this program start no more threads; give {few}, or raise the limit (ulimit -u)"
    if type(error).__name__ in ("BrokenProcessPool", "ProcessExitedException"):
        return "the system ended a process of this program, as it does where memory is used up; give fewer jobs"
    return None


def _file(error: OSError, settings: Mapping[str, Any], positionals: Sequence[str]) -> str:
    number = error.errno or 0
    named = error.filename if isinstance(error.filename, str | bytes | os.PathLike) else None
    reason = os.strerror(number)
    if named is None:
        place, flag, disk = "standard output or a file", "", "its place"
    else:
        path = Path(os.fsdecode(named))
        place, flag, disk = str(path), _flag_of(path, settings, positionals), str(_mount_point(path))
    other = f", or give another {flag}" if flag else ""
    way = (_FULL | _UNUSABLE).get(number, "mend that and give the command again").format(disk=disk)
    return f"{place} can't be {'written' if number in _FULL else 'used'} ({reason}): {way}{other}"


def _flag_of(path: Path, settings: Mapping[str, Any], positionals: Sequence[str]) -> str:
    """The setting that names `path` or a folder above it, as it is typed; else what the verb's results go to."""
    absolute = path.absolute()
    for name, value in settings.items():
        for given in value if isinstance(value, list) else [value]:
            if isinstance(given, Path) and Path(given).absolute() in (absolute, *absolute.parents):
                return name.upper() if name in positionals else f"--{name}"
    if Path(tempfile.gettempdir()).absolute() in absolute.parents:
        return "folder for temporary files in TMPDIR"
    return next((f"--{name}" for name in ("run_dir", "out") if name in settings), "")


def _mount_point(path: Path) -> Path:
    """The folder at which the disk of `path`, which need not exist, is mounted."""
    path = Path(os.path.realpath(path))
    return next((place for place in (path, *path.parents) if os.path.ismount(place)), path)


def _memory(error: BaseException, settings: Mapping[str, Any]) -> str:
    asked = re.search(r"\d[\d.,]* ?(?:bytes|[KMGT]i?B)", str(error))
    amount = f" ({asked[0]} more were asked for)" if asked else ""
    ways = [way for name, way in _MEMORY_FLAGS.items() if name in settings]
    if re.search(r"\b(cuda|cudnn|cublas|hip|mps)", str(error), re.IGNORECASE):
        ways = [way for way in ways if "threads" not in way]
        ways += ["--device cpu"] if "device" in settings else []
        return f"the GPU's memory is used up{amount}; give {_any_of(ways) or 'it a smaller model'}"
    return f"the memory is used up{amount}; give {_any_of([*ways, 'smaller images'][:3])}, or take a larger machine"


def _any_of(ways: Sequence[str]) -> str:
    return ", or ".join(ways)


def _name(error: UnicodeEncodeError) -> str:
    name = ascii(error.object)
    if error.encoding.lower().replace("-", "") == "utf8":
        return f"{name} is not UTF-8; rename it"
    return (
        f"the name {name} can't be written in this locale, whose encoding is {error.encoding}; set PYTHONUTF8=1, or "
        "LC_ALL to a locale of UTF-8"
    )
