"""The batches of the system `ridge`: varied views of fingers of one data set, as frames.

fingers --draw--> prints --mirror, vary--> views (B, 160, 160), and how each one was turned and shifted
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.matching.siamese.ridge import Middles, Pose
from ridgecode.prints.core import find_core
from ridgecode.prints.frame import FRAME_SIDE, frame_corner, framed
from ridgecode.prints.store import PrintStore
from ridgecode.prints.varied_views import Variation, moved_views
from ridgecode.runs.progress import with_progress
from ridgecode.training.budgeted import EpochLoader
from ridgecode.training.views.finger_views import FingerSet
from ridgecode.training.views.shared_batches import StoreShares

WINDOW, WINDOW_SHIFT_PX, WINDOW_SHARE = (112, 96), 36, 0.5
"""Rows and columns of the sensor's window that views of sets without altered prints are cut by, how far its middle is
off the print's, and how often. Impressions of one finger show different parts of it."""
REAL_SHARE = 0.35
"""How often a view shows the Real print of an impression, where altered prints are there too."""


CENTRE_BELOW_CORE = 10.0
"""The centre of a finger lies so many pixels below its core, in the mean of synthetic prints."""
UNSURE, SURE = 0.2, 0.35
"""A core of at most the first certainty counts nothing, of at least the second fully."""
CORE_WEIGHT, ANY_WEIGHT = 0.5, 0.01
"""Weight in the pose's loss of the core's place, and of the middle of what touched the sensor where no core is sure."""


class RidgeBatch(NamedTuple):
    """B views. views: float32 (B, 160, 160) in [0, 1]; moved: how each was turned and shifted; fingers, impressions:
    int64 (B,), a number for each finger of the batch and for each of its impressions; middles: where the upright middle
    of each print should lie, if that is known."""

    views: Tensor
    moved: Pose
    fingers: Tensor
    impressions: Tensor
    middles: Middles | None = None


def with_middles(of: FingerSet) -> FingerSet:
    """A set of frames with the place where the upright middle of each should lie: below the core of the impression's
    Real print, if that has a sure one."""
    middles = np.zeros((len(of.prints), 3), np.float32)
    impressions = [prints for finger in of.impressions for prints in finger]
    for prints in with_progress(impressions, f"Finding the cores of {of.name}", len(impressions)):
        core = find_core(of.prints[prints[0]])
        sure = min(max((core.certainty - UNSURE) / (SURE - UNSURE), 0.0), 1.0)
        if sure:
            middles[prints] = core.right, core.down + CENTRE_BELOW_CORE, max(sure * CORE_WEIGHT, ANY_WEIGHT)
        else:
            middles[prints] = 0.0, 0.0, ANY_WEIGHT
    return replace(of, middles=middles)


