"""Batches of windows for training, cut from prints held in memory."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.prints.views import WHITE, View

TrainCrops = Literal["random", "centre"]
CROPS_PER_EPOCH = 4096
"""A small set is passed over several times an epoch, so that an epoch is worth its validation and its checkpoint."""
WHOLE_JITTER = 4
"""Pixels by which a whole print is shifted at most, each way, when its windows are drawn at random."""
CENTRE_SHARE = 0.5
"""Share of random crops drawn around the middle of the print, where the core is hard to draw and validation looks."""
CENTRE_SPREAD = 8.0
"""Standard deviation in pixels of those crops' shift from the middle."""


class TrainingCrops:
    """Iterable over one epoch's batches: (batch_size, 1, h, w) float32 in [0, 1].

    prints: (N, H, W) uint8, held as a tensor; windows are gathered from it without a worker process.
    train_crops: "random" draws a place (half of them around the middle) and mirrors it left-right and top-bottom by
        chance; a whole print is shifted by up to 4 pixels and mirrored left-right only. "centre" takes the view's own
        window unmirrored, once a print and epoch.
    seed, epoch: they alone decide the batches, so a resumed run sees what an unbroken one would have seen.
    rank, world_size: a process of several takes every `world_size`-th batch; all get as many batches.
    """

    def __init__(
        self,
        prints: NDArray[np.uint8],
        view: View,
        batch_size: int,
        train_crops: TrainCrops = "random",
        seed: int = 0,
        epoch: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        if train_crops == "centre":
            prints, margin = view.take(prints), 0
        elif view.print_shape is not None:
            prints, margin = view.take(prints), WHOLE_JITTER
        else:
            margin = 0
        pad = ((0, 0), (margin, margin), (margin, margin))
        self.prints = torch.from_numpy(np.ascontiguousarray(np.pad(prints, pad, constant_values=WHITE)))
        self.view, self.train_crops = view, train_crops
        # Small sets: every process still gets a full batch.
        self.batch_size = min(batch_size, max(1, self._crops_per_epoch() // world_size))
        self.seed, self.epoch, self.rank, self.world_size = seed, epoch, rank, world_size

    def _crops_per_epoch(self) -> int:
        n = len(self.prints)
        return n if self.train_crops == "centre" else n * -(-CROPS_PER_EPOCH // n)

    def __len__(self) -> int:
        # The last batch is left out where it is short: batch norm wants full ones, and each rank the same number.
        return max(1, self._crops_per_epoch() // self.batch_size // self.world_size)

    def __iter__(self) -> Iterator[Tensor]:
        random = np.random.default_rng((self.seed, self.epoch))
        n, (rows, columns) = len(self.prints), self.prints.shape[1:]
        passes = self._crops_per_epoch() // n
        order = np.concatenate([random.permutation(n) for _ in range(passes)])
        top = self._places(random, len(order), rows - self.view.height)
        left = self._places(random, len(order), columns - self.view.width)
        flip_x = random.random(len(order)) < 0.5
        flip_y = random.random(len(order)) < 0.5
        if self.train_crops == "centre":
            flip_x[:] = flip_y[:] = False
        elif self.view.print_shape is not None:
            flip_y[:] = False
        flat = self.prints.view(-1)
        for batch in range(self.rank, len(self) * self.world_size, self.world_size):
            part = slice(batch * self.batch_size, (batch + 1) * self.batch_size)
            y = _span(top[part], self.view.height, flip_y[part])
            x = _span(left[part], self.view.width, flip_x[part])
            index = (order[part, None, None] * rows + y[:, :, None]) * columns + x[:, None, :]
            yield flat[torch.from_numpy(index)].unsqueeze(1).float().div_(255)

    def _places(self, random: np.random.Generator, n: int, room: int) -> NDArray[np.int64]:
        """`n` offsets in 0..room."""
        anywhere = random.integers(0, room + 1, n)
        if self.view.print_shape is not None:
            return anywhere
        middle = np.rint(random.normal(room // 2, CENTRE_SPREAD, n)).astype(np.int64).clip(0, room)
        return np.where(random.random(n) < CENTRE_SHARE, middle, anywhere)


def _span(start: NDArray[np.int64], length: int, flipped: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n,) starts -> (n, length) positions, backwards where flipped."""
    forward = np.arange(length)
    return start[:, None] + np.where(flipped[:, None], forward[::-1], forward)
