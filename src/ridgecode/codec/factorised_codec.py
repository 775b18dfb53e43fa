"""Vectors to bytes and back, dim by dim: a step, a mean and a probability table for each, whatever the others say.

For latent vectors of models that were trained without a rate, and for the coefficients of linear image codecs. Nothing
that decides a probability is computed in floating point: tables, and which one each dim takes, are whole numbers.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.codec.factorised_tables import fit_factorised
from ridgecode.codec.range_coder import CHUNK, TableCoder

FRACTION = 256
"""Means are whole multiples of 1 / FRACTION of a step."""


class FactorisedCodec:
    """Codes vectors (N, latent_dim) with the tensors that `factorised_tensors` gave, as a `LatentCodec` does: the
    distance from the mean is rounded to whole steps, and these are coded with each dim's table."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        """Raises KeyError, IndexError, ValueError or TypeError for tensors that are no codec's."""
        tables = tensors["tables"].numpy()
        self._coder = TableCoder(tables)
        self._step = tensors["step"].double().numpy()
        self._mean = tensors["mean"].numpy() / FRACTION
        self._index = tensors["index"].numpy().astype(np.int64)
        self.latent_dim = len(self._index)
        if not self._step.shape == self._mean.shape == self._index.shape == (self.latent_dim,):
            raise ValueError("steps, means and tables are not of as many dims")
        if not (self._index.min() >= 0 and self._index.max() < len(tables)):
            raise ValueError("a dim takes a table that is not there")
        if not (np.isfinite(self._step).all() and (self._step > 0).all()):
            raise ValueError("a step is not above 0")

    def encode(self, z: Tensor) -> list[bytes]:
        """(N, latent_dim) float -> a payload each. Raises ValueError for values beyond 24 bits of steps."""
        payloads = []
        for part in z.split(CHUNK):
            encoder = self._coder.encoder(len(part))
            encoder.encode(self._numbers(part), np.broadcast_to(self._index, part.shape))
            payloads += encoder.bytes()
        return payloads

    def decode(self, payloads: Sequence[bytes]) -> Tensor:
        """Payloads -> (N, latent_dim) float32, rounded. Raises ValueError for bytes that can't be read to their end."""
        numbers = np.empty((len(payloads), self.latent_dim), np.int64)
        for start in range(0, len(payloads), CHUNK):
            part = slice(start, start + CHUNK)
            indices = np.broadcast_to(self._index, numbers[part].shape)
            numbers[part] = self._coder.decoder(payloads[part]).decode(indices)
        return self._vectors(numbers)

    def round(self, z: Tensor) -> Tensor:
        """(N, latent_dim) float -> float32: bit for bit what `decode` makes of `encode`'s payloads."""
        return self._vectors(self._numbers(z))

    def bits(self, z: Tensor) -> NDArray[np.float64]:
        """(N,) bits that vectors cost by the tables, before payloads are made of whole bytes."""
        return self._coder.bits(self._numbers(z), self._index).sum(1)

    def _numbers(self, z: Tensor) -> NDArray[np.int64]:
        return np.rint(z.detach().cpu().double().numpy() / self._step - self._mean).astype(np.int64)

    def _vectors(self, numbers: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy((numbers + self._mean) * self._step).float()


def factorised_tensors(z: Tensor, step: Tensor) -> dict[str, Tensor]:
    """Everything that coding needs: means and tables fitted to vectors z (N, latent_dim) of training prints, which are
    rounded in steps of `step` (latent_dim,), all above 0."""
    step = step.detach().cpu().float()
    y = z.detach().cpu().double() / step.double()
    mean = (y.mean(0) * FRACTION).round()
    index, tables = fit_factorised((y - mean / FRACTION).round().long().numpy())
    return {
        "step": step,
        "mean": mean.int(),
        "index": torch.from_numpy(index.astype(np.uint8)),
        "tables": torch.from_numpy(tables),
    }
