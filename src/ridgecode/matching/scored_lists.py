"""Comparison lists with their images, read from files or drawn and written once."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.matching.comparisons import (
    Comparisons,
    comparison_list,
    probe_prints,
    reference_prints,
    with_sets,
)
from ridgecode.matching.systems import MatchingSystem, Prints
from ridgecode.matching.templates.enrolment import Enrolled, Enrolment, check_left
from ridgecode.prints.sets import print_sets
from ridgecode.prints.store import PrintStore


class ScoredList(NamedTuple):
    """A comparison list with its probes and references, (P, H, W) and (R, H, W) uint8; probes are moved if the protocol
    moves them."""

    comparisons: Comparisons
    probes: Prints
    references: Prints

    @classmethod
    def of(cls, store: PrintStore, comparisons: Comparisons) -> "ScoredList":
        """Reads the list's prints from the store. Raises BadInput for a print that the store lacks."""
        listed = with_sets(store, comparisons)
        return cls(listed, probe_prints(store, listed), reference_prints(store, listed))

    def scores(self, system: MatchingSystem) -> NDArray[np.float32]:
        """(C,) scores of the list's comparisons; NaN where a print fails to enrol."""
        rows = self.comparisons.probe_rows, self.comparisons.reference_rows
        scores = system.scores(system.vectors(self.probes), system.vectors(self.references), *rows)
        if (enrolled := self.enrolled(system.enrolment)) is not None:
            scores[~enrolled.compared(self.comparisons)] = np.nan
        return scores

    def enrolled(self, enrolment: Enrolment | None) -> Enrolled | None:
        """Which of the list's prints enrol; None, as `enrolment`, stands for all."""
        return None if enrolment is None else Enrolled(enrolment(self.probes), enrolment(self.references))

    def enrolled_only(self, enrolment: Enrolment | None) -> "ScoredList":
        """The list without the comparisons of prints that fail to enrol, for choosing thresholds and epochs on.

        Raises BadInput where no mated or no non-mated comparison is left.
        """
        enrolled, listed = self.enrolled(enrolment), self.comparisons
        if enrolled is None:
            return self
        check_left(listed, enrolled)
        left = enrolled.compared(listed)
        chosen = {name: getattr(listed, name)[left] for name in ("probe_rows", "reference_rows", "mated")}
        return self._replace(comparisons=replace(listed, **chosen))


class EvaluatedList(NamedTuple):
    """A comparison list to measure, and the list on which thresholds are chosen, None for the measured list itself.
    threshold_from: the name of that list's split."""

    measured: ScoredList
    threshold_list: ScoredList | None
    threshold_from: str


def evaluated_lists(
    store: PrintStore, split: str, protocols: Sequence[str], folder: Path, given: bool
) -> list[EvaluatedList]:
    """The list of each protocol on `split`, with the validation list, on which thresholds are chosen.

    If the validation split has one subject of each data set, and so no non-mated comparison, thresholds are chosen on
    the measured list.
    folder, given: as in `scored_list`; raises BadInput as it does.
    """
    chosen_on = "val" if has_non_mated(store, "val") else split
    lists = []
    for protocol in protocols:
        measured = scored_list(store, split, protocol, folder, given)
        on_val = scored_list(store, chosen_on, protocol, folder, given) if split != chosen_on else None
        lists.append(EvaluatedList(measured, on_val, chosen_on))
    return lists


def has_non_mated(store: PrintStore, split: str) -> bool:
    """Whether the split's Real prints are of several subjects of one data set, or of several fingers in a store of
    impressions, which non-mated comparisons need."""
    rows = store.rows(split=split)
    who = "finger_id" if store.source == "impressions" else "subject"
    of_sets: dict[str, set[str]] = {}
    for name, one in zip(print_sets(store, rows), store.column(who)[rows].tolist(), strict=True):
        of_sets.setdefault(name, set()).add(one)
    return any(len(of_set) > 1 for of_set in of_sets.values())


def scored_list(store: PrintStore, split: str, protocol: str, folder: Path, given: bool) -> ScoredList:
    """The list in `folder`/PROTOCOL_SPLIT.parquet; a missing list is drawn and written first.

    given: whether the user named `folder`. A list there may be of another store with the same prints and is never
    replaced; in a run's own folder, a list of another store is replaced, and one that compares prints of two data sets,
    as older versions drew them. Raises BadInput for a file that is no such list, or that names prints that the store
    lacks.
    """
    path = folder / f"{protocol}_{split}.parquet"
    if path.is_file():
        found = Comparisons.load(path)
        if found.protocol != protocol:
            raise BadInput(f"{path} is a list of the protocol {found.protocol}, not {protocol}; rename or delete it")
        if given and found.split not in ("", split):
            raise BadInput(f"{path} was drawn from the split {found.split}, not {split}; give another --comparisons")
        same = found.store_digest == store.digest
        if given and found.store_digest and not same:
            print(f"ridgecode: {path} was drawn from another store than {store.path}", file=sys.stderr)
        if given or (same and found.split == split):
            scored = ScoredList.of(store, found)
            across = scored.comparisons.n_across_sets
            if given and across:
                print(
                    f"ridgecode: {across} of the {len(found)} comparisons in {path} are between prints of two data "
                    "sets, which differ in their sensors: error rates come out too low",
                    file=sys.stderr,
                )
            if given or not across:
                return scored
    comparisons = comparison_list(store, split, protocol)
    comparisons.save(path)
    return ScoredList.of(store, comparisons)
