"""The rules by which the image Siamese systems draw their training pairs.

Where `sets` numbers the data set of each image, non-mated pairs are of one set, since those of two sets differ in their
sensors and are told apart without looking at the print. None stands for one set.
"""

from typing import NamedTuple

import numpy as np

from ridgecode.errors import BadInput


class PairList(NamedTuple):
    """K pairs of images. probe, reference: int64 (K,), rows of the images; mated: bool (K,)."""

    probe: np.ndarray
    reference: np.ndarray
    mated: np.ndarray

    def take(self, chosen: np.ndarray) -> "PairList":
        """The pairs at the indices `chosen`, or where it is true."""
        return PairList(self.probe[chosen], self.reference[chosen], self.mated[chosen])


def probe_pairs(
    probes: np.ndarray,
    own: np.ndarray,
    references: np.ndarray,
    identity: np.ndarray,
    generator: np.random.Generator,
    sets: np.ndarray | None = None,
) -> PairList:
    """System B: each probe once, with its own reference or with one of another identity, with equal probability.

    A probe whose set has no other identity is paired with its own reference.

    probes: (K,) rows; own: (K,) rows of the probes' references; references: (R,) rows; identity, sets: int (N,), of all
    images. Raises BadInput if the references of each set are of one identity.
    """
    sets = np.zeros(len(identity), np.int64) if sets is None else sets
    has_other = np.isin(sets[probes], _sets_of_several(references, identity, sets))
    if not has_other.any():
        raise BadInput("all references are of one identity; non-mated pairs need two or more")
    mated = (generator.random(len(probes)) < 0.5) | ~has_other
    other = generator.choice(references, len(probes))

    def unfit() -> np.ndarray:
        same = (identity[other] == identity[probes]) | (sets[other] != sets[probes])
        return np.flatnonzero(same & has_other)

    while len(places := unfit()):
        other[places] = generator.choice(references, len(places))
    return PairList(probes, np.where(mated, own, other), mated)


def image_pairs(
    rows: np.ndarray, identity: np.ndarray, n: int, generator: np.random.Generator, sets: np.ndarray | None = None
) -> PairList:
    """System D: n // 2 mated pairs of two different images, and as many non-mated pairs, drawn with replacement.

    rows: (R,), the images to draw from; identity, sets: int (N,), of all images. Identities, not images, have equal
    probability. Raises BadInput if no identity has two images, or all images of each set are of one identity.
    """
    groups = _groups(rows, identity)
    several = [group for group in groups if len(group) > 1]
    if not several:
        raise BadInput("no identity has two images; mated pairs need two images of an identity")
    neighbours = _of_equal_set(groups, sets)
    able = [number for number, others in enumerate(neighbours) if len(others) > 1]
    if not able:
        raise BadInput("all images are of one identity; non-mated pairs need two or more")
    half = n // 2
    pairs = np.empty((2, 2 * half), np.int64)
    for i, chosen in enumerate(generator.integers(0, len(several), half)):
        pairs[:, i] = generator.choice(several[chosen], 2, replace=False)
    for i in range(half, 2 * half):
        if len(neighbours[0]) == len(groups):
            first, second = generator.choice(len(groups), 2, replace=False)
        else:
            first = able[generator.integers(len(able))]
            others = neighbours[first]
            second = generator.choice(others[others != first])
        pairs[:, i] = generator.choice(groups[first]), generator.choice(groups[second])
    return PairList(pairs[0], pairs[1], np.arange(2 * half) < half)


def triplet_pairs(
    rows: np.ndarray, identity: np.ndarray, n: int, generator: np.random.Generator, sets: np.ndarray | None = None
) -> PairList:
    """System E: n // 2 anchors, each with another image of its identity (mated) and with one of another identity.

    Each image is an anchor once before any is an anchor twice. An image that is alone in its identity, or whose
    identity is alone in its set, is no anchor. Arguments and errors as `image_pairs`.
    """
    sets = np.zeros(len(identity), np.int64) if sets is None else sets
    groups = _groups(rows, identity)
    group_of = {int(row): number for number, group in enumerate(groups) for row in group}
    if not any(len(group) > 1 for group in groups):
        raise BadInput("no identity has two images; an anchor needs another image of its identity")
    able = _sets_of_several(rows, identity, sets)
    anchors = np.array([row for group in groups if len(group) > 1 and sets[group[0]] in able for row in group])
    if not len(anchors):
        raise BadInput("all images are of one identity; non-mated pairs need two or more")
    passes = -(-(n // 2) // len(anchors))
    chosen = np.concatenate([generator.permutation(anchors) for _ in range(passes)])[: n // 2]
    positive, negative = np.empty((2, len(chosen)), np.int64)
    for i, anchor in enumerate(chosen):
        own = groups[group_of[int(anchor)]]
        positive[i] = generator.choice(own[own != anchor])
        negative[i] = generator.choice(rows)
        while identity[negative[i]] == identity[anchor] or sets[negative[i]] != sets[anchor]:
            negative[i] = generator.choice(rows)
    return PairList(np.tile(chosen, 2), np.concatenate((positive, negative)), np.arange(2 * len(chosen)) < len(chosen))


def all_pairs(
    rows: np.ndarray, identity: np.ndarray, generator: np.random.Generator, sets: np.ndarray | None = None
) -> PairList:
    """System C: all mated pairs, and as many non-mated pairs, drawn without replacement, or all if there are fewer.

    Arguments as `image_pairs`. Raises BadInput if the images make no mated or no non-mated pair.
    """
    first, second = np.triu_indices(len(rows), 1)
    probe, reference = rows[first], rows[second]
    mated = identity[probe] == identity[reference]
    others = np.flatnonzero(~mated if sets is None else ~mated & (sets[probe] == sets[reference]))
    if not mated.any() or not len(others):
        raise BadInput("the images make no mated or no non-mated pair; give two identities of two images or more")
    kept = generator.choice(others, min(len(others), int(mated.sum())), replace=False)
    chosen = np.concatenate((np.flatnonzero(mated), np.sort(kept)))
    return PairList(probe[chosen], reference[chosen], mated[chosen])


def split_by_pair(
    pairs: PairList, val_share: float, test_share: float, generator: np.random.Generator
) -> tuple[PairList, PairList, PairList]:
    """Splits into (train, validation, test) as the write-ups do: by pair, so that all three may share images."""
    order = generator.permutation(len(pairs.mated))
    n_test, n_val = round(test_share * len(order)), round(val_share * len(order))
    test, val, train = np.split(order, [n_test, n_test + n_val])
    return pairs.take(train), pairs.take(val), pairs.take(test)


def _groups(rows: np.ndarray, identity: np.ndarray) -> list[np.ndarray]:
    """The rows of each identity."""
    order = rows[np.argsort(identity[rows], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(identity[order])) + 1) if len(order) else []


def _sets_of_several(rows: np.ndarray, identity: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """The sets that have two identities or more among `rows`."""
    known = np.unique(np.stack((sets[rows], identity[rows])), axis=1)
    numbers, counts = np.unique(known[0], return_counts=True)
    return numbers[counts > 1]


def _of_equal_set(groups: list[np.ndarray], sets: np.ndarray | None) -> list[np.ndarray]:
    """For each group of rows the numbers of all groups of its set, its own included."""
    of_group = np.array([0 if sets is None else sets[group[0]] for group in groups], np.int64)
    members = {number: np.flatnonzero(of_group == number) for number in np.unique(of_group).tolist()}
    return [members[number] for number in of_group.tolist()]
