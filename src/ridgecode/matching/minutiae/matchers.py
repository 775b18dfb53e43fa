"""The interface of the minutiae matchers, and the matchers by name."""

from typing import Protocol

import numpy as np

from ridgecode.matching.minutiae.bozorth3 import Bozorth3
from ridgecode.matching.minutiae.orb import Orb
from ridgecode.matching.minutiae.template import Minutiae
from ridgecode.matching.names import MatcherName
from ridgecode.prints.canonical import CANONICAL_PPI


class MinutiaeMatcher(Protocol):
    """A matcher extracts a template from a print, and compares two templates.

    name: as in --matcher
    version: a text that differs if templates or scores may differ; equal versions give equal scores
    """

    name: str
    version: str

    def extract(self, print: np.ndarray, ppi: float = CANONICAL_PPI) -> Minutiae:
        """The template of a print, uint8 (H, W) at about `ppi`. The same print gives the same template."""

    def compare(self, probe: Minutiae, reference: Minutiae) -> float:
        """The comparison score, at least 0. A higher score is more alike."""


def minutiae_matcher(name: MatcherName) -> MinutiaeMatcher:
    """The matcher of that name. Raises BadInput if bozorth3's optional package is not installed."""
    return Orb() if name == "orb" else Bozorth3()
