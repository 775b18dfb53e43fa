"""The pairs of one image Siamese training: drawn by the system's rule, split by pair or by subject."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.matching.pair_lists import (
    PairList,
    all_pairs,
    image_pairs,
    probe_pairs,
    read_pair_list,
    split_by_pair,
    triplet_pairs,
)
from ridgecode.matching.siamese.systems import SYSTEM_FACTS, PairRule, SiameseSpec
from ridgecode.prints.store import PrintStore
from ridgecode.study.siamese_store import is_triplets

SplitBy = Literal["pair", "subject"]
IMAGE_PAIRS = 20_000
ALL_PAIRS_OF = 200
"""Images up to which every pair of them is taken; more are drawn from."""


class SiameseImages:
    """The images of a store at a network's input size, (N, height, width) uint8, by their place in `rows`.

    rows: of the store that are used. split: of each, "train", "val" or "test".
    """

    def __init__(self, store: PrintStore, spec: SiameseSpec) -> None:
        self.store, self.spec = store, spec
        # Of SOCOFing, prints that several names share are nobody's; elsewhere equal images are meant, as stripes are.
        self.rows = store.rows(levels=None, identity=store.source != "folder")
        self.images = spec.fit(store.stack(self.rows))
        self.names, self.fingers, self.levels = (self._column(name) for name in ("name", "finger_id", "level"))
        self.identity = np.unique(self.fingers, return_inverse=True)[1]
        self.split = np.full(len(self.rows), "train", dtype="<U5")
        for name in ("val", "test"):
            self.split[np.isin(self.rows, store.rows(name, levels=None))] = name

    def of_split(self, *splits: str) -> NDArray[np.int64]:
        return np.flatnonzero(np.isin(self.split, splits))

    def _column(self, name: str) -> NDArray[np.str_]:
        return self.store.column(name)[self.rows]


@dataclass(frozen=True)
class SiamesePairs:
    """train: an epoch's pairs; val: what an epoch is judged by; test: None where the rule holds none out; unseen: pairs
    of validation subjects, where the pairs above are split by pair among other subjects. augment: whether probes are
    moved, in training anew each time, else by their names."""

    train: Callable[[int], PairList]
    val: PairList
    test: PairList | None
    unseen: PairList | None
    split_by: SplitBy
    augment: bool


def siamese_pairs(
    data: SiameseImages,
    split_by: Literal["auto", "pair", "subject"],
    default: SplitBy,
    seed: int,
    n_pairs: int = 0,
    pair_list: Path | None = None,
) -> SiamesePairs:
    """Draws the lists of a training. n_pairs: over all sides; 0 takes the system's own number.

    Raises BadInput where the data does not allow the split or the rule.
    """
    facts = SYSTEM_FACTS[data.spec.system]
    given = _given_pairs(data, pair_list)
    rule = "images" if facts.pairs == "all" and len(data.rows) > ALL_PAIRS_OF else facts.pairs
    by: SplitBy = default if split_by == "auto" else split_by
    if n_pairs and (given is not None or rule in ("probes", "all")):
        raise BadInput(f"--n_pairs {n_pairs} says nothing here: these pairs are not drawn by number; leave it out")
    if is_triplets(data.fingers) or (rule == "all" and given is None):
        if split_by == "subject":
            raise BadInput("--split_by subject: these images tell no subjects that could be kept apart; give pair")
        by = "pair"
    random = np.random.default_rng((seed, 1))
    # Validation subjects of a set with a split of its own stay unseen, whatever the recipe.
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
        return _probe_lists(data, by, pool, facts.held_out[0], seed, random)
    held_out = facts.held_out if sum(facts.held_out) else (0.1, 0.0)
    total = n_pairs or (IMAGE_PAIRS if rule == "images" else 2 * len(pool))
    if by == "pair":
        train, val, test = split_by_pair(_draw(rule, data, pool, total, random), *held_out, random)
        unseen_rows = data.of_split("val") if _has_own_split(data) else np.empty(0, np.int64)
        n_val = len(val.mated)
        unseen = _draw(rule, data, unseen_rows, n_val, random) if len(unseen_rows) else None
        return SiamesePairs(_shuffled(train, seed), val, test if len(test.mated) else None, unseen, "pair", False)
    n_val = round(held_out[0] * total)
    train = _draw(rule, data, data.of_split("train"), total - n_val - round(held_out[1] * total), random)
    val = _draw(rule, data, data.of_split("val"), n_val, random)
    return SiamesePairs(_shuffled(train, seed), val, None, None, "subject", False)


def _probe_lists(
    data: SiameseImages,
    by: SplitBy,
    pool: NDArray[np.int64],
    held_out: float,
    seed: int,
    random: np.random.Generator,
) -> SiamesePairs:
    """Every print but the first of its finger is a probe; a share of the probes, or the validation subjects, are held
    out, and each side's references are those of its fingers."""

    def probes_of(places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        first = _first_prints(data, places)
        own = np.full(data.identity.max() + 1, -1)
        own[data.identity[first]] = first
        probes = places[(own[data.identity[places]] >= 0) & (own[data.identity[places]] != places)]
        if not len(probes):
            raise BadInput(f"{data.store.path} has one print a finger; give a store with altered prints or impressions")
        return probes, own[data.identity[probes]], first

    def drawn(places: tuple[NDArray[np.int64], ...], chosen: NDArray[np.int64], draw: np.random.Generator) -> PairList:
        probes, own, first = places
        return probe_pairs(probes[chosen], own[chosen], first, data.identity, draw)

    side = probes_of(pool if by == "pair" else data.of_split("train"))
    order = random.permutation(len(side[0]))
    n_val = round(held_out * len(order)) if by == "pair" else 0
    train_probes = np.sort(order[n_val:])
    unseen = None
    if by == "pair":
        val = drawn(side, np.sort(order[:n_val]), random)
        if _has_own_split(data):
            others = probes_of(data.of_split("val"))
            unseen = drawn(others, np.arange(len(others[0])), random)
    else:
        others = probes_of(data.of_split("val"))
        val = drawn(others, np.arange(len(others[0])), random)

    def train(epoch: int) -> PairList:
        draw = np.random.default_rng((seed, 2, epoch))
        return drawn(side, draw.permutation(train_probes), draw)

    return SiamesePairs(train, val, None, unseen, by, True)


def _first_prints(data: SiameseImages, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of each finger among `places` its first Real print."""
    impressions = data.store.column("impression")[data.rows[places]]
    real = places[(data.levels[places] == "Real") & (impressions == 1)]
    return np.sort(real)


def _draw(
    rule: PairRule, data: SiameseImages, places: NDArray[np.int64], n: int, random: np.random.Generator
) -> PairList:
    draw = image_pairs if rule == "images" else triplet_pairs
    try:
        return draw(places, data.identity, n, random)
    except BadInput as error:
        few = f"{len(np.unique(data.identity[places]))} of {len(np.unique(data.identity))} identities"
        raise BadInput(
            f"{data.store.path}: {error}; of {few} pairs had to be drawn, so give more, or --split_by pair"
        ) from None


def _given_pairs(data: SiameseImages, pair_list: Path | None) -> PairList | None:
    """The pairs of a --pair_list, or of anchor/, positive/ and negative/ folders; None where neither is given."""
    if pair_list is not None:
        return read_pair_list(pair_list, {str(name): place for place, name in enumerate(data.names)})
    if not is_triplets(data.fingers):
        return None
    anchor, negative, positive = (np.flatnonzero(data.fingers == name) for name in ("anchor", "negative", "positive"))
    n = min(len(anchor), len(negative), len(positive))
    # Each anchor with the positive and with the negative image of its place.
    probe, reference = np.tile(anchor[:n], 2), np.concatenate((positive[:n], negative[:n]))
    return PairList(probe, reference, np.arange(2 * n) < n)


def _from_list(
    data: SiameseImages, pairs: PairList, by: SplitBy, held_out: tuple[float, float], random: np.random.Generator
) -> SiamesePairs:
    seed = int(random.integers(2**31))
    if by == "pair":
        val_share, test_share = held_out if sum(held_out) else (0.1, 0.0)
        train, val, test = split_by_pair(pairs, val_share, test_share, random)
    else:
        sides = data.split[pairs.probe], data.split[pairs.reference]
        train, val, test = (pairs.take((sides[0] == name) & (sides[1] == name)) for name in ("train", "val", "test"))
    for name, side in (("training", train), ("validation", val)):
        if not side.mated.any() or side.mated.all():
            raise BadInput(f"the {name} side of the given pairs lacks mated or non-mated ones; give more pairs")
    both = len(test.mated) and test.mated.any() and not test.mated.all()
    return SiamesePairs(_shuffled(train, seed), val, test if both and by == "pair" else None, None, by, False)


def _has_own_split(data: SiameseImages) -> bool:
    """Whether the set has validation subjects that all measure on: SOCOFing and its like, not any identity folder."""
    return data.store.source != "folder"


def _shuffled(pairs: PairList, seed: int) -> Callable[[int], PairList]:
    return lambda epoch: pairs.take(np.random.default_rng((seed, 2, epoch)).permutation(len(pairs.mated)))
