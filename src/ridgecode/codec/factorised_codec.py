"""Vectors to bytes and back, each dim on its own: with a step, a mean and a probability table for each dim.

This codec serves latent vectors of models that were trained without a rate, and the coefficients of linear image
codecs. No probability is computed in floating point: the tables, and the choice of a table for each dim, are whole
numbers.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.codec.range_coder import CHUNK, TableCoder
from ridgecode.codec.scales import SCALE_COUNT
from ridgecode.codec.tables import COLUMNS, PRIOR_COUNT, column_of, fit_tables, logistic_rows

FRACTION = 256
"""Means are whole multiples of 1 / FRACTION of a step."""
ROUNDS = 3
"""How often `fit_factorised` chooses a table for each dim and fits the tables again. A fourth round changes next to
nothing."""


class FactorisedCodec:
    """Codes vectors (N, latent_dim) with the tensors of `factorised_tensors`; it is a `LatentCodec`.

    The encoder subtracts the mean, rounds to whole steps, and codes these with the dim's table.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        """Raises KeyError, IndexError, ValueError or TypeError for tensors of anything else."""
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
        """(N, latent_dim) float -> N payloads. Raises ValueError for values beyond 24 bits of steps."""
        payloads = []
        for part in z.split(CHUNK):
            encoder = self._coder.encoder(len(part))
            encoder.encode(self._numbers(part), np.broadcast_to(self._index, part.shape))
            payloads += encoder.bytes()
        return payloads

    def decode(self, payloads: Sequence[bytes]) -> Tensor:
        """N payloads -> (N, latent_dim) float32, rounded. Raises ValueError for bytes that can't be read to their
        end."""
        numbers = np.empty((len(payloads), self.latent_dim), np.int64)
        for start in range(0, len(payloads), CHUNK):
            part = slice(start, start + CHUNK)
            indices = np.broadcast_to(self._index, numbers[part].shape)
            numbers[part] = self._coder.decoder(payloads[part]).decode(indices)
        return self._vectors(numbers)

    def round(self, z: Tensor) -> Tensor:
        """(N, latent_dim) float -> (N, latent_dim) float32: bit for bit what `decode` gives for the payloads of
        `encode`."""
        return self._vectors(self._numbers(z))

    def bits(self, z: Tensor) -> NDArray[np.float64]:
        """(N, latent_dim) float -> (N,) bits that the vectors cost by the tables. Payloads are a little longer: whole
        bytes."""
        return self._coder.bits(self._numbers(z), self._index).sum(1)

    def _numbers(self, z: Tensor) -> NDArray[np.int64]:
        return np.rint(z.detach().cpu().double().numpy() / self._step - self._mean).astype(np.int64)

    def _vectors(self, numbers: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy((numbers + self._mean) * self._step).float()


def factorised_tensors(z: Tensor, step: Tensor) -> dict[str, Tensor]:
    """All tensors that coding needs: the steps, and means and tables fitted to training prints.

    z: (N, latent_dim) vectors of training prints. step: (latent_dim,) quantiser steps, all above 0.
    """
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


def fit_factorised(symbols: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Whole numbers (N, dims) of training prints -> the index of the table that codes each dim in fewest bits, (dims,),
    and the tables, (SCALE_COUNT, COLUMNS) as `fit_tables` gives them.

    Similar dims share a table, as in Lloyd's algorithm ("Least squares quantization in PCM", IEEE Transactions on
    Information Theory 28, 1982) with bits in place of distances. A table for each single dim would save nothing on
    other prints, and would take 512 bytes a dim in a model's file.
    """
    n, dims = symbols.shape
    counts = np.zeros((dims, COLUMNS))
    columns = column_of(symbols)
    for dim in range(dims):
        counts[dim] = np.bincount(columns[:, dim], minlength=COLUMNS)
    p = logistic_rows()
    index = np.zeros(dims, np.int64)
    for _ in range(ROUNDS):
        index = np.argmin(counts @ -np.log2(p.clip(2.0**-24)).T, axis=1)
        sums = np.zeros((SCALE_COUNT, COLUMNS))
        np.add.at(sums, index, counts)
        p = sums + PRIOR_COUNT * logistic_rows()
        p /= p.sum(1, keepdims=True)
    return index, fit_tables(symbols.ravel(), np.tile(index, n))
