"""Work in several threads gives what a loop gives, in its order, and leaves torch's own threads as they were."""

import sys
import threading

import pytest
import torch

from ridgecode.runs.in_threads import in_threads


@pytest.fixture(autouse=True)
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    assert (torch.get_num_threads(), sys.getswitchinterval()) == (3, 0.005)
    torch.set_num_threads(before)


def test_results_come_in_order_from_three_threads_at_once() -> None:
    together = threading.Barrier(3, timeout=10)

    def work(item: int) -> tuple[int, int]:
        together.wait()  # passes only where three items are worked on at once
        return item * item, torch.get_num_threads()

    assert list(in_threads(work, range(6))) == [(item * item, 1) for item in range(6)]


def test_an_error_is_raised_and_nothing_new_begins() -> None:
    begun = []

    def work(item: int) -> None:
        begun.append(item)
        if item == 0:
            raise ZeroDivisionError
        threading.Event().wait(0.05)

    with pytest.raises(ZeroDivisionError):
        list(in_threads(work, range(100)))
    assert len(begun) < 50
