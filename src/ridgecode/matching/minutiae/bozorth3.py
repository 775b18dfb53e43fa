"""NIST's mindtct and bozorth3, by the optional package afis.

afis holds both twice: as a port to Python (`python`), and as bindings to NIST's own C code (`native`), which is used
wherever afis finds that library: it extracts in 20 ms where the port takes seconds. The two differ in their minutiae
and scores, so the version of a matcher names its engine, and templates of one are never compared with the other's.

Sources: Watson et al., "User's guide to NIST Biometric Image Software (NBIS)", NISTIR 7392 (2007), and "Studies of
biometric fusion / bozorth3", NISTIR 7391; afis 1.2.7 (MIT).
"""

from importlib import import_module, metadata
from typing import Any

import numpy as np

from ridgecode.errors import BadInput
from ridgecode.matching.minutiae.template import MINUTIAE_PPI, Minutiae, at_500_ppi

MARGIN = 16
"""Pixels by which a print is mirrored at its edges before mindtct reads it, which takes no minutiae from the blocks at
an image's edge: a print that fills its image would lose a ring of them. Those outside the print are dropped again."""
_ENGINES = {"native": ("nbis_mindtct", "nbis_bozorth3"), "python": ("mindtct", "bozorth3")}


class Bozorth3:
    """Minutiae of mindtct, at most 150, scored by bozorth3: how many pairs of minutiae lie the same way to each other.

    NIST calls two prints of one finger likely above 40 to 50. Prints of fewer than 10 (native) or 15 (python) minutiae
    score 0 against anything. A template has no descriptors.

    engine: "native" or "python"; "" takes the first that is there. Raises BadInput where afis is not installed, or its
    native library was asked for and is not there.
    """

    name = "bozorth3"

    def __init__(self, engine: str = "") -> None:
        afis = _afis()
        self.engine = engine or ("native" if afis.available_native() else "python")
        if self.engine == "native" and not afis.available_native():
            raise BadInput(
                "afis has no native library here; build it as docs/minutiae.md tells, or take the other engine"
            )
        extractor, matcher = _ENGINES[self.engine]
        self._extract = import_module("afis.extractors").get_extractor(extractor)
        self._match = import_module("afis.matchers").get_matcher(matcher)
        self.version = f"afis {metadata.version('afis')} {self.engine}, mirrored {MARGIN}"

    def extract(self, print: np.ndarray) -> Minutiae:
        """See `MinutiaeMatcher`."""
        image = at_500_ppi(print)
        mirrored = np.pad(image, MARGIN, mode="symmetric")
        found, _ = self._extract(mirrored, ppi=MINUTIAE_PPI)
        rows = np.asarray(found, dtype=np.float64).reshape(-1, 5) - (MARGIN, MARGIN, 0, 0, 0)
        inside = ((rows[:, :2] >= 0) & (rows[:, :2] <= np.array(image.shape[::-1]) - 1)).all(axis=1)
        x, y, theta, kind, quality = rows[inside].T
        return Minutiae(
            x=x.astype(np.float32),
            y=y.astype(np.float32),
            # The rest of a division by 360 of a tiny negative number is 360 in float32.
            direction=(np.degrees(theta) % 360).astype(np.float32) % np.float32(360),
            kind=kind.astype(np.uint8),
            quality=quality.clip(0, 1).astype(np.float32),
            size=np.array(image.shape, dtype=np.int64),
            descriptors=np.zeros((len(x), 0), dtype=bool),
        )

    def compare(self, probe: Minutiae, reference: Minutiae) -> float:
        """See `MinutiaeMatcher`. A whole number, the same whichever of the two is the probe."""
        heights = {"height_a": int(probe.size[0]), "height_b": int(reference.size[0])}
        return float(self._match(_rows(probe), _rows(reference), **heights).raw_score)


def _rows(minutiae: Minutiae) -> np.ndarray:
    """As afis has them: float64 (M, 5) of x, y, direction in radians, kind, quality."""
    direction = np.radians(minutiae.direction, dtype=np.float64)
    columns = (minutiae.x, minutiae.y, direction, minutiae.kind, minutiae.quality)
    return np.stack(columns, axis=1).astype(np.float64)


def _afis() -> Any:
    try:
        return import_module("afis")
    except ModuleNotFoundError:
        raise BadInput("--matcher bozorth3 needs the extra: pip install 'ridgecode[minutiae]'") from None
