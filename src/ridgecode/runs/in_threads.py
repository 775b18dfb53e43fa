"""Work on many prints in several threads, a chunk of prints at a time."""

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
SWITCH_INTERVAL_SECONDS = 5e-4
"""How long a thread keeps Python's lock while another waits for it: a tenth of Python's own value. Entropy coding holds
the lock all the time, and a network in another thread would wait that long at each of its layers."""


def in_threads(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Yields `work(item)` for each item, in order, from as many threads as torch uses. Within each, torch uses one.

    Entropy coding is one long chain of steps, which threads within an operation don't speed up; whole chunks beside
    each other use every core. Raises what `work` raises, and then starts no further item.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    pool = ThreadPoolExecutor(threads)
    try:
        yield from pool.map(work, items)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)
        sys.setswitchinterval(before)
