"""SIGTERM ends work as Ctrl-C does."""

import os
import signal
import threading

import pytest

from ridgecode.runs.interrupts import interrupt_on_sigterm


def test_sigterm_interrupts_and_each_block_learns_of_it() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), interrupt_on_sigterm() as outer, interrupt_on_sigterm() as inner:
        os.kill(os.getpid(), signal.SIGTERM)
    assert outer == [signal.SIGTERM] and inner == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) == before


def test_other_threads_and_processes_that_ignore_it_stay_as_they_are() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with interrupt_on_sigterm() as received:
            os.kill(os.getpid(), signal.SIGTERM)
        assert received == []
    finally:
        signal.signal(signal.SIGTERM, before)
    seen: list[object] = []

    def look() -> None:
        with interrupt_on_sigterm():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]
