"""The pair rules of the image Siamese systems, on random identities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.errors import BadInput
from ridgecode.matching.siamese.pair_rules import (
    PairList,
    all_pairs,
    image_pairs,
    probe_pairs,
    split_by_pair,
    triplet_pairs,
)

identities = st.lists(st.integers(0, 4), min_size=4, max_size=40).map(np.array)
seeds = st.integers(0, 2**16)


def usable(identity: np.ndarray) -> bool:
    return len(np.unique(identity)) > 1 and bool((np.bincount(identity) > 1).any())


def check(pairs: PairList, identity: np.ndarray) -> None:
    assert (pairs.probe != pairs.reference).all()
    same = [bool(identity[p] == identity[r]) for p, r in zip(pairs.probe, pairs.reference, strict=True)]
    assert pairs.mated.tolist() == same


@given(identities, seeds, st.integers(2, 50))
def test_images_and_triplets_are_half_mated(identity: np.ndarray, seed: int, n: int) -> None:
    rows = np.arange(len(identity))
    for rule in (image_pairs, triplet_pairs):
        if not usable(identity):
            with pytest.raises(BadInput):
                rule(rows, identity, n, np.random.default_rng(seed))
            continue
        pairs = rule(rows, identity, n, np.random.default_rng(seed))
        check(pairs, identity)
        assert pairs.mated.sum() == n // 2 == (~pairs.mated).sum()
        again = rule(rows, identity, n, np.random.default_rng(seed))
        assert all((a == b).all() for a, b in zip(pairs, again, strict=True))


def test_triplets_share_their_anchor_and_use_every_image_once_first() -> None:
    identity = np.repeat(np.arange(5), 4)
    pairs = triplet_pairs(np.arange(20), identity, 40, np.random.default_rng(0))
    anchors = pairs.probe[pairs.mated]
    assert anchors.tolist() == pairs.probe[~pairs.mated].tolist()
    assert sorted(anchors.tolist()) == list(range(20))


@given(identities, seeds)
def test_all_pairs_hold_each_mated_pair_once(identity: np.ndarray, seed: int) -> None:
    if not usable(identity):
        return
    pairs = all_pairs(np.arange(len(identity)), identity, np.random.default_rng(seed))
    check(pairs, identity)
    wanted = {(i, j) for i in range(len(identity)) for j in range(i) if identity[i] == identity[j]}
    found = list(zip(pairs.reference[pairs.mated].tolist(), pairs.probe[pairs.mated].tolist(), strict=True))
    assert set(found) == wanted
    assert len(found) == len(wanted)
    others = set(zip(pairs.probe[~pairs.mated].tolist(), pairs.reference[~pairs.mated].tolist(), strict=True))
    n_other = len(identity) * (len(identity) - 1) // 2 - len(wanted)
    assert len(others) == min(len(wanted), n_other)


def test_probes_toss_a_coin_between_their_own_reference_and_anothers() -> None:
    identity = np.repeat(np.arange(10), 200)
    references = np.arange(0, 2000, 200)
    probes = np.setdiff1d(np.arange(2000), references)
    own = references[identity[probes]]
    pairs = probe_pairs(probes, own, references, identity, np.random.default_rng(0))
    assert pairs.probe.tolist() == probes.tolist()
    check(pairs, identity)
    assert (pairs.reference[pairs.mated] == own[pairs.mated]).all()
    assert set(pairs.reference.tolist()) == set(references.tolist())
    assert abs(pairs.mated.mean() - 0.5) < 4 * (0.25 / len(probes)) ** 0.5
    with pytest.raises(BadInput, match="one identity"):
        probe_pairs(probes, own, references[:1], identity, np.random.default_rng(0))


@given(st.integers(10, 200), seeds)
def test_a_split_by_pair_loses_and_repeats_no_pair(n: int, seed: int) -> None:
    pairs = PairList(np.arange(n), np.arange(n) + n, np.arange(n) % 2 == 0)
    train, val, test = split_by_pair(pairs, 0.1875, 0.25, np.random.default_rng(seed))
    assert (len(val.probe), len(test.probe)) == (round(0.1875 * n), round(0.25 * n))
    assert sorted([*train.probe, *val.probe, *test.probe]) == list(range(n))
    assert (train.reference == train.probe + n).all()


SETS_OF = np.array([0, 0, 1, 1, 2])
"""The set of each of five identities; the last one is alone in its set."""


@given(seeds)
def test_non_mated_pairs_are_of_one_set(seed: int) -> None:
    identity = np.random.default_rng(seed).permutation(np.repeat(np.arange(5), 3))
    sets, rows = SETS_OF[identity], np.arange(15)
    first = np.array([np.flatnonzero(identity == one)[0] for one in range(5)])
    probes = np.setdiff1d(rows, first)
    random = np.random.default_rng(seed)
    drawn = [
        image_pairs(rows, identity, 40, random, sets),
        triplet_pairs(rows, identity, 40, random, sets),
        all_pairs(rows, identity, random, sets),
        probe_pairs(probes, first[identity[probes]], first, identity, random, sets),
    ]
    for pairs in drawn:
        check(pairs, identity)
        assert (sets[pairs.probe] == sets[pairs.reference]).all()
    # Of two sets of 6 images, each of two identities, 3 x 3 pairs a set are non-mated.
    assert (~drawn[2].mated).sum() == min(15, 18)
    assert set(identity[drawn[0].probe[~drawn[0].mated]].tolist()) <= {0, 1, 2, 3}
    assert 4 not in identity[drawn[1].probe]


def test_sets_of_one_identity_each_have_no_non_mated_pair() -> None:
    identity = np.repeat(np.arange(2), 3)
    rows, random = np.arange(6), np.random.default_rng(0)
    for rule in (image_pairs, triplet_pairs):
        with pytest.raises(BadInput, match="one identity"):
            rule(rows, identity, 10, random, identity)
    with pytest.raises(BadInput, match="no non-mated pair"):
        all_pairs(rows, identity, random, identity)
    with pytest.raises(BadInput, match="one identity"):
        probe_pairs(np.array([1, 4]), np.array([0, 3]), np.array([0, 3]), identity, random, identity)