def frames(store: PrintStore, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The frames of the prints at `rows`, uint8 (N, 160, 160).

    Altered prints are put where their impression's Real print lies, so that all of them show each part of the finger in
    the same place.
    """
    columns = [store.column(name)[rows] for name in ("finger_id", "impression", "height", "width")]
    keys = list(zip(*(column.tolist() for column in columns), strict=True))
    corners = {
        key: frame_corner(np.asarray(store.image(int(row))))
        for key, row, level in zip(keys, rows, store.column("level")[rows], strict=True)
        if level == "Real"
    }
    out = np.empty((len(rows), FRAME_SIDE, FRAME_SIDE), np.uint8)
    for place, row in enumerate(with_progress(rows, "Placing prints", len(rows))):
        out[place] = framed(np.asarray(store.image(int(row))), corners.get(keys[place]))
    return out


def ridge_batch(of: FingerSet, n_views: int, random: np.random.Generator) -> RidgeBatch:
    """About `n_views` views of fingers of a set, drawn by `random`.

    Where the set has several impressions of a finger, two views of each of two impressions: the first tell apart what
    belongs to the finger from what belongs to the impression, the others tell the pose. Else two views of different
    prints of the one impression. A finger may be mirrored, all of its views alike: as far as ridges go, it is another
    finger.
    """
    each = 4 if max(len(impressions) for impressions in of.impressions) > 1 else 2
    n_fingers = min(n_views // each, len(of))
    chosen = random.choice(len(of), n_fingers, replace=False)
    rows, shown = (
        np.concatenate(parts)
        for parts in zip(*(_drawn(of.impressions[finger], each, random) for finger in chosen), strict=True)
    )
    mirrored = np.repeat(random.random(n_fingers) < 0.5, each)
    prints = of.prints[rows]
    prints[mirrored] = prints[mirrored][:, :, ::-1]
    views, movement = moved_views(prints, random, (FRAME_SIDE, FRAME_SIDE), ridge_variation(of.variation))
    fingers = torch.arange(n_fingers).repeat_interleave(each)
    middles = None
    if of.middles is not None:
        known = torch.from_numpy(of.middles[rows])
        middles = Middles(known[:, 0] * torch.from_numpy(np.where(mirrored, -1, 1)), known[:, 1], known[:, 2])
    return RidgeBatch(views, Pose(*movement), fingers, 2 * fingers + torch.from_numpy(shown), middles)


def ridge_variation(variation: Variation) -> Variation:
    """How far frames of a set differ: what a view shows is brought to the middle, as a frame is, so that the core may
    lie anywhere, and the pose must find it by the ridges."""
    if variation.window is None:
        variation = replace(variation, window=WINDOW, window_share=WINDOW_SHARE, window_shift_px=WINDOW_SHIFT_PX)
    return replace(variation, recentre=True)


def _drawn(
    impressions: Sequence[NDArray[np.int64]], n: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """n = 2 or 4 rows of prints of one finger, and which of at most two impressions each shows, 0 or 1."""
    shown = np.arange(n) % min(2, len(impressions))
    of_finger = random.permutation(len(impressions))
    rows = np.empty(n, np.int64)
    for number in np.unique(shown):
        prints, wanted = impressions[of_finger[number]], int((shown == number).sum())
        share = REAL_SHARE if len(prints) > 1 else 1.0
        weights = np.array([share, *[(1 - share) / max(1, len(prints) - 1)] * (len(prints) - 1)])
        rows[shown == number] = random.choice(prints, wanted, replace=len(prints) < wanted, p=weights)
    return rows, shown


class RidgeBatches:
    """One epoch of `steps` batches. The seed and the number of a step decide its set and its views."""

    def __init__(
        self, sets: Sequence[FingerSet], shares: StoreShares, n_views: int, seed: int, steps: int, epoch: int
    ) -> None:
        self.sets, self.shares, self.n_views, self.seed = sets, shares, n_views, seed
        self.steps, self.epoch = steps, epoch

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[RidgeBatch]:
        for step in range(self.epoch * self.steps, (self.epoch + 1) * self.steps):
            of = self.sets[self.shares.at(step)]
            yield ridge_batch(of, self.n_views, np.random.default_rng((self.seed, step)))


class RidgeData(pl.LightningDataModule):
    """Training batches of several data sets; the arguments are those of `RidgeBatches`."""

    def __init__(self, sets: Sequence[FingerSet], shares: StoreShares, n_views: int, seed: int, steps: int) -> None:
        super().__init__()
        self.sets, self.shares, self.n_views, self.seed, self.steps = sets, shares, n_views, seed, steps

    def train_dataloader(self) -> EpochLoader:
        trainer = self.trainer
        assert trainer is not None

        def batches(epoch: int) -> RidgeBatches:
            return RidgeBatches(self.sets, self.shares, self.n_views, self.seed, self.steps, epoch)

        return EpochLoader(batches, lambda: trainer.current_epoch)

    def val_dataloader(self) -> EpochLoader:
        # Lightning validates only if there is a loader: one empty batch per epoch.
        return EpochLoader(lambda epoch: [torch.zeros(1)], lambda: 0)
