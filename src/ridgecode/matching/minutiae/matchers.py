"""The minutiae matchers by their names."""

from typing import Literal

from ridgecode.matching.minutiae.bozorth3 import Bozorth3
from ridgecode.matching.minutiae.orb import Orb
from ridgecode.matching.minutiae.template import MinutiaeMatcher

MatcherName = Literal["orb", "bozorth3"]


def minutiae_matcher(name: MatcherName) -> MinutiaeMatcher:
    """Raises BadInput where bozorth3's optional package is not installed."""
    return Orb() if name == "orb" else Bozorth3()
