"""The fingers that a head is trained on, by data set, and views of their prints."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.errors import BadInput
from ridgecode.matching.places.placement import framed_stack
from ridgecode.prints.sets import print_sets
from ridgecode.prints.store import PrintStore
from ridgecode.prints.varied_views import Variation, varied_views
from ridgecode.training.views.variations import OF_ALTERED_PRINTS, OF_REAL_PRINTS

REAL_SHARE = 0.35
"""Views of an impression that show its Real print, where altered prints are there too."""


@dataclass(frozen=True)
class FingerSet:
    """The prints of F fingers of one data set.

    name: of the set; prints: (N, H, W) uint8; impressions: for each finger its impressions, and for each of those the
    rows of its prints, the Real one first; middles: float32 (N, 3), where the upright middle of each print should lie
    and how sure that is, as `Middles` has it; None where nothing is known of it
    """

    name: str
    prints: NDArray[np.uint8]
    impressions: list[list[NDArray[np.int64]]]
    middles: NDArray[np.float32] | None = None

    @property
    def variation(self) -> Variation:
        """How far views differ from their prints."""
        altered = any(len(prints) > 1 for of_finger in self.impressions for prints in of_finger)
        return OF_ALTERED_PRINTS if altered else OF_REAL_PRINTS

    def __len__(self) -> int:
        return len(self.impressions)

    def views(
        self, fingers: NDArray[np.int64], random: np.random.Generator, side: tuple[int, int]
    ) -> tuple[Tensor, NDArray[np.int16]]:
        """A varied view of each finger's print, drawn from its impressions and their altered prints: float32
        (K, h, w) in [0, 1], and the number of the impression that each shows, (K,)."""
        rows, shown = np.empty(len(fingers), np.int64), np.empty(len(fingers), np.int16)
        for place, finger in enumerate(fingers):
            of_finger = self.impressions[finger]
            shown[place] = random.integers(len(of_finger))
            of_impression = of_finger[shown[place]]
            takes_real = random.random() < REAL_SHARE
            rows[place] = of_impression[0 if takes_real else random.integers(len(of_impression))]
        return varied_views(self.prints[rows], random, side, self.variation), shown


Stack = Callable[[PrintStore, NDArray[np.int64]], NDArray[np.uint8]]
"""The prints at some rows of a store, (N,) -> (N, H, W)."""


def finger_sets(store: PrintStore, split: str, stack: Stack = framed_stack) -> list[FingerSet]:
    """The fingers of a split that have a Real print, without duplicated prints, by data set.

    stack: gives the prints; without it, those of another size than the canonical one are placed by their ridge area.
    Sets of one finger are left out.
    Raises BadInput where no set has two.
    """
    rows = store.rows(split=split, levels=None, identity=True)
    fingers, levels = store.column("finger_id")[rows].astype(str), store.column("level")[rows]
    impressions, sets = store.column("impression")[rows], print_sets(store, rows)
    prints = stack(store, rows)
    found = []
    for name in sorted(set(sets.tolist())):
        # By finger, then by impression, then the Real print first.
        own = np.flatnonzero(sets == name)
        own = own[np.lexsort((levels[own] != "Real", impressions[own], fingers[own]))]
        of_fingers = []
        for of_finger in _groups(own, fingers[own]):
            of_impressions = _groups(of_finger, impressions[of_finger])
            real = [group for group in of_impressions if levels[group[0]] == "Real"]
            if real:
                of_fingers.append(real)
        if len(of_fingers) >= 2:
            found.append(FingerSet(name, prints, of_fingers))
    if not found:
        raise BadInput(f"{store.path} has no two fingers of one data set in the split {split}; a matcher needs 2")
    return found


def _groups(rows: NDArray[np.int64], names: NDArray[np.generic]) -> list[NDArray[np.int64]]:
    """`rows`, whose equal names are neighbours, cut where the name changes."""
    return np.split(rows, np.flatnonzero(names[1:] != names[:-1]) + 1)
