"""Pair selection against loops over all pairs."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode.errors import BadInput
from ridgecode.matching.head_pairs import mined_pairs, mined_triplets, random_pairs

identities = st.lists(st.integers(0, 4), min_size=1, max_size=12)


@given(identities, identities, st.integers(0, 1000))
def test_random_pairs_are_mated_as_they_say(probe_identity, reference_identity, seed):
    probes, references = torch.tensor(probe_identity), torch.tensor(reference_identity)
    pairs = random_pairs(probes, references, torch.Generator().manual_seed(seed))
    assert pairs.probe.tolist() == list(range(len(probe_identity)))
    same = probes[pairs.probe] == references[pairs.reference]
    assert torch.equal(same, pairs.mated)
    # The wished kind is missing only where there is none.
    everyone = random_pairs(probes, references, torch.Generator().manual_seed(seed), mated_share=1.0)
    assert everyone.mated.tolist() == [p in reference_identity for p in probe_identity]
    nobody = random_pairs(probes, references, torch.Generator().manual_seed(seed), mated_share=0.0)
    assert nobody.mated.tolist() == [set(reference_identity) == {p} for p in probe_identity]


def test_random_pairs_are_even_and_seeded():
    probes = torch.zeros(60_000, dtype=torch.long)
    references = torch.tensor([1, 0, 2, 0, 3, 0, 4])
    pairs = random_pairs(probes, references, torch.Generator().manual_seed(0))
    counts = torch.bincount(pairs.reference, minlength=7) / 60_000
    expected = torch.tensor([1 / 8, 1 / 6, 1 / 8, 1 / 6, 1 / 8, 1 / 6, 1 / 8])
    assert torch.allclose(counts, expected, atol=0.01)
    again = random_pairs(probes, references, torch.Generator().manual_seed(0))
    assert all(torch.equal(a, b) for a, b in zip(pairs, again, strict=True))


def slow_triplets(scores, probe_identity, reference_identity):
    triplets = []
    for i, who in enumerate(probe_identity):
        others = [j for j, other in enumerate(reference_identity) if other != who]
        for j, other in enumerate(reference_identity):
            if other != who or not others:
                continue
            best, best_score = None, -math.inf
            for k in others:
                if best_score < scores[i][k] < scores[i][j]:
                    best, best_score = k, scores[i][k]
            if best is None:
                best = min(others, key=lambda k: scores[i][k])
            triplets.append((i, j, best))
    return triplets


@settings(deadline=None)
@given(identities, identities, st.integers(0, 1000))
def test_mined_triplets_agree_with_a_loop(probe_identity, reference_identity, seed):
    shape = (len(probe_identity), len(reference_identity))
    scores = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    probes, references = torch.tensor(probe_identity), torch.tensor(reference_identity)
    expected = slow_triplets(scores.tolist(), probe_identity, reference_identity)
    triplets = mined_triplets(scores, probes, references)
    assert list(zip(*(part.tolist() for part in triplets), strict=True)) == expected
    pairs = mined_pairs(scores, probes, references)
    rows = list(zip(*(part.tolist() for part in pairs), strict=True))
    assert rows == [(i, j, True) for i, j, _ in expected] + [(i, k, False) for i, _, k in expected]


def test_no_references_are_refused():
    one = torch.zeros(1, dtype=torch.long)
    with pytest.raises(BadInput, match="no references"):
        random_pairs(one, one[:0], torch.Generator())
