"""A context model's sums in fixed point: the same means and scale indices on every machine, to the last bit.

Weights are whole multiples of 2^-12 below 2^3, what they multiply of 2^-8 up to 2^6. A product is a whole multiple of
2^-20 up to 2^9, and a sum of up to 2^22 of them, with a bias below 2^9, is up to 2^32: 52 bits, which float64 holds. So
no sum is ever rounded, in whatever order or with whatever instructions it is made, and matrix products of float64 give
what integers would. (Balle et al., "Integer networks for data compression with latent-variable models", ICLR 2019,
found why this is needed: a decoder whose floating-point probabilities differ in one bit decodes garbage.)
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.codec.context_model import FRACTION, LIMIT
from ridgecode.codec.scales import SCALES

WEIGHT_FRACTION = 4096
WEIGHT_LIMIT, BIAS_LIMIT = 8.0, 512.0
Array = NDArray[np.float64]


class FixedPass:
    """One `Pass` in fixed point, at the places it codes.

    weights: of its three convolutions, as a `ContextModel` names them, with `prefix` before; rows, columns: of the
    latent map; places: (P,) which of it, row by row. known: (K, rows + 2, columns + 2) with a margin of 0, what the
    pass sees first and is the same for every print, whole multiples of 1 / FRACTION within +-LIMIT: it is multiplied
    once, here, since no order of sums matters.
    """

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        prefix: str,
        rows: int,
        columns: int,
        places: NDArray[np.int64],
        known: Array | None = None,
    ) -> None:
        layers = [
            (
                _whole(weights[f"{prefix}.{i}.weight"], WEIGHT_LIMIT)
                .reshape(len(weights[f"{prefix}.{i}.bias"]), -1)
                .T.copy(),
                _whole(weights[f"{prefix}.{i}.bias"], BIAS_LIMIT),
            )
            for i in (0, 2, 4)
        ]
        (first, bias), *self._layers = layers
        n_known = 0 if known is None else len(known)
        self._first = first[9 * n_known :]
        # Where the 3x3 neighbourhood of each place lies in a flattened map with a margin of one.
        y, x = np.divmod(places, columns)
        dy, dx = np.divmod(np.arange(9), 3)
        spot = (y[:, None] + dy) * (columns + 2) + x[:, None] + dx  # (P, 9)
        each = np.arange(len(first) // 9)[:, None] * (rows + 2) * (columns + 2)
        gather = (each + spot[:, None, :]).reshape(len(spot), -1)  # (P, channels * 9)
        self._start = np.broadcast_to(bias, (len(spot), len(bias)))
        if known is not None:
            self._start = known.ravel()[gather[:, : 9 * n_known]] @ first[: 9 * n_known] + bias
        self._gather = gather[:, : 9 * (len(first) // 9 - n_known)]

    def __call__(self, seen: Array) -> tuple[Array, NDArray[np.int64]]:
        """(N, channels, rows + 2, columns + 2) with a margin of 0, whole multiples of 1 / FRACTION within +-LIMIT, of
        which it sees the first channels, behind those `known` -> means and scale indices, both (N, P, told)."""
        near = seen.reshape(len(seen), -1)[:, self._gather]
        # The first pass sees no more than what is known, and then this has no columns.
        out = near.reshape(near.shape[0] * near.shape[1], near.shape[2]) @ self._first
        out.reshape(*near.shape[:2], -1)[:] += self._start
        for weight, bias in self._layers:
            out = _floor(np.clip(out, 0, LIMIT, out=out)) @ weight
            out += bias
        means, indices = np.split(out.reshape(len(seen), -1, out.shape[1]), 2, axis=2)
        return _floor(means + 0.5 / FRACTION), np.floor(indices + 0.5).clip(0, SCALES - 1).astype(np.int64)


def _floor(values: Array) -> Array:
    """Down to whole multiples of 1 / FRACTION, in place."""
    values *= FRACTION
    np.floor(values, out=values)
    values /= FRACTION
    return values


def _whole(weight: Tensor, limit: float) -> Array:
    """To the nearest whole multiples of 1 / WEIGHT_FRACTION within +-`limit`."""
    limited = weight.detach().cpu().double().numpy().clip(-limit, limit)
    return np.floor(limited * WEIGHT_FRACTION + 0.5) / WEIGHT_FRACTION
