"""Whether a Siamese training has collapsed, against slow loops and formulas."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ridgecode.matching.pair_losses import contrastive
from ridgecode.matching.siamese.systems import build_siamese, constant_floor, pair_loss, siamese_spec
from ridgecode.training.collapse import (
    PATIENCE,
    CollapseWatch,
    Health,
    counting_dead_units,
    dead_share,
    embedding_spread,
)

WELL = Health(0.4, 0.2, 0.3)


def net_of(system: str) -> nn.Module:
    return build_siamese(siamese_spec(system, "published", (20, 20), 20, 20))


@settings(deadline=None, max_examples=20)
@given(st.floats(0.05, 0.95))
def test_the_floor_is_the_cost_of_the_best_constant_answer(share: float) -> None:
    mated = torch.arange(1000) < round(1000 * share)
    p = float(mated.double().mean())
    distances = [float(contrastive(torch.full((1000,), d), mated).total) for d in np.linspace(0, 1, 501)]
    assert constant_floor(net_of("stripes"), p) == pytest.approx(min(distances), abs=1e-4)
    net = net_of("subtract")
    logits = [float(pair_loss(net, torch.full((1000,), x), mated).total) for x in np.linspace(-4, 4, 801)]
    assert constant_floor(net, p) == pytest.approx(min(logits), abs=1e-4)


def test_the_floors_of_balanced_pairs_are_known_numbers() -> None:
    assert constant_floor(net_of("contrastive"), 0.5) == 0.25
    assert constant_floor(net_of("subtract"), 0.5) == pytest.approx(math.log(2))
    assert constant_floor(net_of("subtract"), 1.0) == 0.0


def test_spread_of_embeddings() -> None:
    e = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    # Each dimension's variance is 1/4, the mean square 1/2.
    assert embedding_spread(e) == pytest.approx(math.sqrt(0.25 / 0.5))
    assert embedding_spread(torch.ones(5, 3)) == 0.0
    assert embedding_spread(torch.zeros(5, 3)) == 0.0


def test_dead_units_by_a_slow_loop() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 36, 40), nn.ReLU())
    nn.init.constant_(net[0].bias, -0.2)
    nn.init.constant_(net[3].bias, -0.05)
    batches = torch.rand(3, 5, 1, 8, 8)
    with torch.no_grad(), counting_dead_units(net) as alive:
        for x in batches:
            net(x)
        maps = torch.relu(net[0](batches.flatten(0, 1)))
        units = net(batches.flatten(0, 1))
    dead_channels = sum(all(float(maps[n, c].max()) == 0 for n in range(15)) for c in range(6)) / 6
    dead_units = sum(all(float(units[n, d]) == 0 for n in range(15)) for d in range(40)) / 40
    assert 0 < max(dead_channels, dead_units) < 1
    assert dead_share(alive) == pytest.approx(max(dead_channels, dead_units))
    net(batches[0])  # outside the block nothing is noted
    assert dead_share({}) == 0.0


def looked(watch: CollapseWatch, *epochs: Health) -> list[bool]:
    return [watch.update(health, 100 + i) for i, health in enumerate(epochs)]


@pytest.mark.parametrize(
    ("ill", "said"),
    [
        (Health(0.99, 0.2, 0.3), "its loss of 0.247 has not been below 0.245"),
        (Health(0.4, 0.96, 0.3), "96 % of the units of a layer are dead"),
        (Health(0.4, 0.2, 1e-4), "all images get the same embedding"),
    ],
)
def test_a_collapse_is_told_once_and_after_enough_epochs(ill: Health, said: str) -> None:
    watch = CollapseWatch(0.25)
    assert looked(watch, *[ill] * (PATIENCE - 1), WELL, *[ill] * PATIENCE, ill) == [
        *[False] * (2 * PATIENCE - 1),
        True,
        False,
    ]
    assert said in watch.sentence
    assert watch.sentence.count("\n") == 0
    assert "what usually cures it" in watch.sentence


def test_a_healthy_run_and_a_first_few_steps_say_nothing() -> None:
    watch = CollapseWatch(0.25)
    assert not any(looked(watch, *[WELL] * 50))
    assert not any(watch.update(Health(1.0, 1.0, 0.0), step) for step in range(40))
    assert watch.sentence == ""


def test_a_watch_goes_on_from_a_checkpoint() -> None:
    ill = Health(1.0, 0.0, 0.5)
    first, second = CollapseWatch(0.25), CollapseWatch(0.25)
    looked(first, *[ill] * (PATIENCE - 1))
    second.restore(first.state())
    assert looked(second, ill) == [True]
