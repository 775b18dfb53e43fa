"""Muon for convolutions, AdamW for everything else.

Muon (Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024) takes the momentum of a weight
matrix, replaces its singular values by about 1 and steps along the result: directions in which gradients are small are
learned as fast as the others. torch's Muon takes matrices only, in bf16. Here a convolution is a matrix of output
channels by all other axes, in float32, which is faster on a processor without bf16 matrix instructions.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from ridgecode.autoencoders.ridge import ResidualBlock

MOMENTUM = 0.95
# Jordan's quintic: five steps bring singular values above 0.003 of the matrix's norm to between 0.68 and 1.21.
_A, _B, _C = 3.4445, -4.7750, 2.0315
_STEPS = 5


class MuonAdamW(torch.optim.AdamW):
    """Steps `convolutions` along their orthogonalised Nesterov momentum, and `others` as AdamW does.

    convolutions: weights (out, in, height, width), without weight decay; AdamW steps those that a sharded strategy has
        flattened
    lr: the learning rate of both
    scale: a step changes a convolution's entries by `lr` x `scale` in root mean square; AdamW's steps change them by
        `lr` x 0.2 to 0.4 (Liu et al., arXiv 2502.16982)
    weight_decay: of `others`
    """

    def __init__(
        self,
        convolutions: Iterable[Tensor],
        others: Iterable[Tensor],
        lr: float,
        betas: tuple[float, float],
        scale: float = 0.4,
        weight_decay: float = 0.01,
    ) -> None:
        groups = [
            {"params": list(others), "scale": 0.0},
            {"params": list(convolutions), "scale": scale, "weight_decay": 0.0},
        ]
        super().__init__(groups, lr=lr, betas=betas, weight_decay=weight_decay)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step; `closure`, if given, first computes the loss and the gradients."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            if group["scale"]:
                self._step_orthogonally(group["params"], group["lr"] * group["scale"])
        super().step()
        return loss

    def _step_orthogonally(self, weights: list[Tensor], length: float) -> None:
        by_shape: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = {}
        for weight in weights:
            if weight.grad is None or weight.ndim != 4:
                continue
            state = self.state[weight]
            if not state:
                # AdamW expects a step in every state when it loads a checkpoint.
                state["step"], state["momentum_buffer"] = torch.tensor(0.0), torch.zeros_like(weight)
            state["step"] += 1
            momentum = state["momentum_buffer"]
            momentum.lerp_(weight.grad, 1 - MOMENTUM)
            ahead = weight.grad.lerp(momentum, MOMENTUM).flatten(1)
            by_shape.setdefault((ahead.shape[0], ahead.shape[1]), []).append((weight, ahead))
            weight.grad = None  # so that AdamW skips this weight
        for shape, members in by_shape.items():
            steps = orthogonalised(torch.stack([ahead for _, ahead in members]))
            for (weight, _), step in zip(members, steps, strict=True):
                # An orthogonal matrix has entries of 1 / sqrt(longer side) in root mean square.
                weight.sub_(step.view_as(weight), alpha=length * max(shape) ** 0.5)


def matcher_optimiser(net: nn.Module, learning_rate: float, weight_decay: float) -> MuonAdamW:
    """Muon on the convolutions of a network's residual blocks, AdamW on all else that is trained."""
    blocks = [module for module in net.modules() if isinstance(module, ResidualBlock)]
    inner = [conv.weight for block in blocks for conv in (block.conv1, block.conv2)]
    chosen = {id(weight) for weight in inner}
    # What is frozen has no gradient, and so no weight decay.
    others = [p for p in net.parameters() if id(p) not in chosen and p.requires_grad]
    return MuonAdamW(inner, others, learning_rate, betas=(0.9, 0.99), weight_decay=weight_decay)


def orthogonalised(matrices: Tensor) -> Tensor:
    """(N, rows, columns) -> the same matrices with singular values near 1, by five Newton-Schulz steps. A matrix with a
    norm far below 1e-7 stays near 0.

    The iteration X <- p(X X^T) X runs on the smaller Gram matrix, whose powers commute, and multiplies X at the end
    only: two products with the long side instead of ten.
    """
    if matrices.shape[1] > matrices.shape[2]:
        return orthogonalised(matrices.mT).mT
    norm = matrices.flatten(1).norm(dim=1).clamp_min(1e-7)[:, None, None]
    x = matrices / norm  # no singular value above 1
    gram = x @ x.mT
    identity = torch.eye(gram.shape[1], device=gram.device, dtype=gram.dtype)
    product = identity
    for _ in range(_STEPS):
        polynomial = _A * identity + _B * gram + _C * gram @ gram
        product = polynomial @ product
        gram = polynomial @ polynomial @ gram
    return product @ x
