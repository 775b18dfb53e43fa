"""The error that tells users what is wrong with their input."""

import difflib
from collections.abc import Iterable


class BadInput(ValueError):
    """Input that can't be used. The message is one sentence that names the file or the flag and says what to do.

    The command line prints that sentence without a traceback and exits with code 2.
    """


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """ " (did you mean NEAREST?)" for a misspelt word, to be put behind it; empty where nothing known is near."""
    near = difflib.get_close_matches(str(word), list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""
