"""The grid's latent layers by loops over places, and their start."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.autoencoders.grid_latent import central_entries
from ridgecode.autoencoders.ridge import RidgeAutoencoder


@given(st.integers(1, 300), st.integers(1, 7), st.integers(1, 7))
def test_a_channel_that_is_not_full_lies_in_the_middle(latent_dim: int, rows: int, columns: int) -> None:
    entries = central_entries(latent_dim, rows, columns).tolist()
    places = rows * columns
    assert entries == sorted(set(entries)) and len(entries) == latent_dim
    full = latent_dim // places * places
    assert entries[:full] == list(range(full))

    def distance(entry: int) -> float:
        y, x = divmod(entry - full, columns)
        return math.hypot(y - (rows - 1) / 2, x - (columns - 1) / 2)

    last = entries[full:]
    others = set(range(full, full + places)) - set(last)
    assert not last or max(map(distance, last)) <= min(map(distance, others), default=99) + 1e-9


def test_each_dim_is_read_and_written_at_its_place() -> None:
    torch.manual_seed(0)
    net = RidgeAutoencoder(32, 32, 21, widths=(6, 8), blocks=1, latent_layer="grid")
    features = torch.randn(3, 8, 4, 4)
    read, write = net.to_latent.read, net.from_latent.write
    z = net.to_latent(features)
    shown = net.from_latent(z)
    assert z.shape == (3, 21)
    for n in range(3):
        expected = write.bias.detach()[:, None, None].repeat(1, 4, 4)
        for dim, entry in enumerate(net.to_latent.entries.tolist()):
            channel, place = divmod(entry, 16)
            y, x = divmod(place, 4)
            value = read.weight[channel, :, 0, 0] @ features[n, :, y, x] + read.bias[channel]
            torch.testing.assert_close(z[n, dim], value)
            expected[:, y, x] += write.weight[:, channel, 0, 0].detach() * value.detach()
        torch.testing.assert_close(shown[n].detach(), expected)


def test_the_decoders_first_map_starts_at_the_scale_of_a_linear_layers() -> None:
    """For any number of dims its standard deviation is a third of the gain."""
    torch.manual_seed(0)
    for latent_dim in (16, 128):
        net = RidgeAutoencoder(32, 32, latent_dim, latent_layer="grid")
        shown = net.from_latent(net.to_latent(torch.randn(200, *net.grid))).detach()
        assert 0.7 < float(shown.std()) / (8 / 3) < 1.4


@pytest.mark.parametrize("entries", [[0, 1, 1], [2, 1, 3], [-1, 0, 1], [0, 1], [0, 1, 48]])
def test_other_entries_are_refused(entries: list[int]) -> None:
    net = RidgeAutoencoder(32, 32, 3, widths=(6, 8), blocks=1)
    with pytest.raises(ValueError, match="entries"):
        net.set_latent_grid(torch.tensor(entries))


def test_a_grid_refuses_pooling_and_seeds() -> None:
    for more in ({"pooling": "mean"}, {"seed_size": 2}):
        with pytest.raises(ValueError, match="place"):
            RidgeAutoencoder(32, 32, 16, widths=(6, 8), blocks=1, latent_layer="grid", **more)  # type: ignore[arg-type]
