"""A pass in fixed point against Python's whole numbers, and near the network in floating point."""

import numpy as np
import pytest
import torch

from ridgecode.codec.context_model import FRACTION, LIMIT, Pass
from ridgecode.codec.fixed_point import FixedPass

ROWS, COLUMNS, N_INPUTS, N_OUTPUTS = 5, 4, 7, 3


@pytest.fixture
def network():
    torch.manual_seed(0)
    made = Pass(N_INPUTS, N_OUTPUTS, 16)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    with torch.no_grad():
        made[4].bias[N_OUTPUTS:] = 26.0
    return made


def input_maps(n, seed=1):
    rng = np.random.default_rng(seed)
    maps = np.zeros((n, N_INPUTS, ROWS + 2, COLUMNS + 2))
    maps[..., 1:-1, 1:-1] = rng.integers(-64 * FRACTION, 64 * FRACTION, (n, N_INPUTS, ROWS, COLUMNS)) / FRACTION
    maps[0] *= 2**-6
    return np.floor(maps * FRACTION) / FRACTION


def in_integers(network, maps, places):
    """Means and indices computed with Python's whole numbers, place by place and term by term."""
    layers = [
        (np.floor(layer.weight.detach().double().numpy() * 4096 + 0.5), layer.bias.detach().double().numpy())
        for layer in (network[0], network[2], network[4])
    ]
    means, indices = [], []
    for one in maps:
        for place in places:
            y, x = divmod(int(place), COLUMNS)
            patch = one[:, y : y + 3, x : x + 3].ravel()
            values = [int(v * FRACTION) for v in patch]
            for number, (weight, bias) in enumerate(layers):
                sums = []
                for row, b in zip(weight.reshape(len(bias), -1), bias, strict=True):
                    total = sum(int(w) * v for w, v in zip(row, values, strict=True))  # in units of 2^-20
                    sums.append(total + int(np.floor(b * 4096 + 0.5)) * 256)
                if number < 2:
                    values = [min(max(s, 0), int(LIMIT) << 20) >> 12 for s in sums]
            means += [((s + (1 << 11)) >> 12) / FRACTION for s in sums[:N_OUTPUTS]]
            indices += [min(max((s + (1 << 19)) >> 20, 0), 63) for s in sums[N_OUTPUTS:]]
    return np.reshape(means, (len(maps), -1, N_OUTPUTS)), np.reshape(indices, (len(maps), -1, N_OUTPUTS))


def test_the_sums_are_those_of_whole_numbers(network) -> None:
    places = np.array([0, 3, 6, 11, 19])
    maps = input_maps(3)
    weights = {f"p.{name}": value for name, value in network.state_dict().items()}
    means, indices = FixedPass(weights, "p", ROWS, COLUMNS, places)(maps)
    expected_means, expected_indices = in_integers(network, maps, places)
    np.testing.assert_array_equal(means, expected_means)
    np.testing.assert_array_equal(indices, expected_indices)


def test_constant_inputs_come_first(network) -> None:
    weights = {f"p.{name}": value for name, value in network.state_dict().items()}
    maps, places = input_maps(3), np.array([1, 2, 9, 16])
    maps[:, :2] = maps[0, :2]
    constant = FixedPass(weights, "p", ROWS, COLUMNS, places, maps[0, :2])
    for ours, theirs in zip(constant(maps[:, 2:]), FixedPass(weights, "p", ROWS, COLUMNS, places)(maps), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_they_are_the_same_one_print_at_a_time(network) -> None:
    weights = {f"p.{name}": value for name, value in network.state_dict().items()}
    fixed = FixedPass(weights, "p", ROWS, COLUMNS, np.arange(ROWS * COLUMNS))
    maps = input_maps(16)
    together = fixed(maps)
    for i in range(16):
        for all_of_them, one in zip(together, fixed(maps[i : i + 1]), strict=True):
            np.testing.assert_array_equal(all_of_them[i], one[0])


def test_they_are_near_the_network_in_training(network) -> None:
    weights = {f"p.{name}": value for name, value in network.state_dict().items()}
    fixed = FixedPass(weights, "p", ROWS, COLUMNS, np.arange(ROWS * COLUMNS))
    maps = input_maps(8) / 64
    maps = np.floor(maps * FRACTION) / FRACTION
    means, indices = fixed(maps)
    with torch.no_grad():
        predicted = network(torch.from_numpy(maps[..., 1:-1, 1:-1]).float()).flatten(2).transpose(1, 2).numpy()
    np.testing.assert_allclose(means, predicted[..., :N_OUTPUTS], atol=0.1)
    assert np.abs(indices - predicted[..., N_OUTPUTS:].clip(0, 63)).max() < 0.7


def test_further_channels_are_not_read(network) -> None:
    weights = {f"p.{name}": value for name, value in network.state_dict().items()}
    fixed = FixedPass(weights, "p", ROWS, COLUMNS, np.arange(ROWS * COLUMNS))
    maps = input_maps(2)
    more = np.concatenate([maps, input_maps(2, seed=5)], 1)
    for ours, theirs in zip(fixed(maps), fixed(more), strict=True):
        np.testing.assert_array_equal(ours, theirs)
