"""Pair losses against pytorch-metric-learning, where it has them, and slow loops."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pytorch_metric_learning.distances import CosineSimilarity, LpDistance
from pytorch_metric_learning.losses import NTXentLoss, TripletMarginLoss
from pytorch_metric_learning.reducers import MeanReducer

from ridgecode.matching.pair_losses import (
    IDENTITY_TEMPERATURE,
    bce,
    contrastive,
    identity_loss,
    infonce,
    many_views_loss,
    triplet,
)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def test_terms_add_up_to_the_total(generator):
    values, mated = torch.randn(40, generator=generator), torch.rand(40, generator=generator) < 0.3
    for loss in (bce(values, mated), contrastive(values.abs(), mated), infonce(torch.randn(5, 5, generator=generator))):
        assert len(loss.terms) == 2
        assert float(loss.total) == pytest.approx(float(sum(loss.terms.values())), rel=1e-6)
    assert triplet(values, -values).terms.keys() == {"triplet"}


def test_bce_is_its_formula(generator):
    logits, mated = torch.randn(30, generator=generator), torch.rand(30, generator=generator) < 0.5
    probabilities = [1 / (1 + math.exp(-x)) for x in logits.tolist()]
    each = [-math.log(p if m else 1 - p) for p, m in zip(probabilities, mated.tolist(), strict=True)]
    loss = bce(logits, mated)
    assert float(loss.total) == pytest.approx(sum(each) / 30, rel=1e-5)
    mated_part = sum(e for e, m in zip(each, mated.tolist(), strict=True) if m) / 30
    assert float(loss.terms["bce_mated"]) == pytest.approx(mated_part, rel=1e-5)
    # Sure answers must not overflow.
    assert float(bce(torch.tensor([1e4, -1e4]), torch.tensor([True, False])).total) == 0


def test_contrastive_is_its_formula_and_has_the_known_floor(generator):
    distances, mated = 2 * torch.rand(50, generator=generator), torch.rand(50, generator=generator) < 0.5
    each = [d**2 if m else max(0.0, 1.5 - d) ** 2 for d, m in zip(distances.tolist(), mated.tolist(), strict=True)]
    assert float(contrastive(distances, mated, margin=1.5).total) == pytest.approx(sum(each) / 50, rel=1e-5)
    # The same distance 0.5 for every pair, half of them mated, costs 0.25 at margin 1.
    half = torch.arange(10) < 5
    assert float(contrastive(torch.full((10,), 0.5), half).total) == pytest.approx(0.25)
    assert float(contrastive(torch.where(half, 0.0, 1.0), half).total) == 0


def test_triplet_agrees_with_pytorch_metric_learning(generator):
    embeddings = torch.randn(12, 6, generator=generator)
    labels = torch.arange(4).repeat(3)
    same = labels[:, None] == labels[None, :]
    rows = [
        (a, p, n) for a in range(12) for p in range(12) for n in range(12) if a != p and same[a, p] and not same[a, n]
    ]
    a, p, n = torch.tensor(rows).T
    squared = torch.cdist(embeddings, embeddings).square()
    peer = TripletMarginLoss(
        margin=0.3, distance=LpDistance(normalize_embeddings=False, power=2), reducer=MeanReducer()
    )
    ours = triplet(-squared[a, p], -squared[a, n], margin=0.3).total
    assert float(ours) == pytest.approx(float(peer(embeddings, labels, (a, p, n))), rel=1e-5)
    assert float(triplet(torch.empty(0), torch.empty(0)).total) == 0


def test_infonce_agrees_with_pytorch_metric_learning(generator):
    probes, references = torch.randn(2, 9, 5, generator=generator)
    labels = torch.arange(9)
    peer = NTXentLoss(temperature=0.2, distance=CosineSimilarity())
    # Its own tensor: given the same labels twice, the peer takes the diagonal for pairs of a print with itself.
    same = labels.clone()
    probe_side = peer(probes, labels, ref_emb=references, ref_labels=same)
    reference_side = peer(references, labels, ref_emb=probes, ref_labels=same)
    cosines = torch.nn.functional.normalize(probes) @ torch.nn.functional.normalize(references).T
    loss = infonce(cosines, temperature=0.2)
    assert float(loss.terms["infonce_probe"]) == pytest.approx(float(probe_side) / 2, rel=1e-5)
    assert float(loss.terms["infonce_reference"]) == pytest.approx(float(reference_side) / 2, rel=1e-5)


def test_infonce_does_not_punish_other_prints_of_the_same_finger(generator):
    scores = torch.randn(6, 6, generator=generator)
    identity = torch.tensor([0, 1, 0, 2, 1, 0])
    expected = 0.0
    for i in range(6):
        rivals = [j for j in range(6) if j == i or identity[j] != identity[i]]
        expected += math.log(sum(math.exp((scores[i, j] - scores[i, i]) / 0.5) for j in rivals)) / 12
        expected += math.log(sum(math.exp((scores[j, i] - scores[i, i]) / 0.5) for j in rivals)) / 12
    assert float(infonce(scores, 0.5, identity, identity).total) == pytest.approx(expected, rel=1e-5)
    # Nothing to confuse with: no loss.
    assert float(infonce(scores, 0.5, torch.zeros(6), torch.zeros(6)).total) == 0


def slow_identity_loss(z: np.ndarray, references: np.ndarray, probes: np.ndarray, fingers: list[int]) -> float:
    """NT-Xent both ways by explicit loops, in double precision."""
    mean, deviation = z.mean(0), z.std(0)
    e1, e2 = ((one - mean) / deviation for one in (probes, references))
    cosine = [[float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for b in e2] for a in e1]
    total, n = 0.0, len(fingers)
    for i in range(n):
        others = [j for j in range(n) if j == i or fingers[j] != fingers[i]]
        for row in ([cosine[i][j] for j in others], [cosine[j][i] for j in others]):
            total -= math.log(
                math.exp(cosine[i][i] / IDENTITY_TEMPERATURE) / sum(math.exp(c / IDENTITY_TEMPERATURE) for c in row)
            )
    return total / (2 * n)


@given(st.integers(2, 9), st.integers(2, 12), st.integers(0, 10_000))
def test_identity_loss_is_nt_xent_of_standardised_vectors(n: int, dims: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    z, references, probes = random.normal(2, 3, (3, n, dims))
    fingers = random.integers(0, n, n)
    found = identity_loss(*(torch.from_numpy(one) for one in (z, references, probes, fingers)))
    assert float(found.total) == pytest.approx(
        slow_identity_loss(z, references, probes, fingers.tolist()), rel=1e-6, abs=1e-9
    )


def test_the_scale_of_a_dim_does_not_change_the_identity_loss() -> None:
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


def test_the_loss_of_many_views_is_that_of_a_slow_loop():
    random = torch.Generator().manual_seed(1)
    e = torch.nn.functional.normalize(torch.randn(9, 5, generator=random), dim=1)
    fingers, t = torch.tensor([0, 0, 1, 1, 1, 2, 2, 3, 4]), 0.3
    losses = []
    for i in range(9):
        others = sum(math.exp(float(e[i] @ e[k]) / t) for k in range(9) if fingers[k] != fingers[i])
        for j in range(9):
            if i != j and fingers[i] == fingers[j]:
                own = math.exp(float(e[i] @ e[j]) / t)
                losses.append(-math.log(own / (own + others)))
    assert float(many_views_loss(e, fingers, t)) == pytest.approx(np.mean(losses), rel=1e-5)
