"""The pairs of an image Siamese training: drawn by the system's rule, split by pair or by subject."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.matching.siamese.images import SiameseImages
from ridgecode.matching.siamese.pair_list import read_pair_list
from ridgecode.matching.siamese.pair_rules import (
    PairList,
    all_pairs,
    image_pairs,
    probe_pairs,
    split_by_pair,
    triplet_pairs,
)
from ridgecode.matching.siamese.systems import SYSTEM_FACTS, PairRule
from ridgecode.prints.datasets.folder import is_triplets

SplitBy = Literal["pair", "subject"]
IMAGE_PAIRS = 20_000
"""Pairs that the rule `images` draws by default."""
ALL_PAIRS_OF = 200
"""The most images of which the rule `all` takes every pair; of more images, pairs are drawn as by `images`."""


@dataclass(frozen=True)
class SiamesePairs:
    """train: the pairs of an epoch; val: the pairs that each epoch is validated on
    test: pairs held out for test, or None
    unseen: pairs of validation subjects, if the other pairs are split by pair among other subjects, or None
    augment: whether probes are moved: at random in training, seeded by their names in the lists
    whole_batch: whether training pairs are all mated, one for each probe, and the loss compares all images of a batch
    """

    train: Callable[[int], PairList]
    val: PairList
    test: PairList | None
    unseen: PairList | None
    split_by: SplitBy
    augment: bool
    whole_batch: bool = False


def siamese_pairs(
    data: SiameseImages,
    split_by: Literal["auto", "pair", "subject"],
    default: SplitBy,
    seed: int,
    n_pairs: int = 0,
    pair_list: Path | None = None,
    whole_batch: bool = False,
) -> SiamesePairs:
    """The pairs of a training.

    default: what split_by "auto" stands for; n_pairs: over all lists, 0 for the system's number; pair_list: a file of
    pairs to take instead; whole_batch: for the rule `probes`. Raises BadInput if the data allows no such pairs, or if
    the validation pairs are all mated or all non-mated."""
    pairs = _pairs_by_rule(data, split_by, default, seed, n_pairs, pair_list, whole_batch)
    if not _both_kinds(pairs.val):
        kind = "non-mated" if pairs.val.mated.any() else "mated"
        raise BadInput(
            f"{data.store.path}: the {len(pairs.val.mated)} validation pairs lack {kind} ones, which the threshold is "
            "chosen on; give more images or more --n_pairs, or another --seed"
        )
    return pairs


def _pairs_by_rule(
    data: SiameseImages,
    split_by: Literal["auto", "pair", "subject"],
    default: SplitBy,
    seed: int,
    n_pairs: int,
    pair_list: Path | None,
    whole_batch: bool,
) -> SiamesePairs:
    facts = SYSTEM_FACTS[data.spec.system]
    given = _given_pairs(data, pair_list)
    rule = "images" if facts.pairs == "all" and len(data.rows) > ALL_PAIRS_OF else facts.pairs
    by: SplitBy = default if split_by == "auto" else split_by
    if n_pairs and (given is not None or rule in ("probes", "all")):
        raise BadInput(f"--n_pairs {n_pairs} has no effect here: these pairs are not drawn by number; leave it out")
    if is_triplets(data.fingers) or (rule == "all" and given is None):
        if split_by == "subject":
            raise BadInput("--split_by subject: these images have no subjects to split by; give pair")
        by = "pair"
    random = np.random.default_rng((seed, 1))
    # If the set has validation subjects, no recipe trains on them.
    pool = data.of_split("train") if _has_own_split(data) else np.arange(len(data.rows))
    if given is not None:
        return _from_list(data, given, by, facts.held_out, random)
    if rule == "all":

        def drawn_anew(epoch: int) -> PairList:
            draw = np.random.default_rng((seed, 4, epoch))
            pairs = all_pairs(pool, data.identity, draw, data.sets)
            return pairs.take(draw.permutation(len(pairs.mated)))

        return SiamesePairs(drawn_anew, all_pairs(pool, data.identity, random, data.sets), None, None, "pair", False)
    if rule == "probes":
        return _probe_lists(data, by, pool, facts.held_out[0], seed, random, whole_batch)
    held_out = facts.held_out if sum(facts.held_out) else (0.1, 0.0)
    total = n_pairs or (IMAGE_PAIRS if rule == "images" else 2 * len(pool))
    return _numbered_pairs(rule, data, by, pool, total, held_out, seed, random)


def _numbered_pairs(
    rule: PairRule,
    data: SiameseImages,
    by: SplitBy,
    pool: NDArray[np.int64],
    total: int,
    held_out: tuple[float, float],
    seed: int,
    random: np.random.Generator,
) -> SiamesePairs:
    """The rules that draw a `total` of pairs; `held_out` are the shares of validation and test."""
    if by == "pair":
        train, val, test = split_by_pair(_draw(rule, data, pool, total, by, random), *held_out, random)
        unseen = _if_possible(lambda: _draw(rule, data, data.of_split("val"), len(val.mated), by, random), data)
        return SiamesePairs(_shuffled(train, seed), val, test if _both_kinds(test) else None, unseen, "pair", False)
    n_val = round(held_out[0] * total)
    train = _draw(rule, data, data.of_split("train"), total - n_val - round(held_out[1] * total), by, random)
    val = _draw(rule, data, data.of_split("val"), n_val, by, random)
    return SiamesePairs(_shuffled(train, seed), val, None, None, "subject", False)


class _Probes(NamedTuple):
    """Places of probes (K,), of each probe's own reference (K,), and of all references (R,)."""

    probes: NDArray[np.int64]
    own: NDArray[np.int64]
    references: NDArray[np.int64]

    @classmethod
    def among(cls, data: SiameseImages, places: NDArray[np.int64], by: SplitBy) -> "_Probes":
        """Raises BadInput if there is no probe, or a single identity."""
        first = _first_prints(data, places)
        own = np.full(data.identity.max() + 1, -1)
        own[data.identity[first]] = first
        probes = places[(own[data.identity[places]] >= 0) & (own[data.identity[places]] != places)]
        if not len(probes):
            raise BadInput(f"{data.store.path} has one print a finger; give a store with altered prints or impressions")
        if len(np.unique(data.identity[first])) < 2:
            raise _too_few(data, places, by, "all images are of one identity; non-mated pairs need two or more")
        return cls(probes, own[data.identity[probes]], first)

    def pairs(self, data: SiameseImages, random: np.random.Generator, chosen: Any = slice(None)) -> PairList:
        """A pair for each of the `chosen` probes."""
        probes, own = self.probes[chosen], self.own[chosen]
        return probe_pairs(probes, own, self.references, data.identity, random, data.sets)

    def of_both_kinds(self, data: SiameseImages, random: np.random.Generator, chosen: Any = slice(None)) -> PairList:
        """As `pairs`; drawn again while all are mated or all are non-mated, which a few pairs often are."""
        pairs = self.pairs(data, random, chosen)
        while len(pairs.mated) > 1 and not _both_kinds(pairs):
            pairs = self.pairs(data, random, chosen)
        return pairs


