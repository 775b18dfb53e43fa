"""Batch norms of a network whose batches each have the prints of one sensor.

A batch norm sees each sensor by its own statistics while it trains, and an embedding is made with those of all sensors
together: the network has never seen what it then gives. So in the second half of a training the norms take their
running statistics, and the network learns to do with these.
"""

from torch import nn

FIXED_FROM = 0.5
"""The share of the training after which norms take their running statistics."""
MOMENTUM = 0.01
"""Running statistics are of about a hundred batches, since the last ten may all be of one sensor."""


class RunningNorms:
    """The batch norms of `net`, whose momentum becomes 0.01."""

    def __init__(self, net: nn.Module) -> None:
        self._norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
        for norm in self._norms:
            norm.momentum = MOMENTUM

    def before_step(self, used: float) -> None:
        """Sets whether the norms take a batch's own statistics, after the share `used` of the training, 0 to 1."""
        for norm in self._norms:
            norm.train(used < FIXED_FROM)
