"""The error that tells users what is wrong with their input."""

import difflib
import errno
from collections.abc import Iterable


class BadInput(ValueError):
    """Input that can't be used. The message is one sentence that names the file or the flag and says what to do.

    The command line prints that sentence without a traceback and exits with code 2.
    """


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """ " (did you mean NEAREST?)" for a misspelt word, to be put behind it; empty where nothing known is near."""
    near = difflib.get_close_matches(str(word), list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


_NO_MEMORY = (
    "can't allocate memory",
    "cannot allocate memory",
    "unable to allocate",
    "out of memory",
    "bad_alloc",
    "bad allocation",
    "alloc_failed",
    "malloc of size",
    "not enough memory",
    "failed to map segment",
)
"""How libraries say that memory is used up, in small letters: PyTorch, CUDA and its parts, NumPy, pyarrow, the C++
library, the dynamic linker."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that the machine or the GPU has no memory left; libraries have many kinds of it."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    said = str(error).lower()
    return isinstance(error, (RuntimeError, ImportError, OSError)) and any(words in said for words in _NO_MEMORY)
