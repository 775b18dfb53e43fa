"""The matching loss on latent vectors beside a slow one, pair by pair."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.matching.identity_loss import TEMPERATURE, identity_loss


def slow(z: np.ndarray, references: np.ndarray, probes: np.ndarray, fingers: list[int]) -> float:
    """NT-Xent both ways by explicit loops, in double precision."""
    mean, deviation = z.mean(0), z.std(0)
    e1, e2 = ((one - mean) / deviation for one in (probes, references))
    cosine = [[float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for b in e2] for a in e1]
    total, n = 0.0, len(fingers)
    for i in range(n):
        others = [j for j in range(n) if j == i or fingers[j] != fingers[i]]
        for row in ([cosine[i][j] for j in others], [cosine[j][i] for j in others]):
            total -= math.log(math.exp(cosine[i][i] / TEMPERATURE) / sum(math.exp(c / TEMPERATURE) for c in row))
    return total / (2 * n)


@given(st.integers(2, 9), st.integers(2, 12), st.integers(0, 10_000))
def test_it_is_nt_xent_of_standardised_vectors(n: int, dims: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    z, references, probes = random.normal(2, 3, (3, n, dims))
    fingers = random.integers(0, n, n)
    found = identity_loss(*(torch.from_numpy(one) for one in (z, references, probes, fingers)))
    assert float(found.total) == pytest.approx(slow(z, references, probes, fingers.tolist()), rel=1e-6, abs=1e-9)


def test_the_scale_of_a_dim_changes_nothing() -> None:
    torch.manual_seed(0)
    z, probes, fingers = torch.randn(6, 5).double(), torch.randn(6, 5).double(), torch.arange(6)
    scale, shift = torch.tensor([0.1, 1, 7, 50, 3]).double(), torch.randn(5).double()
    plain = identity_loss(z, z, probes, fingers).total
    scaled = identity_loss(*(one * scale + shift for one in (z, z, probes)), fingers).total
    assert float(scaled) == pytest.approx(float(plain), rel=1e-9)


def test_a_dim_that_never_varies_gives_no_broken_gradient() -> None:
    z = torch.randn(4, 3)
    z[:, 1] = 0
    z.requires_grad_()
    identity_loss(z, z, z.detach() + 0.1, torch.arange(4)).total.backward()
    assert z.grad is not None and bool(z.grad.isfinite().all())
