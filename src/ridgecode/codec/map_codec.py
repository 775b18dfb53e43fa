"""Latent maps of one size to bytes and back, by the networks of a context model in fixed point."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.codec.context_model import LIMIT, first_colour, slices_of
from ridgecode.codec.fixed_point import FixedPass
from ridgecode.codec.range_coder import TableCoder

Maps = NDArray[np.float64]


class MapCodec:
    """Codes latent maps (N, channels, rows, columns).

    tensors: the weights of a context model, its `log_step` and its `tables`
    constant: (K, rows, columns), the first inputs of each pass, the same for every map; whole multiples of 1 / 256
    present: (channels, rows, columns) bool, where the maps have a dim; other values are taken to be 0
    """

    def __init__(self, tensors: Mapping[str, Tensor], constant: Maps, present: NDArray[np.bool_]) -> None:
        """Raises KeyError or ValueError for other tensors."""
        self._coder = TableCoder(tensors["tables"].numpy())
        self._shape: tuple[int, int, int] = present.shape
        self._step = tensors["log_step"].detach().exp()
        self._passes = _coding_passes(tensors, constant, present)

    def encode(self, maps: Maps) -> list[bytes]:
        """N maps -> N payloads. Raises ValueError for values beyond 24 bits of steps."""
        encoder = self._coder.encoder(len(maps))
        for numbers, indices in self._groups(maps, _DecodedMaps(len(maps), self._shape)):
            encoder.encode(numbers, indices)
        return encoder.bytes()

    def decode(self, payloads: Sequence[bytes]) -> Tensor:
        """N payloads -> maps, float32, rounded. Raises ValueError for bytes that can't be read to their end."""
        decoder = self._coder.decoder(payloads)
        decoded = _DecodedMaps(len(payloads), self._shape)
        for channels, places, present, network in self._passes:
            means, indices = network(decoded.padded)
            numbers = np.zeros(means.shape, np.int64)
            numbers[:, present] = decoder.decode(indices[:, present])
            decoded.add(channels, places, (numbers + means) * present)
        return self._floats(decoded)

    def round(self, maps: Maps) -> Tensor:
        """N maps -> what `decode` gives for the payloads of `encode`, bit for bit."""
        decoded = _DecodedMaps(len(maps), self._shape)
        for _ in self._groups(maps, decoded):
            pass
        return self._floats(decoded)

    def bits(self, maps: Maps) -> NDArray[np.float64]:
        """N maps -> (N,) bits that they cost by the tables."""
        total = np.zeros(len(maps))
        for numbers, indices in self._groups(maps, _DecodedMaps(len(maps), self._shape)):
            total += self._coder.bits(numbers, indices).sum(1)
        return total

    def _groups(self, maps: Maps, decoded: "_DecodedMaps") -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yields, pass by pass, the numbers to code and the scale index of each, both (N, n). `decoded` starts empty;
        each pass adds its values to it, since the next passes predict from them."""
        y = maps.reshape(*maps.shape[:2], -1) / self._step.double().numpy()[:, None]
        for channels, places, present, network in self._passes:
            means, indices = network(decoded.padded)
            numbers = np.rint(y[:, channels, places].transpose(0, 2, 1) - means).astype(np.int64)
            yield numbers[:, present], indices[:, present]
            decoded.add(channels, places, (numbers + means) * present)

    def _floats(self, decoded: "_DecodedMaps") -> Tensor:
        values = torch.from_numpy(decoded.values).float() * self._step[:, None]
        return values.unflatten(2, self._shape[1:])


class _CodingPass(NamedTuple):
    """The values of a latent map that are coded together.

    channels: c of the map's channels; places: (P,) int, positions in the map, counted row by row; present: (P, c) bool,
    whether a latent dim lies there; network: predicts their means and scale indices.
    """

    channels: slice
    places: NDArray[np.int64]
    present: NDArray[np.bool_]
    network: FixedPass


def _coding_passes(tensors: Mapping[str, Tensor], constant: Maps, present: NDArray[np.bool_]) -> list[_CodingPass]:
    channels, rows, columns = present.shape
    constant = np.pad(constant, ((0, 0), (1, 1), (1, 1)))
    black = first_colour(rows, columns).numpy().ravel()
    present = present.reshape(channels, -1)
    passes = []
    numbered = enumerate((first, last, colour) for first, last in slices_of(channels) for colour in (black, ~black))
    for number, (first, last, colour) in numbered:
        places = np.flatnonzero(colour & present[first:last].any(0))
        if len(places):  # a map of a single place has one colour only
            network = FixedPass(tensors, f"passes.{number}", rows, columns, places, constant)
            passes.append(_CodingPass(slice(first, last), places, present[first:last, places].T, network))
    return passes


class _DecodedMaps:
    """The part of N latent maps that is coded already, in quantiser steps; 0 elsewhere.

    values: (N, channels, rows * columns) float64. padded: (N, channels, rows + 2, columns + 2), the same values clipped
    to +-LIMIT, with a margin of 0: the input of `FixedPass`.
    """

    def __init__(self, n: int, shape: tuple[int, int, int]) -> None:
        channels, rows, columns = shape
        self.values = np.zeros((n, channels, rows * columns))
        self.padded = np.zeros((n, channels, rows + 2, columns + 2))
        self._columns = columns

    def add(self, channels: slice, places: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Adds what one pass has coded: values (N, P, c) at P places of c channels."""
        values = values.transpose(0, 2, 1)
        self.values[:, channels, places] = values
        y, x = np.divmod(places, self._columns)
        self.padded[:, channels, y + 1, x + 1] = values.clip(-LIMIT, LIMIT)
