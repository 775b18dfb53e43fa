"""Latent vectors to bytes and back by a context model, and that model as the tensors in a model's file."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.codec.context_model import ContextModel
from ridgecode.codec.full_context import FullContext
from ridgecode.codec.map_codec import MapCodec
from ridgecode.codec.range_coder import CHUNK
from ridgecode.codec.scales import SCALE_COUNT
from ridgecode.codec.tables import fit_tables

_BESIDE_WEIGHTS = ("shape", "entries", "tables")
"""Tensors in the file that are no weights of the context model."""


@torch.no_grad()
def context_tensors(context: ContextModel | FullContext, z: Tensor) -> dict[str, Tensor]:
    """All tensors that coding needs. z: (N, latent_dim) latent vectors of training prints, or maps of the view `full`,
    to which the tables are fitted."""
    training = context.training
    context.eval()
    whole = np.ones(z.shape[1:], bool)
    present = whole if isinstance(context, FullContext) else context.present.bool().cpu().numpy()
    symbols, indices = [], []
    for part in z.split(CHUNK):
        coded = context(part)
        symbols.append(coded.symbols.cpu().numpy()[:, present].astype(np.int64).ravel())
        rounded = coded.indices.round().clamp(0, SCALE_COUNT - 1)
        indices.append(rounded.cpu().numpy()[:, present].astype(np.int64).ravel())
    context.train(training)
    tables = fit_tables(np.concatenate(symbols), np.concatenate(indices))
    if isinstance(context, FullContext):
        return {**context.state_dict(), "tables": torch.from_numpy(tables)}
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
        self._entries = context.entries.numpy()
        self.latent_dim = len(self._entries)
        self._shape = context.shape
        self._maps = MapCodec(tensors, context.places.double().numpy(), context.present.bool().numpy())

    def encode(self, z: Tensor) -> list[bytes]:
        """(N, latent_dim) float -> N payloads. Raises ValueError for values beyond 24 bits of steps."""
        return [payload for part in _chunks(z) for payload in self._maps.encode(self._to_maps(part))]

    def decode(self, payloads: Sequence[bytes]) -> Tensor:
        """N payloads -> (N, latent_dim) float32, rounded. Raises ValueError for bytes that can't be read to their
        end."""
        parts = [self._maps.decode(payloads[i : i + CHUNK]) for i in range(0, len(payloads), CHUNK)]
        return self._vectors(parts)

    def round(self, z: Tensor) -> Tensor:
        """(N, latent_dim) float -> (N, latent_dim) float32: bit for bit what `decode` gives for the payloads of
        `encode`, without making payloads."""
        return self._vectors([self._maps.round(self._to_maps(part)) for part in _chunks(z)])

    def bits(self, z: Tensor) -> NDArray[np.float64]:
        """(N, latent_dim) float -> (N,) bits that the vectors cost by the tables. Payloads are a little longer: whole
        bytes."""
        return np.concatenate([np.zeros(0), *(self._maps.bits(self._to_maps(part)) for part in _chunks(z))])

    def _to_maps(self, z: Tensor) -> NDArray[np.float64]:
        maps = np.zeros((len(z), int(np.prod(self._shape))))
        maps[:, self._entries] = z.detach().cpu().double().numpy()
        return maps.reshape(len(z), *self._shape)

    def _vectors(self, maps: Sequence[Tensor]) -> Tensor:
        return torch.cat([torch.empty(0, self.latent_dim), *(part.flatten(1)[:, self._entries] for part in maps)])


def _chunks(z: Tensor) -> list[Tensor]:
    """(N, latent_dim) in parts of CHUNK rows; none where N is 0, of which `split` gives an empty part."""
    return [part for part in z.split(CHUNK) if len(part)]
