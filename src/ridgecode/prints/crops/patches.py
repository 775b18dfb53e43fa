"""Patches of images of any size, for training a network of the view `full`."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

Image = Callable[[int], NDArray[np.uint8]]
"""Number of an image -> uint8 (H, W), 0 black ridge. It may read from a file that is mapped into memory."""
PATCHES_PER_EPOCH = 2048
RESAMPLED_SHARE, LEAST_SCALE, MOST_SCALE = 0.4, 0.85, 1.2
"""Such a share of patches is enlarged by a factor between these, since resolutions and fingers differ."""
LIT_SHARE, LEAST_CONTRAST = 0.5, 0.4
"""Such a share gets another contrast, 0.4 to 1 times its own, and another brightness, since sensors differ."""

EMPTY_SHARE = 0.3
"""Such a share gets plain background in a part: the training sets' prints fill their images, while others lie on a
white card or a grey glass."""
LEAST_GREY, MOST_NOISE = 0.6, 0.02
"""Half of these backgrounds are white; others are at least so light, with noise of at most this standard deviation."""


class TrainingPatches:
    """Iterable over one epoch's batches: (batch_size, 1, side, side) float32 in [0, 1].

    images: gives image 0 to n - 1; weights: (n,) how often each is taken, relative to the others
    seed, epoch: they alone decide the batches; `epoch` may be set before each epoch
    rank, world_size: each of `world_size` processes takes every `world_size`-th batch

    A patch lies anywhere in its image, is mirrored and transposed by chance, and now and then resampled, lit otherwise,
    or partly replaced by plain background. Where an image is smaller than the patch, its edge is repeated.
    """

    def __init__(
        self,
        images: Image,
        weights: Sequence[float] | NDArray[np.float64],
        side: int,
        batch_size: int,
        seed: int = 0,
        epoch: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self._images, self._share = images, np.asarray(weights, np.float64) / np.sum(weights)
        self.side, self.batch_size, self.seed, self.epoch = side, batch_size, seed, epoch
        self.rank, self.world_size = rank, world_size

    def __len__(self) -> int:
        return max(1, PATCHES_PER_EPOCH // self.batch_size // self.world_size)

    def __iter__(self) -> Iterator[Tensor]:
        for batch in range(self.rank, len(self) * self.world_size, self.world_size):
            random = np.random.default_rng((self.seed, self.epoch, batch))
            chosen = random.choice(len(self._share), self.batch_size, p=self._share)
            yield torch.stack([self._patch(self._images(int(number)), random) for number in chosen])[:, None]

    def _patch(self, image: NDArray[np.uint8], random: np.random.Generator) -> Tensor:
        """(side, side) in [0, 1]."""
        scale = random.uniform(LEAST_SCALE, MOST_SCALE) if random.random() < RESAMPLED_SHARE else 1.0
        cut = round(self.side / scale)
        missing = [max(0, cut - side) for side in image.shape]
        if any(missing):
            image = np.pad(image, [(less // 2, less - less // 2) for less in missing], mode="edge")
        top, left = (int(random.integers(0, side - cut + 1)) for side in image.shape)
        patch = torch.from_numpy(image[top : top + cut, left : left + cut].copy()).float().div_(255)
        if cut != self.side:
            size = (self.side, self.side)
            patch = F.interpolate(patch[None, None], size, mode="bilinear", antialias=True, align_corners=False)[0, 0]
        mirrored = random.random(3) < 0.5
        patch = patch.flip([axis for axis in (0, 1) if mirrored[axis]])
        if mirrored[2]:
            patch = patch.T
        if random.random() < LIT_SHARE:
            contrast = random.uniform(LEAST_CONTRAST, 1.0)
            patch = patch * contrast + random.uniform(0, 1 - contrast)
        if random.random() < EMPTY_SHARE:
            patch = partly_empty(patch, random)
        return patch.contiguous()


def partly_empty(patch: Tensor, random: np.random.Generator) -> Tensor:
    """(side, side) in [0, 1] -> the same with plain background on one side of a line, or, one time in six, all over."""
    shape = (len(patch), len(patch))
    grey, noise = (1.0, 0.0) if random.random() < 0.5 else random.uniform([LEAST_GREY, 0.0], [1.0, MOST_NOISE])
    background = grey + noise * random.standard_normal(shape, dtype=np.float32)
    angle, offset = random.uniform(0, 2 * np.pi), random.uniform(-0.5, 0.5)
    place = (np.arange(len(patch), dtype=np.float32) + 0.5) / len(patch) - 0.5
    beyond = np.cos(angle) * place[:, None] + np.sin(angle) * place > offset
    if random.random() < 1 / 6:
        beyond[:] = True
    return torch.where(torch.from_numpy(beyond), torch.from_numpy(background.clip(0, 1)).to(patch.dtype), patch)


def middle_patch(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The middle of an image, uint8 (side, side); where the image is smaller, its edge is repeated."""
    missing = [max(0, side - have) for have in image.shape]
    image = np.pad(image, [(less // 2, less - less // 2) for less in missing], mode="edge")
    top, left = ((have - side) // 2 for have in image.shape)
    return np.ascontiguousarray(image[top : top + side, left : left + side])
