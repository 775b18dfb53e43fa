"""Several stores in one training: each step takes its batch from one of them, each as often as its share says.

A batch holds prints of one data set only. With two, whose sensors differ, a network would tell fingers apart by the
look of the sensor.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput

_SUM_TOLERANCE = 0.005
"""Shares with two decimals, such as 0.33,0.33,0.33, may miss 1 by so much for each share."""


def store_paths(data: Path) -> list[Path]:
    """The stores of `--data`: one path, or several with commas between them. A folder whose name has a comma is one
    store. Raises BadInput for an empty path, and for a store that is named twice."""
    if data.exists() or "," not in str(data):
        return [data]
    names = [name.strip() for name in str(data).split(",")]
    if "" in names:
        raise BadInput(f"--data {data} has a comma with no store beside it; give STORE1,STORE2")
    if len(set(names)) < len(names):
        raise BadInput(f"--data {data} names a store twice; name each once, and give --shares")
    return [Path(name) for name in names]


class StoreShares:
    """Which of n sources each step takes its batch from. The step alone decides, so that a resumed run does the same.

    shares: n numbers above 0; they are scaled to a sum of 1

    Step s takes the source in whose part of [0, 1) the fractional part of (s + 1/2) * (sqrt(5) - 1) / 2 lies. These
    numbers are spread more evenly than random ones: after any number of steps each source has had its share but for a
    few. Source: H. Niederreiter, "Random number generation and quasi-Monte Carlo methods", SIAM 1992, chapter 3.
    """

    def __init__(self, shares: Sequence[float]) -> None:
        self.shares = np.asarray(shares, dtype=np.float64) / sum(shares)
        self._ends = np.cumsum(self.shares)[:-1]
        self._before = np.zeros((1, len(shares)), dtype=np.int64)

    @classmethod
    def parse(cls, text: str, n_stores: int) -> "StoreShares":
        """Reads `--shares` of so many stores: "0.45,0.25,0.3". An empty text gives all stores the same share.

        Raises BadInput for another number of shares, one that is no number above 0, or a sum that is not 1 but for
        rounding."""
        if not text.strip():
            return cls([1.0] * n_stores)
        try:
            shares = [float(one) for one in text.split(",")]
        except ValueError:
            raise BadInput(f"--shares {text} is no list of numbers; give one a store, such as 0.7,0.3") from None
        if len(shares) != n_stores:
            raise BadInput(f"--shares {text} has {len(shares)} numbers and --data {n_stores} stores; give one a store")
        if not all(0 < share <= 1 for share in shares):
            raise BadInput(f"--shares {text}: each share lies above 0 and is at most 1; leave out a store of share 0")
        if abs(math.fsum(shares) - 1) > _SUM_TOLERANCE * n_stores:
            raise BadInput(f"--shares {text} add up to {math.fsum(shares):g}; give shares that add up to 1")
        return cls(shares)

    def split(self, weights: Sequence[Sequence[float]]) -> "StoreShares":
        """Splits each store's share among its data sets. weights: for each store, the weights of its sets, such as
        their numbers of fingers. The new sources are the sets of the first store, then those of the second, and so
        on."""
        parts = [
            float(share) * weight / sum(of_store)
            for share, of_store in zip(self.shares, weights, strict=True)
            for weight in of_store
        ]
        return StoreShares(parts)

    def at(self, step: int) -> int:
        """The number of the source that a step takes its batch from."""
        return int(self._sources(step, step + 1)[0])

    def before(self, step: int) -> NDArray[np.int64]:
        """How many of the steps before `step` took each source: int64 (n,)."""
        while len(self._before) <= step:
            have = len(self._before) - 1
            taken = np.eye(len(self.shares), dtype=np.int64)[self._sources(have, 2 * have + 64)]
            self._before = np.concatenate((self._before, self._before[-1] + np.cumsum(taken, axis=0)))
        return self._before[step]

    def _sources(self, start: int, stop: int) -> NDArray[np.int64]:
        golden = (math.sqrt(5) - 1) / 2
        places = ((np.arange(start, stop) + 0.5) * golden) % 1
        return np.searchsorted(self._ends, places, side="right").astype(np.int64)
