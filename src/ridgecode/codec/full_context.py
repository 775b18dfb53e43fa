"""The context model of latent maps of any size: that of context_model.py without the position of a place."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ridgecode.codec.context_model import START_STEP, Coded, Pass, code_map, passes_of

FULL_HIDDEN = 96
"""Channels of the hidden layers."""


class FullContext(nn.Module):
    """Rounds latent maps (N, channels, rows, columns) of any size, and computes what coding them costs.

    hidden: channels of the hidden layers. `log_step` (channels,) is the natural logarithm of each channel's quantiser
    step.
    """

    def __init__(self, channels: int, hidden: int = FULL_HIDDEN) -> None:
        super().__init__()
        self.log_step = nn.Parameter(torch.zeros(channels))
        # One constant input, 1 at each place of the map and 0 around it, tells where the map ends.
        self.passes = passes_of(channels, 1, hidden)

    @torch.no_grad()
    def start(self, z: Tensor, decoder_sensitivity: Tensor) -> None:
        """Sets the first quantiser steps as `ContextModel.start` does.

        z: (N, channels, rows, columns) latent maps of training prints; decoder_sensitivity: (channels,)
        """
        std = z.std((0, 2, 3)).clamp_min(1e-6)
        change = std * decoder_sensitivity.clamp_min(1e-12)
        self.log_step.copy_((START_STEP * std * change.max() / change).log())

    def forward(self, z: Tensor) -> Coded:
        """(N, channels, rows, columns) -> rounded maps of that shape and their bits, as `ContextModel` gives them."""
        with torch.autocast(z.device.type, enabled=False):
            z = z.float()
            step = self.log_step.exp()[:, None, None]
            one = z.new_ones(1, *z.shape[2:])
            networks = [network for network in self.passes if isinstance(network, Pass)]
            coded = code_map(z / step, one, one, networks, self.training)
            return coded._replace(z_hat=coded.z_hat * step)


def load_full_context(tensors: Mapping[str, Tensor]) -> FullContext:
    """The context model of the tensors that `context_tensors` gave. Raises KeyError or RuntimeError for others."""
    weights = {name: value for name, value in tensors.items() if name != "tables"}
    context = FullContext(len(weights["log_step"]), len(weights["passes.0.0.weight"]))
    context.load_state_dict(weights)
    return context
