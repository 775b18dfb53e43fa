"""The pair rules of the image Siamese systems, on random identities."""

from pathlib import Path

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
    read_pair_list,
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


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["probe,reference,mated", *lines]))
    return path


def test_a_pair_list_is_read_with_and_without_suffixes(tmp_path: Path) -> None:
    rows = {"s1/1": 0, "s1/2": 1, "s2/1.5": 2}
    pairs = read_pair_list(write(tmp_path / "pairs.csv", "s1/1.pgm,s1/2,1", "s1/1,s2/1.5,0"), rows)
    assert [part.tolist() for part in pairs] == [[0, 0], [1, 2], [True, False]]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["s1/1,s1/9.pgm,1"], "line 2: there is no image s1/9.pgm"),
        (["s1/1,s1/2,yes"], "line 2: mated is 'yes'"),
        (["s1/1,s1/2,1"], "needs mated and non-mated"),
        ([], "needs mated and non-mated"),
    ],
)
def test_a_pair_list_that_can_not_be_used_is_refused(tmp_path: Path, lines: list[str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_pair_list(write(tmp_path / "pairs.csv", *lines), {"s1/1": 0, "s1/2": 1})


def test_a_pair_list_without_its_columns_or_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("probe,mated\n")
    with pytest.raises(BadInput, match="lacks the column reference"):
        read_pair_list(tmp_path / "odd.csv", {})
    with pytest.raises(BadInput, match="can't be read"):
        read_pair_list(tmp_path / "none.csv", {})
