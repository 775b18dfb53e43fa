"""Muon for convolutions, AdamW for everything else.

Muon (Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024) takes the momentum of a weight
matrix and replaces its singular values by about 1 before it steps along it: directions that gradients rarely point to
are learnt as fast as the others. torch has it for matrices, in bf16; convolutions are matrices of output channels by
everything else, and on a processor without bf16 matrix instructions float32 is faster.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

MOMENTUM = 0.95
# Jordan's quintic: five steps bring singular values above 0.003 of the matrix's norm to between 0.68 and 1.21.
_A, _B, _C = 3.4445, -4.7750, 2.0315
_STEPS = 5


class MuonAdamW(torch.optim.AdamW):
    """Steps along the orthogonalised Nesterov momentum of `convolutions`, and as AdamW for `others`.

    convolutions: weights (out, in, height, width); one that a sharded strategy has flattened is stepped by AdamW.
    lr: of both. scale: a convolution's entries change by `lr` x `scale` in root mean square; AdamW's steps, whose place
    it takes, by `lr` x 0.2 to 0.4 (Liu et al., arXiv 2502.16982). Convolutions have no weight decay, others AdamW's.
    """

    def __init__(
        self,
        convolutions: Iterable[Tensor],
        others: Iterable[Tensor],
        lr: float,
        betas: tuple[float, float],
        scale: float = 0.4,
    ) -> None:
        groups = [
            {"params": list(others), "scale": 0.0},
            {"params": list(convolutions), "scale": scale, "weight_decay": 0.0},
        ]
        super().__init__(groups, lr=lr, betas=betas)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step; `closure`, where given, computes the loss and the gradients first."""
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
                # AdamW reads a step from every state that it is given back.
                state["step"], state["momentum_buffer"] = torch.tensor(0.0), torch.zeros_like(weight)
            state["step"] += 1
            momentum = state["momentum_buffer"]
            momentum.lerp_(weight.grad, 1 - MOMENTUM)
            ahead = weight.grad.lerp(momentum, MOMENTUM).flatten(1)
            by_shape.setdefault((ahead.shape[0], ahead.shape[1]), []).append((weight, ahead))
            weight.grad = None  # AdamW leaves a weight without gradient alone
        for shape, members in by_shape.items():
            steps = orthogonalised(torch.stack([ahead for _, ahead in members]))
            for (weight, _), step in zip(members, steps, strict=True):
                # An orthogonal matrix has entries of 1 / sqrt(longer side) in root mean square.
                weight.sub_(step.view_as(weight), alpha=length * max(shape) ** 0.5)


def orthogonalised(matrices: Tensor) -> Tensor:
    """(N, rows, columns) -> the same with singular values brought near 1, by five Newton-Schulz steps each; a matrix of
    next to nothing (norm below 1e-7) stays so.

    The iteration X <- p(X X^T) X runs on the smaller Gram matrix, whose powers commute, and meets X at its end only:
    the long side is multiplied twice instead of ten times.
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
