"""A progress bar for long loops, on standard error, where that is a terminal."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import track

T = TypeVar("T")


def with_progress(items: Iterable[T], description: str, total: int | None = None) -> Iterator[T]:
    """Yields the items while a bar shows how many are done and how long the rest will take.

    total: how many items there are, where `items` has no length.
    """
    yield from track(items, escape(description), total, console=Console(stderr=True), disable=not sys.stderr.isatty())
