"""Batch norms that see batches of two sensors, each by its own statistics, and then by those of both."""

import numpy as np
import torch
from torch import nn

from ridgecode.training.running_norms import RunningNorms


def test_running_statistics_are_of_both_sensors_and_are_used_in_the_second_half() -> None:
    net = nn.Sequential(nn.BatchNorm2d(2), nn.ReLU())
    norms = RunningNorms(net)
    random = np.random.default_rng(0)

    def batch(sensor: int) -> torch.Tensor:
        return torch.from_numpy(random.normal((-3.0, 5.0)[sensor], 1.0, (64, 2, 4, 4)).astype(np.float32))

    for step in range(1000):
        norms.before_step(step / 2000)
        sensor = int(step % 40 >= 20)  # in turns of 20 batches: a momentum of 0.1 would know the last one alone
        assert abs(net[0](batch(sensor)).mean().item()) < 0.1
    assert abs(float(net[0].running_mean.mean()) - 1.0) < 1.0
    before = net[0].running_mean.clone()
    net.train()
    norms.before_step(0.5)
    given = batch(0)
    expected = (given - before[:, None, None]) / (net[0].running_var[:, None, None] + net[0].eps).sqrt()
    np.testing.assert_allclose(net[0](given).detach(), expected, atol=1e-4)
    np.testing.assert_array_equal(net[0].running_mean, before)
