"""Context models with random weights, and latent vectors for them."""

import torch

from ridgecode.codec.context_model import ContextModel

SHAPE = (9, 5, 4)


def context_model(entries: torch.Tensor | None = None, seed: int = 0) -> ContextModel:
    """One with weights far from where training starts, so that means and scales differ from dim to dim."""
    torch.manual_seed(seed)
    every = torch.arange(SHAPE[0] * SHAPE[1] * SHAPE[2])
    context = ContextModel(SHAPE, every if entries is None else entries, hidden=12)
    with torch.no_grad():
        for network in context.passes:
            torch.nn.init.normal_(network[4].weight, std=0.4)
        context.log_step.copy_(torch.linspace(-1, 0.5, SHAPE[0]))
    return context


def vectors(context: ContextModel, n: int = 20) -> torch.Tensor:
    return 3 * torch.randn(n, len(context.entries), generator=torch.Generator().manual_seed(1))
