"""Heads: comparators against their formulas, scores of lists against one pair at a time, and that training works."""

import numpy as np
import pytest
import torch
from torch import nn

from ridgecode.errors import BadInput
from ridgecode.matching import vectors
from ridgecode.matching.error_rates import equal_error_rate, error_rates
from ridgecode.matching.head_pairs import mined_triplets, random_pairs
from ridgecode.matching.heads import COMPARATORS, LatentHead, score_pairs
from ridgecode.matching.pair_losses import bce, contrastive, infonce, triplet


@pytest.fixture(params=COMPARATORS)
def head(request):
    torch.manual_seed(0)
    mean, std = torch.linspace(-1, 1, 6), torch.tensor([1.0, 2.0, 3.0, 0.5, 0.0, 1.0])
    return LatentHead(6, 16, 5, request.param, mean, std)


def test_embedding_is_the_network_spelt_out(head):
    z = torch.randn(7, 6)
    x = (z - torch.linspace(-1, 1, 6)) / torch.tensor([1.0, 2.0, 3.0, 0.5, 1.0, 1.0])
    for name in ("0", "2", "4"):
        x = x @ head.state_dict()[f"branch.{name}.weight"].T + head.state_dict()[f"branch.{name}.bias"]
        x = x.clamp(min=0) if name != "4" else x
    if head.comparator == "cosine":
        x = x / x.square().sum(dim=1, keepdim=True).sqrt()
    torch.testing.assert_close(head.embed(z), x)


def test_scores_are_their_formula(head):
    e1, e2 = head.embed(torch.randn(2, 9, 6))
    found = head.score(e1, e2)
    assert found.shape == (9,)
    for a, b, score in zip(e1, e2, found, strict=True):
        if head.comparator == "cosine":
            expected = torch.dot(a, b) / (a.norm() * b.norm())
        elif head.comparator == "euclidean":
            expected = -torch.linalg.vector_norm(a - b)
        elif head.comparator == "l1":
            expected = torch.dot(head.dense.weight[0], (a - b).abs()) + head.dense.bias[0]
        else:
            first, _, last = head.difference
            sides = [last(torch.relu(first(d))) for d in (a - b, b - a)]
            expected = (sides[0] + sides[1])[0] / 2
        torch.testing.assert_close(score, expected, atol=1e-5, rtol=1e-5)


def test_scores_do_not_depend_on_the_order_of_a_pair_and_equal_vectors_are_most_alike(head):
    z1, z2 = torch.randn(2, 50, 6)
    torch.testing.assert_close(head(z1, z2), head(z2, z1))
    same, different = head(z1, z1), head(z1, z2)
    if head.comparator != "subtract":
        # A difference of 0 has the highest score before any training; `subtract` has to learn that.
        assert (same >= different - 1e-6).all()
    distances = head.distance(head.embed(z1), head.embed(z2))
    assert (distances >= 0).all()
    assert torch.equal(distances.argsort(), different.argsort(descending=True))
    assert torch.equal(head.logit(different).argsort(), different.argsort())
    torch.testing.assert_close(
        head.score_all(head.embed(z1), head.embed(z2[:7]))[:, 3], head(z1, z2[3].expand(50, 6)), atol=1e-5, rtol=1e-5
    )


def test_equal_embeddings_have_a_finite_slope(head):
    z = torch.randn(4, 6, requires_grad=True)
    e = head.embed(z)
    (head.distance(e, e).sum() + head.score(e, e).sum()).backward()
    assert torch.isfinite(z.grad).all()


@pytest.mark.parametrize("chunk_floats", [300, 1 << 20])
def test_scores_of_a_list_agree_with_one_pair_at_a_time(head, monkeypatch, chunk_floats):
    monkeypatch.setattr(vectors, "_CHUNK_FLOATS", chunk_floats)
    rng = np.random.default_rng(0)
    probes, references = rng.standard_normal((11, 6)), rng.standard_normal((8, 6))
    probe_rows, reference_rows = rng.integers(0, 11, 200), rng.integers(0, 8, 200)
    head.train()
    scores = score_pairs(head, probes, references, probe_rows, reference_rows)
    assert head.training and scores.dtype == np.float32
    with torch.inference_mode():
        for i, j, score in zip(probe_rows, reference_rows, scores, strict=True):
            one = head(torch.tensor(probes[i : i + 1]).float(), torch.tensor(references[j : j + 1]).float())
            assert float(one) == pytest.approx(float(score), abs=1e-5)


def batch(generator, n=64):
    """Two noisy views of 32 hidden points, in 8 dimensions; 4 of them are noise with the variance of the others."""
    identity = torch.randint(0, 32, (n,), generator=generator)
    hidden = torch.randn(32, 4, generator=torch.Generator().manual_seed(5))[identity]
    return identity, *(
        torch.cat((hidden + 0.1 * torch.randn(n, 4, generator=generator), torch.randn(n, 4, generator=generator)), 1)
        for _ in range(2)
    )


@pytest.mark.parametrize("loss", ["bce", "contrastive", "triplet", "infonce"])
@pytest.mark.parametrize("comparator", COMPARATORS)
def test_every_comparator_learns_with_every_loss(comparator, loss):
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    head = LatentHead(8, 32, 8, comparator)
    optimiser = torch.optim.Adam(head.parameters(), lr=5e-3)

    def measured() -> float:
        identity, probes, references = batch(torch.Generator().manual_seed(99), 200)
        rows = torch.cartesian_prod(torch.arange(200), torch.arange(200)).numpy()
        scores = score_pairs(head, probes, references, rows[:, 0], rows[:, 1])
        mated = (identity[:, None] == identity[None, :]).flatten().numpy()
        return equal_error_rate(error_rates(scores[mated], scores[~mated]))

    before = measured()
    for _ in range(150):
        identity, probes, references = batch(generator)
        e1, e2 = head.embed(probes), head.embed(references)
        if loss in ("bce", "contrastive"):
            pairs = random_pairs(identity, identity, generator)
            p, r = e1[pairs.probe], e2[pairs.reference]
            if loss == "bce":
                found = bce(head.logit(head.score(p, r)), pairs.mated)
            else:
                found = contrastive(head.distance(p, r), pairs.mated)
        else:
            scores = head.score_all(e1, e2)
            if loss == "triplet":
                mined = mined_triplets(scores, identity, identity)
                found = triplet(scores[mined.probe, mined.positive], scores[mined.probe, mined.negative])
            else:
                found = infonce(scores, 0.1 if comparator == "cosine" else 1.0, identity, identity)
        optimiser.zero_grad()
        found.total.backward()
        optimiser.step()
    after = measured()
    assert before > 0.3 or comparator == "subtract"
    assert after < 0.15


def test_parameters_are_counted_and_bad_input_is_refused():
    head = LatentHead(10, 20, 30, "cosine")
    dense = (10 * 20 + 20) + (20 * 20 + 20) + (20 * 30 + 30)
    assert sum(p.numel() for p in head.parameters()) == dense + 2
    assert isinstance(head, nn.Module)
    with pytest.raises(BadInput, match="no comparator is called 'dot'"):
        LatentHead(4, comparator="dot")
    with pytest.raises(BadInput, match="10 latent dimensions"):
        score_pairs(head, np.zeros((2, 9)), np.zeros((2, 9)), np.zeros(1, int), np.zeros(1, int))
