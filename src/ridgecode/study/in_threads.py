"""Work on many prints in several threads, a chunk of them at a time."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Yields `work(item)` of each, in their order, from as many threads as torch has; in each torch has one.

    Networks of prints are too small to gain much from threads within a convolution, and entropy coding, which is one
    long chain, gains nothing: whole chunks side by side keep every core at work. Raises what `work` raises, and then
    begins nothing more.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    pool = ThreadPoolExecutor(threads)
    try:
        yield from pool.map(work, items)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)
