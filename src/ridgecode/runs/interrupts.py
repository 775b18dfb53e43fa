"""SIGTERM, as schedulers send it before they kill, ends the work as Ctrl-C does."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupt_on_sigterm() -> Iterator[list[int]]:
    """Within the block SIGTERM raises KeyboardInterrupt, so that temporary files are removed and locks released.

    Yields a list that holds the signal's number once it has come. Blocks may lie within each other. Outside of the main
    thread, which alone may set handlers, and where the parent has this process ignore SIGTERM, nothing changes.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    previous = signal.getsignal(signal.SIGTERM)
    if previous == signal.SIG_IGN:
        yield received
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if callable(previous):
            previous(number, frame)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield received
    finally:
        signal.signal(signal.SIGTERM, previous)
