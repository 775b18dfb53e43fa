"""Latent vectors to bytes and back by a context model, and that model as the tensors in a model's file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.codec.context_model import LIMIT, ContextModel
from ridgecode.codec.fixed_point import FixedPass
from ridgecode.codec.range_coder import CHUNK, TableCoder
from ridgecode.codec.scales import SCALE_COUNT
from ridgecode.codec.tables import fit_tables

_BESIDE_WEIGHTS = ("shape", "entries", "tables")
"""Tensors in the file that are no weights of the context model."""


@torch.no_grad()
def context_tensors(context: ContextModel, z: Tensor) -> dict[str, Tensor]:
    """All tensors that coding needs. z: (N, latent_dim) latent vectors of training prints, to which the tables are
    fitted."""
    training = context.training
    context.eval()
    present = context.present.bool().cpu().numpy()
    symbols, indices = [], []
    for part in z.split(CHUNK):
        coded = context(part)
        symbols.append(coded.symbols.cpu().numpy()[:, present].astype(np.int64).ravel())
        rounded = coded.indices.round().clamp(0, SCALE_COUNT - 1)
        indices.append(rounded.cpu().numpy()[:, present].astype(np.int64).ravel())
    context.train(training)
    tables = fit_tables(np.concatenate(symbols), np.concatenate(indices))
    beside = (torch.tensor(context.shape), context.entries.clone(), torch.from_numpy(tables))
    return {**context.state_dict(), **dict(zip(_BESIDE_WEIGHTS, beside, strict=True))}


def has_context(tensors: Mapping[str, Tensor]) -> bool:
    """Whether the codec tensors of a model's file are a context model's. They may also be a factorised codec's
    (factorised_codec.py), or there may be none."""
    return "entries" in tensors


def load_context(tensors: Mapping[str, Tensor]) -> ContextModel:
    """The context model of `context_tensors`. Raises KeyError, RuntimeError or ValueError for other tensors."""
    weights = {name: value for name, value in tensors.items() if name not in _BESIDE_WEIGHTS}
    channels, rows, columns = (int(n) for n in tensors["shape"])
    hidden = tensors["passes.0.0.weight"].shape[0]
    context = ContextModel((channels, rows, columns), tensors["entries"], hidden)
    context.load_state_dict(weights)
    return context


class ContextCodec:
    """Codes latent vectors (N, latent_dim) with the tensors of a model's file; it is a `LatentCodec`.

    The encoder rounds the difference of each value from its predicted mean to whole quantiser steps of its channel. The
    decoder gives mean plus rounded difference, the same on every machine.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        """Takes the tensors of `context_tensors`. Raises KeyError, RuntimeError or ValueError for others."""
        context: ContextModel = load_context(tensors)
        self._coder = TableCoder(tensors["tables"].numpy())
        self._entries = context.entries.numpy()
        self.latent_dim = len(self._entries)
        self._shape = context.shape
        self._step = context.log_step.detach().exp()
        self._passes = _coding_passes(context, tensors)

    def encode(self, z: Tensor) -> list[bytes]:
        """(N, latent_dim) float -> N payloads. Raises ValueError for values beyond 24 bits of steps."""
        return [payload for part in _chunks(z) for payload in self._encode(part)]

    def decode(self, payloads: Sequence[bytes]) -> Tensor:
        """N payloads -> (N, latent_dim) float32, rounded. Raises ValueError for bytes that can't be read to their
        end."""
        parts = [self._decode(payloads[i : i + CHUNK]) for i in range(0, len(payloads), CHUNK)]
        return torch.cat(parts) if parts else torch.empty(0, len(self._entries))

    def round(self, z: Tensor) -> Tensor:
        """(N, latent_dim) float -> (N, latent_dim) float32: bit for bit what `decode` gives for the payloads of
        `encode`, without making payloads."""
        parts = [torch.empty(0, self.latent_dim)]
        for part in _chunks(z):
            decoded = _DecodedMaps(len(part), self._shape)
            for _ in self._groups(part, decoded):
                pass
            parts.append(self._vectors(decoded))
        return torch.cat(parts)

    def bits(self, z: Tensor) -> NDArray[np.float64]:
        """(N, latent_dim) float -> (N,) bits that the vectors cost by the tables. Payloads are a little longer: whole
        bytes."""
        return np.concatenate([np.zeros(0), *(self._bits(part) for part in _chunks(z))])

    def _bits(self, z: Tensor) -> NDArray[np.float64]:
        total = np.zeros(len(z))
        for numbers, indices in self._groups(z, _DecodedMaps(len(z), self._shape)):
            total += self._coder.bits(numbers, indices).sum(1)
        return total

    def _encode(self, z: Tensor) -> list[bytes]:
        encoder = self._coder.encoder(len(z))
        for numbers, indices in self._groups(z, _DecodedMaps(len(z), self._shape)):
            encoder.encode(numbers, indices)
        return encoder.bytes()

    def _groups(self, z: Tensor, decoded: "_DecodedMaps") -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yields, pass by pass, the numbers to code and the scale index of each, both (N, n). `decoded` starts empty;
        each pass adds its values to it, since the next passes predict from them."""
        y = np.zeros((len(z), int(np.prod(self._shape))))
        y[:, self._entries] = z.detach().cpu().double().numpy()
        y = y.reshape(len(z), self._shape[0], -1) / self._step.double().numpy()[:, None]
        for channels, places, present, network in self._passes:
            means, indices = network(decoded.padded)
            numbers = np.rint(y[:, channels, places].transpose(0, 2, 1) - means).astype(np.int64)
            yield numbers[:, present], indices[:, present]
            decoded.add(channels, places, (numbers + means) * present)

    def _decode(self, payloads: Sequence[bytes]) -> Tensor:
        decoder = self._coder.decoder(payloads)
        decoded = _DecodedMaps(len(payloads), self._shape)
        for channels, places, present, network in self._passes:
            means, indices = network(decoded.padded)
            numbers = np.zeros(means.shape, np.int64)
            numbers[:, present] = decoder.decode(indices[:, present])
            decoded.add(channels, places, (numbers + means) * present)
        return self._vectors(decoded)

    def _vectors(self, decoded: "_DecodedMaps") -> Tensor:
        """(N, latent_dim) float32 latent vectors of maps that are complete."""
        return (torch.from_numpy(decoded.values).float() * self._step[:, None]).flatten(1)[:, self._entries]


def _chunks(z: Tensor) -> list[Tensor]:
    """(N, latent_dim) in parts of CHUNK rows; none where N is 0, of which `split` gives an empty part."""
    return [part for part in z.split(CHUNK) if len(part)]


class _CodingPass(NamedTuple):
    """The values of a latent map that are coded together.

    channels: c of the map's channels; places: (P,) int, positions in the map, counted row by row; present: (P, c) bool,
    whether a latent dim lies there; network: predicts their means and scale indices.
    """

    channels: slice
    places: NDArray[np.int64]
    present: NDArray[np.bool_]
    network: FixedPass


def _coding_passes(context: ContextModel, tensors: Mapping[str, Tensor]) -> list[_CodingPass]:
    channels, rows, columns = context.shape
    positions = np.pad(context.places.double().numpy(), ((0, 0), (1, 1), (1, 1)))
    black = context.black.bool().numpy().ravel()
    present = context.present.bool().numpy().reshape(channels, -1)
    passes = []
    numbered = enumerate((first, last, colour) for first, last in context.slices for colour in (black, ~black))
    for number, (first, last, colour) in numbered:
        places = np.flatnonzero(colour & present[first:last].any(0))
        if len(places):  # a map of a single place has one colour only
            network = FixedPass(tensors, f"passes.{number}", rows, columns, places, positions)
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
