"""The rules by which the image Siamese systems draw their training pairs, and lists of pairs from files."""

import csv
from pathlib import Path
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
    probes: np.ndarray, own: np.ndarray, references: np.ndarray, identity: np.ndarray, generator: np.random.Generator
) -> PairList:
    """System B: each probe once, with its own reference or with one of another identity, with equal probability.

    probes: (K,) rows; own: (K,) rows of the probes' references; references: (R,) rows; identity: int (N,), of all
    images. Raises BadInput if all references are of one identity.
    """
    if len(np.unique(identity[references])) < 2:
        raise BadInput("all references are of one identity; non-mated pairs need two or more")
    mated = generator.random(len(probes)) < 0.5
    other = generator.choice(references, len(probes))
    while len(same := np.flatnonzero(identity[other] == identity[probes])):
        other[same] = generator.choice(references, len(same))
    return PairList(probes, np.where(mated, own, other), mated)


def image_pairs(rows: np.ndarray, identity: np.ndarray, n: int, generator: np.random.Generator) -> PairList:
    """System D: n // 2 mated pairs of two different images, and as many non-mated pairs, drawn with replacement.

    rows: (R,), the images to draw from; identity: int (N,), of all images. Identities, not images, have equal
    probability. Raises BadInput if no identity has two images, or all images are of one identity.
    """
    groups = _groups(rows, identity)
    several = [group for group in groups if len(group) > 1]
    if not several:
        raise BadInput("no identity has two images; mated pairs need two images of an identity")
    if len(groups) < 2:
        raise BadInput("all images are of one identity; non-mated pairs need two or more")
    half = n // 2
    pairs = np.empty((2, 2 * half), np.int64)
    for i, chosen in enumerate(generator.integers(0, len(several), half)):
        pairs[:, i] = generator.choice(several[chosen], 2, replace=False)
    for i in range(half, 2 * half):
        first, second = generator.choice(len(groups), 2, replace=False)
        pairs[:, i] = generator.choice(groups[first]), generator.choice(groups[second])
    return PairList(pairs[0], pairs[1], np.arange(2 * half) < half)


def triplet_pairs(rows: np.ndarray, identity: np.ndarray, n: int, generator: np.random.Generator) -> PairList:
    """System E: n // 2 anchors, each with another image of its identity (mated) and with one of another identity.

    Each image is an anchor once before any is an anchor twice. An image that is alone in its identity is no anchor.
    Arguments and errors as `image_pairs`.
    """
    groups = _groups(rows, identity)
    group_of = {int(row): number for number, group in enumerate(groups) for row in group}
    anchors = np.array([row for group in groups if len(group) > 1 for row in group])
    if not len(anchors):
        raise BadInput("no identity has two images; an anchor needs another image of its identity")
    if len(groups) < 2:
        raise BadInput("all images are of one identity; non-mated pairs need two or more")
    passes = -(-(n // 2) // len(anchors))
    chosen = np.concatenate([generator.permutation(anchors) for _ in range(passes)])[: n // 2]
    positive, negative = np.empty((2, len(chosen)), np.int64)
    for i, anchor in enumerate(chosen):
        own = groups[group_of[int(anchor)]]
        positive[i] = generator.choice(own[own != anchor])
        negative[i] = generator.choice(rows)
        while identity[negative[i]] == identity[anchor]:
            negative[i] = generator.choice(rows)
    return PairList(np.tile(chosen, 2), np.concatenate((positive, negative)), np.arange(2 * len(chosen)) < len(chosen))


def all_pairs(rows: np.ndarray, identity: np.ndarray, generator: np.random.Generator) -> PairList:
    """System C: all mated pairs, and as many non-mated pairs, drawn without replacement, or all if there are fewer.

    Arguments as `image_pairs`. Raises BadInput if the images make no mated or no non-mated pair.
    """
    first, second = np.triu_indices(len(rows), 1)
    probe, reference = rows[first], rows[second]
    mated = identity[probe] == identity[reference]
    if not mated.any() or mated.all():
        raise BadInput("the images make no mated or no non-mated pair; give two identities of two images or more")
    others = np.flatnonzero(~mated)
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


def read_pair_list(path: Path, row_of: dict[str, int]) -> PairList:
    """Reads a CSV file with the columns probe, reference (names of images, with or without suffix) and mated (1 or 0).

    row_of: the row of each image by its name without suffix. Raises BadInput, which names the file and its line, for an
    unknown image, another value of mated, or a file that lacks mated or non-mated pairs.
    """
    rows = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = {"probe", "reference", "mated"} - set(reader.fieldnames or ())
            if missing:
                raise BadInput(
                    f"--pair_list {path} lacks the column {min(missing)}; its first line is probe,reference,mated"
                )
            for line, entry in enumerate(reader, 2):
                if entry["mated"] not in ("0", "1"):
                    raise BadInput(f"--pair_list {path}, line {line}: mated is {entry['mated']!r}; write 1 or 0")
                found = [_row(row_of, str(entry[name])) for name in ("probe", "reference")]
                for name, row in zip(("probe", "reference"), found, strict=True):
                    if row is None:
                        raise BadInput(
                            f"--pair_list {path}, line {line}: there is no image {entry[name]} in the data; correct or "
                            "delete that line"
                        )
                rows.append((*found, entry["mated"] == "1"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"--pair_list {path} can't be read ({error}); give a CSV file") from None
    table = np.array(rows, np.int64).reshape(-1, 3)
    mated = table[:, 2] == 1
    if not mated.any() or mated.all():
        raise BadInput(f"--pair_list {path} needs mated and non-mated pairs; add lines of both kinds")
    return PairList(table[:, 0], table[:, 1], mated)


def _row(row_of: dict[str, int], name: str) -> int | None:
    bare = Path(name).with_suffix("").as_posix() if Path(name).suffix else name
    return row_of.get(name, row_of.get(bare))


def _groups(rows: np.ndarray, identity: np.ndarray) -> list[np.ndarray]:
    """The rows of each identity."""
    order = rows[np.argsort(identity[rows], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(identity[order])) + 1) if len(order) else []
