"""Images of any size to latent maps, those to payloads, and back: networks of the view `full`.

image (H, W) - FullMaps: the network, tile by tile - latent map - FullMapCodec - payload
A tile reaches so far beyond the part of the map that is taken from it that the image's part beyond it has no effect on
that part: the tiled map is that of the whole image, and no seam is seen.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ridgecode.autoencoders.full import PLACE, FullAutoencoder
from ridgecode.codec.map_codec import MapCodec

TILE = 32
"""Places a side, about, of the part that one tile gives: 512 pixels."""
_SHAPES = 8
"""So many sizes of maps keep their coders."""


class FullMaps:
    """Images to latent maps and back with a network of the view `full`. The memory that it needs beside the image and
    its map does not grow with them. device: where the network computes; images and maps are on the CPU"""

    def __init__(self, net: FullAutoencoder, device: str | torch.device = "cpu") -> None:
        self._net, self._device = net.to(device), device

    @torch.inference_mode()
    def encode(self, image: NDArray[np.uint8]) -> Tensor:
        """uint8 (H, W), 0 black -> (channels, rows, columns), a place for each 16x16 pixels. Where 16 does not divide a
        side, the last row or column of pixels is repeated."""
        rows, columns = map_shape(*image.shape)
        out = torch.empty(self._net.latent_dim, rows, columns)
        for down, across in self._tiles(rows, columns):
            seen = image[_pixels(down.seen), _pixels(across.seen)]
            x = torch.from_numpy(seen.copy()).float().div_(255)[None, None]
            x = F.pad(x, (0, -x.shape[3] % PLACE, 0, -x.shape[2] % PLACE), mode="replicate")
            z = self._net.encode(x.to(self._device, memory_format=torch.channels_last))[0].cpu()
            out[:, down.given, across.given] = z[:, down.inside, across.inside]
        return out

    @torch.inference_mode()
    def decode(self, z: Tensor, height: int, width: int) -> NDArray[np.uint8]:
        """(channels, rows, columns) -> uint8 (height, width)."""
        rows, columns = z.shape[1:]
        out = np.empty((rows * PLACE, columns * PLACE), np.uint8)
        for down, across in self._tiles(rows, columns):
            part = z[None, :, down.seen, across.seen]
            x = self._net.decode(part.to(self._device, memory_format=torch.channels_last))[0, 0].cpu()
            grey = x[_pixels(down.inside), _pixels(across.inside)].mul(255).round_().clamp_(0, 255)
            out[_pixels(down.given), _pixels(across.given)] = grey.to(torch.uint8).numpy()
        return out[:height, :width]

    def _tiles(self, rows: int, columns: int) -> Iterator[tuple["_Span", "_Span"]]:
        return product(_spans(rows, self._net.reach), _spans(columns, self._net.reach))


def map_shape(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of the latent map of an image of so many pixels."""
    return -(-height // PLACE), -(-width // PLACE)


class _Span(NamedTuple):
    """Places of a tile along one axis. given: those of the map that it gives; seen: those that it sees; inside: those
    of the tile that are given."""

    given: slice
    seen: slice
    inside: slice


def _spans(n: int, reach: int) -> list[_Span]:
    # Tiles of about the same size, so that none is a narrow rest.
    count = max(1, round(n / TILE))
    ends = [n * i // count for i in range(count + 1)]
    spans = []
    for start, end in pairwise(ends):
        first = max(0, start - reach)
        spans.append(_Span(slice(start, end), slice(first, min(n, end + reach)), slice(start - first, end - first)))
    return spans


def _pixels(places: slice) -> slice:
    return slice(places.start * PLACE, places.stop * PLACE)


class FullMapCodec:
    """Codes latent maps of any size with the tensors of a model's file.

    tensors: those; step: (channels,) the quantiser step of each channel
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        """Takes the tensors of `context_tensors`. Raises KeyError or ValueError for others."""
        self.tensors, self.step = tensors, tensors["log_step"].exp()
        channels = len(self.step)

        @lru_cache(_SHAPES)
        def of(rows: int, columns: int) -> MapCodec:
            return MapCodec(tensors, np.ones((1, rows, columns)), np.ones((channels, rows, columns), bool))

        self._of: Callable[[int, int], MapCodec] = of

    def encode(self, z: Tensor) -> bytes:
        """(channels, rows, columns) float -> its payload. Raises ValueError for values beyond 24 bits of steps."""
        return self._of(*z.shape[1:]).encode(z[None].double().numpy())[0]

    def decode(self, payload: bytes, rows: int, columns: int) -> Tensor:
        """A payload -> (channels, rows, columns) float32, rounded. Raises ValueError for bytes that can't be read to
        their end."""
        return self._of(rows, columns).decode([payload])[0]

    def bits(self, z: Tensor) -> float:
        """Bits that the map costs by the tables."""
        return float(self._of(*z.shape[1:]).bits(z[None].double().numpy())[0])