def _probe_lists(
    data: SiameseImages,
    by: SplitBy,
    pool: NDArray[np.int64],
    held_out: float,
    seed: int,
    random: np.random.Generator,
    whole_batch: bool,
) -> SiamesePairs:
    """The rule `probes`: every print but its finger's first is a probe, and the references are these first prints. Held
    out are a share of the probes, `held_out`, or the validation subjects."""

    trained = _Probes.among(data, pool if by == "pair" else data.of_split("train"), by)
    order = random.permutation(len(trained.probes))
    n_val = round(held_out * len(order)) if by == "pair" else 0
    train_probes = np.sort(order[n_val:])
    unseen = None
    if by == "pair":
        val = trained.of_both_kinds(data, random, np.sort(order[:n_val]))
        unseen = _if_possible(lambda: _Probes.among(data, data.of_split("val"), by).of_both_kinds(data, random), data)
    else:
        val = _Probes.among(data, data.of_split("val"), by).of_both_kinds(data, random)

    def train(epoch: int) -> PairList:
        draw = np.random.default_rng((seed, 2, epoch))
        chosen = draw.permutation(train_probes)
        if whole_batch:
            return PairList(trained.probes[chosen], trained.own[chosen], np.ones(len(chosen), bool))
        return trained.pairs(data, draw, chosen)

    return SiamesePairs(train, val, None, unseen, by, True, whole_batch)


