"""Work on many prints in several threads, a chunk of them at a time."""

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")
TURN_SECONDS = 5e-4
"""How long a thread keeps Python to itself where another wants it, a tenth of the usual: entropy coding is Python
throughout, and a network beside it would wait that long at each of its layers."""


def in_threads(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Yields `work(item)` of each, in their order, from as many threads as torch has; in each torch has one.

    Entropy coding is one long chain, which threads within an operation don't make shorter: whole chunks side by side
    keep every core at work. Raises what `work` raises, and then begins nothing more.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    turn = sys.getswitchinterval()
    sys.setswitchinterval(TURN_SECONDS)
    pool = ThreadPoolExecutor(threads)
    try:
        yield from pool.map(work, items)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)
        sys.setswitchinterval(turn)
