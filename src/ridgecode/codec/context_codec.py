"""Latent vectors to bytes and back, by the context model that lies in a model's file."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.codec.context_file import load_context
from ridgecode.codec.context_model import LIMIT, ContextModel
from ridgecode.codec.fixed_point import FixedPass
from ridgecode.codec.range_coder import CHUNK, TableCoder


class ContextCodec:
    """Codes latent vectors (N, latent_dim) with the tensors of a model's file, as a `LatentCodec` does.

    A vector is rounded in steps of its channel; decoding gives what the rounding left, the same on every machine.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        """Raises KeyError, RuntimeError or ValueError for tensors that are no codec's."""
        context: ContextModel = load_context(tensors)
        self._coder = TableCoder(tensors["tables"].numpy())
        self._entries = context.entries.numpy()
        self.latent_dim = len(self._entries)
        self._shape = channels, rows, columns = context.shape
        self._step = context.log_step.detach().exp()
        known = np.pad(context.places.double().numpy(), ((0, 0), (1, 1), (1, 1)))
        black = context.black.bool().numpy().ravel()
        present = context.present.bool().numpy().reshape(channels, -1)
        self._passes: list[tuple[slice, NDArray[np.int64], NDArray[np.bool_], FixedPass]] = []
        passes = [(first, last, colour) for first, last in context.slices for colour in (black, ~black)]
        for number, (first, last, colour) in enumerate(passes):
            places = np.flatnonzero(colour & present[first:last].any(0))
            if len(places):  # a map of a single place has one colour only
                network = FixedPass(tensors, f"passes.{number}", rows, columns, places, known)
                self._passes.append((slice(first, last), places, present[first:last, places].T, network))

    def encode(self, z: Tensor) -> list[bytes]:
        """(N, latent_dim) float -> a payload each. Raises ValueError for values beyond 24 bits of steps."""
        return [payload for part in z.split(CHUNK) for payload in self._encode(part)]

    def decode(self, payloads: Sequence[bytes]) -> Tensor:
        """Payloads -> (N, latent_dim) float32, rounded. Raises ValueError for bytes that can't be read to their end."""
        parts = [self._decode(payloads[i : i + CHUNK]) for i in range(0, len(payloads), CHUNK)]
        return torch.cat(parts) if parts else torch.empty(0, len(self._entries))

    def round(self, z: Tensor) -> Tensor:
        """(N, latent_dim) float -> float32: bit for bit what `decode` makes of `encode`'s payloads, without making
        them."""
        parts = []
        for part in z.split(CHUNK):
            heard = _Heard(len(part), self._shape)
            for _ in self._groups(part, heard):
                pass
            parts.append(self._vectors(heard))
        return torch.cat(parts)

    def bits(self, z: Tensor) -> NDArray[np.float64]:
        """(N,) bits that latent vectors cost by the tables, before payloads are made of whole bytes."""
        return np.concatenate([self._bits(part) for part in z.split(CHUNK)])

    def _bits(self, z: Tensor) -> NDArray[np.float64]:
        total = np.zeros(len(z))
        for numbers, indices in self._groups(z, _Heard(len(z), self._shape)):
            total += self._coder.bits(numbers, indices).sum(1)
        return total

    def _encode(self, z: Tensor) -> list[bytes]:
        encoder = self._coder.encoder(len(z))
        for numbers, indices in self._groups(z, _Heard(len(z), self._shape)):
            encoder.encode(numbers, indices)
        return encoder.bytes()

    def _groups(self, z: Tensor, heard: "_Heard") -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """The numbers of each pass and their tables, both (N, n); `heard`, of nothing at first, is filled on the
        way."""
        y = np.zeros((len(z), int(np.prod(self._shape))))
        y[:, self._entries] = z.detach().cpu().double().numpy()
        y = y.reshape(len(z), self._shape[0], -1) / self._step.double().numpy()[:, None]
        for channels, places, present, network in self._passes:
            means, indices = network(heard.seen)
            numbers = np.rint(y[:, channels, places].transpose(0, 2, 1) - means).astype(np.int64)
            yield numbers[:, present], indices[:, present]
            heard.note(channels, places, (numbers + means) * present)

    def _decode(self, payloads: Sequence[bytes]) -> Tensor:
        decoder = self._coder.decoder(payloads)
        heard = _Heard(len(payloads), self._shape)
        for channels, places, present, network in self._passes:
            means, indices = network(heard.seen)
            numbers = np.zeros(means.shape, np.int64)
            numbers[:, present] = decoder.decode(indices[:, present])
            heard.note(channels, places, (numbers + means) * present)
        return self._vectors(heard)

    def _vectors(self, heard: "_Heard") -> Tensor:
        """(N, latent_dim) float32 of what was coded."""
        return (torch.from_numpy(heard.values).float() * self._step[:, None]).flatten(1)[:, self._entries]


class _Heard:
    """What is coded already of N latent maps of `shape`, in steps. values: (N, channels, places); seen: (N, channels,
    rows + 2, columns + 2), the same within +-LIMIT and with a margin of 0, as passes see it."""

    def __init__(self, n: int, shape: tuple[int, int, int]) -> None:
        channels, rows, columns = shape
        self.values = np.zeros((n, channels, rows * columns))
        self.seen = np.zeros((n, channels, rows + 2, columns + 2))
        self._columns = columns

    def note(self, channels: slice, places: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Takes what a pass has coded, (N, P, channels)."""
        values = values.transpose(0, 2, 1)
        self.values[:, channels, places] = values
        y, x = np.divmod(places, self._columns)
        self.seen[:, channels, y + 1, x + 1] = values.clip(-LIMIT, LIMIT)