def _first_prints(data: SiameseImages, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first Real print of each finger among `places`."""
    impressions = data.store.column("impression")[data.rows[places]]
    return np.sort(places[(data.levels[places] == "Real") & (impressions == 1)])


def _draw(
    rule: PairRule, data: SiameseImages, places: NDArray[np.int64], n: int, by: SplitBy, random: np.random.Generator
) -> PairList:
    try:
        return (image_pairs if rule == "images" else triplet_pairs)(places, data.identity, n, random, data.sets)
    except BadInput as error:
        raise _too_few(data, places, by, str(error)) from None


def _too_few(data: SiameseImages, places: NDArray[np.int64], by: SplitBy, why: str) -> BadInput:
    """places: those that pairs were to be drawn from."""
    n, total = (len(np.unique(identity)) for identity in (data.identity[places], data.identity))
    way_out = "give more, or --split_by pair" if by == "subject" else "give more"
    return BadInput(f"{data.store.path}: {why}; pairs are drawn from {n} of {total} identities here: {way_out}")


def _if_possible(draw: Callable[[], PairList], data: SiameseImages) -> PairList | None:
    """The pairs of unseen subjects, which add to a training; None if the set has none, or too few, as the single
    validation finger of an FVC set."""
    if not _has_own_split(data):
        return None
    try:
        pairs = draw()
    except BadInput:
        return None
    return pairs if _both_kinds(pairs) else None


def _both_kinds(pairs: PairList) -> bool:
    return bool(pairs.mated.any()) and not bool(pairs.mated.all())


def _given_pairs(data: SiameseImages, pair_list: Path | None) -> PairList | None:
    """The pairs of a --pair_list, or of anchor/, positive/ and negative/ folders; None if there is neither."""
    if pair_list is not None:
        places = {str(name): place for place, name in enumerate(data.names)}
        # A copy that was left out stands for the image that it equals.
        copies = {copy: places[name] for copy, name in data.store.copies().items() if name in places}
        given = read_pair_list(pair_list, copies | places)
        across = int((data.sets[given.probe] != data.sets[given.reference]).sum())
        if across:
            print(
                f"ridgecode: {across} of the {len(given.mated)} pairs in {pair_list} are of two data sets, which "
                "differ in their sensors: error rates on them come out too low",
                file=sys.stderr,
            )
        return given
    if not is_triplets(data.fingers):
        return None
    anchor, negative, positive = (np.flatnonzero(data.fingers == name) for name in ("anchor", "negative", "positive"))
    n = min(len(anchor), len(negative), len(positive))
    # The i-th anchor is paired with the i-th positive and the i-th negative image.
    probe, reference = np.tile(anchor[:n], 2), np.concatenate((positive[:n], negative[:n]))
    return PairList(probe, reference, np.arange(2 * n) < n)


def _from_list(
    data: SiameseImages, pairs: PairList, by: SplitBy, held_out: tuple[float, float], random: np.random.Generator
) -> SiamesePairs:
    seed = int(random.integers(2**31))
    if by == "pair":
        train, val, test = split_by_pair(pairs, *(held_out if sum(held_out) else (0.1, 0.0)), random)
    else:
        sides = data.split[pairs.probe], data.split[pairs.reference]
        train, val, test = (pairs.take((sides[0] == name) & (sides[1] == name)) for name in ("train", "val", "test"))
    for name, side in (("train", train), ("val", val)):
        if not _both_kinds(side):
            raise _one_sided(data, pairs, name, side, by)
    held_out_test = test if by == "pair" and _both_kinds(test) else None
    return SiamesePairs(_shuffled(train, seed), val, held_out_test, None, by, False)


def _one_sided(data: SiameseImages, pairs: PairList, name: str, side: PairList, by: SplitBy) -> BadInput:
    """The error for a side of the given pairs that lacks mated or non-mated ones; it names the cause."""
    lacks = "mated and non-mated" if not len(side.mated) else "non-mated" if side.mated.all() else "mated"
    what = f"the {'training' if name == 'train' else 'validation'} side of the given pairs has no {lacks} pair"
    if by == "pair":
        return BadInput(f"{what}: it has {len(side.mated)} of {len(pairs.mated)} pairs; give more pairs")
    named = np.union1d(pairs.probe, pairs.reference)
    all_of, its = (len(np.unique(data.identity[places])) for places in (named, named[data.split[named] == name]))
    return BadInput(
        f"{what}: the split by subject puts {its} of the list's {all_of} identities there; give --split_by pair, or "
        "pairs of more identities"
    )


def _has_own_split(data: SiameseImages) -> bool:
    """Whether the set has fixed validation subjects, as SOCOFing has, unlike a folder of identity folders."""
    return data.store.source != "folder"


def _shuffled(pairs: PairList, seed: int) -> Callable[[int], PairList]:
    return lambda epoch: pairs.take(np.random.default_rng((seed, 2, epoch)).permutation(len(pairs.mated)))
