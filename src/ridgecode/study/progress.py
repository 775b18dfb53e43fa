"""A progress bar for long loops, on standard error, where that is a terminal."""

import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track

T = TypeVar("T")


def tracked(items: Sequence[T], description: str) -> Iterator[T]:
    """Yields the items while a bar shows how many are done and how long the rest will take."""
    yield from track(items, description, console=Console(stderr=True), disable=not sys.stderr.isatty())
