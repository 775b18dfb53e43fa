"""A context model's sums in fixed point: the same means and scale indices on every machine, to the last bit.

Weights are whole multiples of 2^-12 below 2^3; their factors are whole multiples of 2^-8 up to 2^6. So a product is a
whole multiple of 2^-20 up to 2^9, and a sum of up to 2^22 products, with a bias below 2^9, is at most 2^32: 52 bits,
which float64 holds. Therefore no sum is ever rounded, whatever the order of its terms and the instructions used, and
matrix products in float64 give what integers would give. (Balle et al., "Integer networks for data compression with
latent-variable models", ICLR 2019, show why this is needed: a decoder whose floating-point probabilities differ in one
bit decodes garbage.)
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.codec.context_model import FRACTION, LIMIT
from ridgecode.codec.scales import SCALE_COUNT

WEIGHT_FRACTION = 4096
WEIGHT_LIMIT, BIAS_LIMIT = 8.0, 512.0
Array = NDArray[np.float64]


class FixedPass:
    """The network of one pass (`context_model.Pass`) in fixed point, at the places that the pass codes.

    weights: of its three convolutions, under the names that a `ContextModel` gives them, after `prefix` and a dot.
    rows, columns: of the latent map. places: (P,) int, positions in the map, counted row by row.
    constant_inputs: (K, rows + 2, columns + 2) with a margin of 0, whole multiples of 1 / FRACTION within +-LIMIT: the
    first K inputs, which are the same for every print. Their products are computed once, here; the order of sums does
    not matter.
    """

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        prefix: str,
        rows: int,
        columns: int,
        places: NDArray[np.int64],
        constant_inputs: Array | None = None,
    ) -> None:
        layers = [
            (
                _fixed(weights[f"{prefix}.{i}.weight"], WEIGHT_LIMIT)
                .reshape(len(weights[f"{prefix}.{i}.bias"]), -1)
                .T.copy(),
                _fixed(weights[f"{prefix}.{i}.bias"], BIAS_LIMIT),
            )
            for i in (0, 2, 4)
        ]
        (first, bias), *self._layers = layers
        n_constant = 0 if constant_inputs is None else len(constant_inputs)
        self._first = first[9 * n_constant :]
        # Where the 3x3 neighbourhood of each place lies in a flattened map with a margin of one.
        y, x = np.divmod(places, columns)
        dy, dx = np.divmod(np.arange(9), 3)
        neighbours = (y[:, None] + dy) * (columns + 2) + x[:, None] + dx  # (P, 9)
        channel_starts = np.arange(len(first) // 9)[:, None] * (rows + 2) * (columns + 2)
        gather = (channel_starts + neighbours[:, None, :]).reshape(len(places), -1)  # (P, channels * 9)
        self._start = np.broadcast_to(bias, (len(places), len(bias)))
        if constant_inputs is not None:
            self._start = constant_inputs.ravel()[gather[:, : 9 * n_constant]] @ first[: 9 * n_constant] + bias
        self._gather = gather[:, : 9 * (len(first) // 9 - n_constant)]

    def __call__(self, inputs: Array) -> tuple[Array, NDArray[np.int64]]:
        """Means in quantiser steps and scale indices, both (N, P, dims of a place).

        inputs: (N, channels, rows + 2, columns + 2) with a margin of 0, whole multiples of 1 / FRACTION within +-LIMIT:
        the inputs behind the constant ones. Further channels are not read.
        """
        near = inputs.reshape(len(inputs), -1)[:, self._gather]
        # The first pass has constant inputs only, and then `near` has no columns.
        out = near.reshape(near.shape[0] * near.shape[1], near.shape[2]) @ self._first
        out.reshape(*near.shape[:2], -1)[:] += self._start
        for weight, bias in self._layers:
            out = _floor(np.clip(out, 0, LIMIT, out=out)) @ weight
            out += bias
        means, indices = np.split(out.reshape(len(inputs), -1, out.shape[1]), 2, axis=2)
        return _floor(means + 0.5 / FRACTION), np.floor(indices + 0.5).clip(0, SCALE_COUNT - 1).astype(np.int64)


def _floor(values: Array) -> Array:
    """Rounds down to whole multiples of 1 / FRACTION, in place."""
    values *= FRACTION
    np.floor(values, out=values)
    values /= FRACTION
    return values


def _fixed(weight: Tensor, limit: float) -> Array:
    """To the nearest whole multiples of 1 / WEIGHT_FRACTION within +-`limit`."""
    limited = weight.detach().cpu().double().numpy().clip(-limit, limit)
    return np.floor(limited * WEIGHT_FRACTION + 0.5) / WEIGHT_FRACTION
