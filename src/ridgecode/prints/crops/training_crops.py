"""Batches of windows for training, cut from prints held in memory."""

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.prints.canonical import WHITE
from ridgecode.prints.crops.warp import Warp, cut_warped, draw_warps
from ridgecode.prints.names import TrainCrops
from ridgecode.prints.views import View

CROPS_PER_EPOCH = 4096
"""A small set gives several crops a print and epoch, at least so many together: a shorter epoch would not be worth its
validation and its checkpoint."""
WHOLE_JITTER = 4
"""A whole print is shifted by at most so many pixels, each way, when its windows are drawn at random."""
CENTRE_SHARE = 0.5
"""Share of random crops around the middle of the print: validation measures the middle, and the core there is hard to
reconstruct."""
CENTRE_SPREAD = 8.0
"""Standard deviation in pixels of the shift of those crops from the middle."""
NEAR_SPREAD = 4.0
"""The same where all crops are drawn near the middle."""


class CropPlaces(NamedTuple):
    """Where B windows are cut.

    prints: (B,) the print of each window
    passes: (B,) which of the epoch's passes over the prints it belongs to
    y, x: (B, h) its rows and (B, w) its columns in the print; they run backwards where it is mirrored
    warp: how the windows are warped; None for no warp
    """

    prints: NDArray[np.int64]
    passes: NDArray[np.int64]
    y: NDArray[np.int64]
    x: NDArray[np.int64]
    warp: Warp | None = None

    def cut(self, prints: Tensor, which: NDArray[np.int64] | None = None) -> Tensor:
        """Cuts the windows out of (N, H, W) uint8 prints, as `TrainingCrops.with_margin` returns them -> (B, 1, h, w)
        float in [0, 1] on the same device. which: (B,) the prints to cut, where they are not `self.prints`."""
        taken = self.prints if which is None else which
        number, y, x = (torch.from_numpy(part).to(prints.device) for part in (taken, self.y, self.x))
        if self.warp is not None:
            return cut_warped(prints[number], y, x, self.warp)
        rows, columns = prints.shape[1:]
        index = (number[:, None, None] * rows + y[:, :, None]) * columns + x[:, None, :]
        return prints.view(-1)[index].unsqueeze(1).float().div_(255)


class TrainingCrops:
    """Iterable over one epoch's batches: (batch_size, 1, h, w) float32 in [0, 1].

    prints: (N, H, W) uint8. They become one tensor on `device`; windows are indexed out of it without a worker process.
    train_crops: "random" draws places, half of them around the middle, and mirrors windows left to right and top to
        bottom by chance; a whole print is shifted by up to 4 pixels and only mirrored left to right. "warped" does the
        same, and turns, scales and bends half of the windows. "near" draws all places near the middle and mirrors
        nothing. "centre" takes the view's own window, not mirrored, once a print and epoch.
    seed, epoch: they alone decide the batches, so that a resumed run goes on with the batches of an uninterrupted one;
        `epoch` may be set before each epoch.
    rank, world_size: each of `world_size` processes takes every `world_size`-th batch; all take equally many.
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
        # A small set still gives every process a full batch.
        self.batch_size = min(batch_size, max(1, self._crops_per_epoch() // world_size))
        self.seed, self.epoch, self.rank, self.world_size = seed, epoch, rank, world_size

    @cached_property
    def prints(self) -> Tensor:
        """The prints as windows are cut from them; moved to `device` at the first use."""
        return self.with_margin(self._prints)

    def with_margin(self, prints: NDArray[np.uint8]) -> Tensor:
        """(N, H, W) uint8 prints -> a uint8 tensor on `device` that windows can be cut from: whole prints get a white
        margin to be shifted in."""
        margin = 0
        if self.train_crops == "centre" or self.view.print_shape is not None:
            prints = self.view.take(prints)
            margin = 0 if self.train_crops == "centre" else WHOLE_JITTER
        pad = ((0, 0), (margin, margin), (margin, margin))
        return torch.from_numpy(np.ascontiguousarray(np.pad(prints, pad, constant_values=WHITE))).to(self.device)

    @property
    def passes(self) -> int:
        """How many windows of each print an epoch has."""
        return 1 if self.train_crops == "centre" else -(-CROPS_PER_EPOCH // len(self._prints))

    def _crops_per_epoch(self) -> int:
        return len(self._prints) * self.passes

    def __len__(self) -> int:
        # A short last batch is left out: batch norm needs full ones, and each process the same number.
        return max(1, self._crops_per_epoch() // self.batch_size // self.world_size)

    def __iter__(self) -> Iterator[Tensor]:
        return (places.cut(self.prints) for places in self.places())

    def places(self) -> Iterator[CropPlaces]:
        """Where the windows of each of this process's batches are cut."""
        random = np.random.default_rng((self.seed, self.epoch))
        n, (rows, columns) = len(self.prints), self.prints.shape[1:]
        order = np.concatenate([random.permutation(n) for _ in range(self.passes)])
        top = self._starts(random, len(order), rows - self.view.height)
        left = self._starts(random, len(order), columns - self.view.width)
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
            yield CropPlaces(order[part], np.arange(len(order))[part] // n, y, x, warp)

    def _starts(self, random: np.random.Generator, n: int, room: int) -> NDArray[np.int64]:
        """First rows or columns of `n` windows, drawn from 0 to `room`."""
        anywhere = random.integers(0, room + 1, n)
        if self.view.print_shape is not None:
            return anywhere
        near = self.train_crops == "near"
        spread, share = (NEAR_SPREAD, 1.0) if near else (CENTRE_SPREAD, CENTRE_SHARE)
        middle = np.rint(random.normal(room // 2, spread, n)).astype(np.int64).clip(0, room)
        return np.where(random.random(n) < share, middle, anywhere)


def _span(start: NDArray[np.int64], length: int, flipped: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n,) first rows or columns -> (n, length) all of them, backwards where flipped."""
    forward = np.arange(length)
    return start[:, None] + np.where(flipped[:, None], forward[::-1], forward)
