"""The pairs of an image Siamese training: drawn by the system's rule, split by pair or by subject."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

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
from ridgecode.matching.siamese.store import is_triplets
from ridgecode.matching.siamese.systems import SYSTEM_FACTS, PairRule, SiameseSpec
from ridgecode.prints.store import PrintStore

SplitBy = Literal["pair", "subject"]
IMAGE_PAIRS = 20_000
"""Pairs that the rule `images` draws by default."""
ALL_PAIRS_OF = 200
"""The most images of which the rule `all` takes every pair; of more images, pairs are drawn as by `images`."""


class SiameseImages:
    """N images of a store at a network's input size.

    rows: their rows in the store, int64 (N,); images: (N, height, width) uint8; names, fingers, levels: (N,)
    identity: int (N,), a number for each finger; split: (N,), "train", "val" or "test"

    A place is an index into these arrays.
    """

    def __init__(self, store: PrintStore, spec: SiameseSpec) -> None:
        self.store, self.spec = store, spec
        # SOCOFing has equal prints of several fingers, which are left out; in folders, as of stripes, they are meant.
        self.rows = store.rows(levels=None, identity=store.source != "folder")
        self.images = spec.fit(store.stack(self.rows))
        columns = ("name", "finger_id", "level")
        self.names, self.fingers, self.levels = (store.column(column)[self.rows] for column in columns)
        self.identity = np.unique(self.fingers, return_inverse=True)[1]
        self.split = np.full(len(self.rows), "train", dtype="<U5")
        for name in ("val", "test"):
            self.split[np.isin(self.rows, store.rows(name, levels=None))] = name

    def of_split(self, split: str) -> NDArray[np.int64]:
        """The places of the split's images."""
        return np.flatnonzero(self.split == split)


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
    pairs to take instead; whole_batch: for the rule `probes`. Raises BadInput if the data allows no such pairs."""
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
            pairs = all_pairs(pool, data.identity, draw)
            return pairs.take(draw.permutation(len(pairs.mated)))

        return SiamesePairs(drawn_anew, all_pairs(pool, data.identity, random), None, None, "pair", False)
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
        train, val, test = split_by_pair(_draw(rule, data, pool, total, random), *held_out, random)
        unseen_places = data.of_split("val") if _has_own_split(data) else np.empty(0, np.int64)
        unseen = _draw(rule, data, unseen_places, len(val.mated), random) if len(unseen_places) else None
        return SiamesePairs(_shuffled(train, seed), val, test if len(test.mated) else None, unseen, "pair", False)
    n_val = round(held_out[0] * total)
    train = _draw(rule, data, data.of_split("train"), total - n_val - round(held_out[1] * total), random)
    val = _draw(rule, data, data.of_split("val"), n_val, random)
    return SiamesePairs(_shuffled(train, seed), val, None, None, "subject", False)


class _Probes(NamedTuple):
    """Places of probes (K,), of each probe's own reference (K,), and of all references (R,)."""

    probes: NDArray[np.int64]
    own: NDArray[np.int64]
    references: NDArray[np.int64]

    @classmethod
    def among(cls, data: SiameseImages, places: NDArray[np.int64]) -> "_Probes":
        """Raises BadInput if there is no probe."""
        first = _first_prints(data, places)
        own = np.full(data.identity.max() + 1, -1)
        own[data.identity[first]] = first
        probes = places[(own[data.identity[places]] >= 0) & (own[data.identity[places]] != places)]
        if not len(probes):
            raise BadInput(f"{data.store.path} has one print a finger; give a store with altered prints or impressions")
        return cls(probes, own[data.identity[probes]], first)

    def pairs(self, data: SiameseImages, random: np.random.Generator, chosen: Any = slice(None)) -> PairList:
        """A pair for each of the `chosen` probes."""
        return probe_pairs(self.probes[chosen], self.own[chosen], self.references, data.identity, random)


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

    trained = _Probes.among(data, pool if by == "pair" else data.of_split("train"))
    order = random.permutation(len(trained.probes))
    n_val = round(held_out * len(order)) if by == "pair" else 0
    train_probes = np.sort(order[n_val:])
    unseen = None
    if by == "pair":
        val = trained.pairs(data, random, np.sort(order[:n_val]))
        if _has_own_split(data):
            unseen = _Probes.among(data, data.of_split("val")).pairs(data, random)
    else:
        val = _Probes.among(data, data.of_split("val")).pairs(data, random)

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
    rule: PairRule, data: SiameseImages, places: NDArray[np.int64], n: int, random: np.random.Generator
) -> PairList:
    try:
        return (image_pairs if rule == "images" else triplet_pairs)(places, data.identity, n, random)
    except BadInput as error:
        share = f"{len(np.unique(data.identity[places]))} of {len(np.unique(data.identity))} identities"
        way_out = f"pairs are drawn from {share} here: give more, or --split_by pair"
        raise BadInput(f"{data.store.path}: {error}; {way_out}") from None


def _given_pairs(data: SiameseImages, pair_list: Path | None) -> PairList | None:
    """The pairs of a --pair_list, or of anchor/, positive/ and negative/ folders; None if there is neither."""
    if pair_list is not None:
        return read_pair_list(pair_list, {str(name): place for place, name in enumerate(data.names)})
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
    for name, side in (("training", train), ("validation", val)):
        if not side.mated.any() or side.mated.all():
            raise BadInput(f"the {name} side of the given pairs lacks mated or non-mated ones; give more pairs")
    both = test.mated.any() and not test.mated.all()
    return SiamesePairs(_shuffled(train, seed), val, test if both and by == "pair" else None, None, by, False)


def _has_own_split(data: SiameseImages) -> bool:
    """Whether the set has fixed validation subjects, as SOCOFing has, unlike a folder of identity folders."""
    return data.store.source != "folder"


def _shuffled(pairs: PairList, seed: int) -> Callable[[int], PairList]:
    return lambda epoch: pairs.take(np.random.default_rng((seed, 2, epoch)).permutation(len(pairs.mated)))
