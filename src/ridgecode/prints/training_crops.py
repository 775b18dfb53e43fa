"""Batches of windows for training, cut from prints held in memory."""

from collections.abc import Iterator
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.prints.views import WHITE, View
from ridgecode.prints.warp import Warp, cut_warped, draw_warps

TrainCrops = Literal["random", "warped", "near", "centre"]
CROPS_PER_EPOCH = 4096
"""A small set is passed over several times an epoch, so that an epoch is worth its validation and its checkpoint."""
WHOLE_JITTER = 4
"""Pixels by which a whole print is shifted at most, each way, when its windows are drawn at random."""
CENTRE_SHARE = 0.5
"""Share of random crops drawn around the middle of the print, where the core is hard to draw and validation looks."""
CENTRE_SPREAD = 8.0
"""Standard deviation in pixels of those crops' shift from the middle."""
NEAR_SPREAD = 4.0
"""The same of crops that are all drawn near the middle."""


class Windows(NamedTuple):
    """A batch of B windows: of which `prints` (B,), in which of the epoch's `passes` (B,) over them, and which rows `y`
    (B, h) and columns `x` (B, w), and how they are warped, if they are."""

    prints: NDArray[np.int64]
    passes: NDArray[np.int64]
    y: NDArray[np.int64]
    x: NDArray[np.int64]
    warp: Warp | None = None

    def cut(self, held: Tensor, prints: NDArray[np.int64] | None = None) -> Tensor:
        """(N, H, W) uint8 prints as `TrainingCrops` holds them -> (B, 1, h, w) float in [0, 1], where `held` lies;
        `prints` to take others than its own."""
        taken = self.prints if prints is None else prints
        first, y, x = (torch.from_numpy(part).to(held.device) for part in (taken, self.y, self.x))
        if self.warp is not None:
            return cut_warped(held[first], y, x, self.warp)
        rows, columns = held.shape[1:]
        index = (first[:, None, None] * rows + y[:, :, None]) * columns + x[:, None, :]
        return held.view(-1)[index].unsqueeze(1).float().div_(255)


class TrainingCrops:
    """Iterable over one epoch's batches: (batch_size, 1, h, w) float32 in [0, 1].

    prints: (N, H, W) uint8, held as a tensor on `device`; windows are gathered from it without a worker process.
    train_crops: "random" draws a place (half of them around the middle) and mirrors it left-right and top-bottom by
        chance; a whole print is shifted by up to 4 pixels and mirrored left-right only. "warped" does so and turns,
        scales and bends half of the windows as well. "near" draws all places near the middle and mirrors nothing.
        "centre" takes the view's own window unmirrored, once a print and epoch.
    seed, epoch: they alone decide the batches, so a resumed run sees what an unbroken one would have seen; `epoch` may
        be set before each pass.
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
        device: torch.device | str = "cpu",
    ) -> None:
        self.view, self.train_crops, self.device = view, train_crops, device
        self._prints = prints
        # Small sets: every process still gets a full batch.
        self.batch_size = min(batch_size, max(1, self._crops_per_epoch() // world_size))
        self.seed, self.epoch, self.rank, self.world_size = seed, epoch, rank, world_size

    @cached_property
    def prints(self) -> Tensor:
        """The prints themselves, `held`; on a GPU not before they are needed."""
        return self.held(self._prints)

    def held(self, prints: NDArray[np.uint8]) -> Tensor:
        """(N, H, W) uint8 prints as windows are cut from them: on `device`, with a margin to shift in."""
        margin = 0
        if self.train_crops == "centre" or self.view.print_shape is not None:
            prints = self.view.take(prints)
            margin = 0 if self.train_crops == "centre" else WHOLE_JITTER
        pad = ((0, 0), (margin, margin), (margin, margin))
        return torch.from_numpy(np.ascontiguousarray(np.pad(prints, pad, constant_values=WHITE))).to(self.device)

    @property
    def passes(self) -> int:
        """How often an epoch comes to each print."""
        return 1 if self.train_crops == "centre" else -(-CROPS_PER_EPOCH // len(self._prints))

    def _crops_per_epoch(self) -> int:
        return len(self._prints) * self.passes

    def __len__(self) -> int:
        # The last batch is left out where it is short: batch norm wants full ones, and each rank the same number.
        return max(1, self._crops_per_epoch() // self.batch_size // self.world_size)

    def __iter__(self) -> Iterator[Tensor]:
        return (window.cut(self.prints) for window in self.windows())

    def windows(self) -> Iterator[Windows]:
        """Where this process's batches are cut."""
        random = np.random.default_rng((self.seed, self.epoch))
        n, (rows, columns) = len(self.prints), self.prints.shape[1:]
        order = np.concatenate([random.permutation(n) for _ in range(self.passes)])
        top = self._places(random, len(order), rows - self.view.height)
        left = self._places(random, len(order), columns - self.view.width)
        flip_x = random.random(len(order)) < 0.5
        flip_y = random.random(len(order)) < 0.5
        if self.train_crops not in ("random", "warped"):
            flip_x[:] = flip_y[:] = False
        elif self.view.print_shape is not None:
            flip_y[:] = False
        warps = None
        if self.train_crops == "warped":
            warps = draw_warps(random, len(order), self.view.height, self.view.width)
        for batch in range(self.rank, len(self) * self.world_size, self.world_size):
            part = slice(batch * self.batch_size, (batch + 1) * self.batch_size)
            y = _span(top[part], self.view.height, flip_y[part])
            x = _span(left[part], self.view.width, flip_x[part])
            warp = None if warps is None else warps.part(part)
            yield Windows(order[part], np.arange(len(order))[part] // n, y, x, warp)

    def _places(self, random: np.random.Generator, n: int, room: int) -> NDArray[np.int64]:
        """`n` offsets in 0..room."""
        anywhere = random.integers(0, room + 1, n)
        if self.view.print_shape is not None:
            return anywhere
        near = self.train_crops == "near"
        spread, share = (NEAR_SPREAD, 1.0) if near else (CENTRE_SPREAD, CENTRE_SHARE)
        middle = np.rint(random.normal(room // 2, spread, n)).astype(np.int64).clip(0, room)
        return np.where(random.random(n) < share, middle, anywhere)


def _span(start: NDArray[np.int64], length: int, flipped: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n,) starts -> (n, length) positions, backwards where flipped."""
    forward = np.arange(length)
    return start[:, None] + np.where(flipped[:, None], forward[::-1], forward)
