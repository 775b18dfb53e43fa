"""Names with characters that the locale's encoding lacks."""

import os
import sys
from collections.abc import Sequence

from ridgecode.errors import BadInput


def restart_in_utf8() -> None:
    """Starts this program again in Python's UTF-8 mode where the locale has ASCII alone, in which no file with an
    accent in its name could be opened. Does not return then; returns at once in all other locales.

    Python chooses the encoding of file names when it starts. In the locale C it takes UTF-8 by itself, unless
    PYTHONUTF8=0 or PYTHONCOERCECLOCALE=0 tell it not to.
    """
    ascii_alone = sys.getfilesystemencoding().lower() in ("ascii", "us-ascii", "ansi_x3.4-1968", "646")
    if not ascii_alone or "utf8" in sys._xoptions:
        return
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(
        sys.executable,
        [sys.executable, "-X", "utf8", *sys.orig_argv[1:]],
        {**os.environ, "PYTHONUTF8": "1"},
    )


def write_every_character() -> None:
    """Has standard output and error write what their encoding lacks as an escape, such as \\xe9, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="backslashreplace")


def check_utf8(arguments: Sequence[str]) -> None:
    """Raises BadInput for an argument whose bytes are not of the locale's encoding."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise BadInput(f"the argument {argument!a} is not UTF-8; rename what it names") from None
