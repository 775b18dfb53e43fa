"""Keeps Pillow's warnings about a file's tags off the screen."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_ONE_AT_A_TIME = threading.Lock()
"""Python's list of warning filters belongs to the process; threads that change it at a time would mix it up."""


@contextmanager
def no_warnings() -> Iterator[None]:
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
