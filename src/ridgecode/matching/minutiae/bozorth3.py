"""NIST's minutiae extractor mindtct and matcher bozorth3, from the optional package afis.

afis has two engines: `native`, bindings to NIST's own C code, and `python`, a port. `native` extracts a print in 20 ms,
the port in seconds, so `native` is used wherever afis finds the library. Minutiae and scores of the engines differ, so
the version of a matcher names its engine, and templates of two engines are never compared.

Sources: Watson et al., "User's guide to NIST Biometric Image Software (NBIS)", NISTIR 7392 (2007), and "Studies of
biometric fusion / bozorth3", NISTIR 7391; afis 1.2.7 (MIT).
"""

from importlib import import_module, metadata
from typing import Any

import numpy as np

from ridgecode.errors import BadInput
from ridgecode.matching.minutiae.template import MINUTIAE_PPI, Minutiae, at_500_ppi
from ridgecode.prints.canonical import CANONICAL_PPI

MARGIN = 16
"""Each print gets a mirrored margin of so many pixels before mindtct extracts its minutiae.

mindtct finds no minutiae in the blocks at an image's edge, so a print that fills its image would lose those near its
edge. Minutiae in the margin are dropped afterwards."""
FEWEST_MINUTIAE = 15
"""bozorth3 gives templates with fewer minutiae the score 0, and afis does not pass on the option that changes this
(`-A minminutiae=`). So `compare` fills such a template up with minutiae so far away that they change no score."""
# Where the minutiae that fill a template up lie: the x of the first one, and the distance between two, in pixels.
_FILL_X = 10_000.0
_FILL_DISTANCE = 1_000.0
_ENGINES = {"native": ("nbis_mindtct", "nbis_bozorth3"), "python": ("mindtct", "bozorth3")}


class Bozorth3:
    """mindtct extracts at most 150 minutiae; bozorth3 scores how many pairs of minutiae lie alike in both prints.

    A score above 40 to 50 means, to NIST, that two prints are likely of one finger. A template has no descriptors.

    engine: "native", "python", or "" for the first of the two that is installed. Raises BadInput if afis is not
    installed, or if "native" is asked for and afis finds no library.
    """

    name = "bozorth3"

    def __init__(self, engine: str = "") -> None:
        afis = _afis()
        self.engine = engine or ("native" if afis.available_native() else "python")
        if self.engine == "native" and not afis.available_native():
            raise BadInput(
                "afis finds no native library; build it as docs/minutiae.md describes, or take the engine python"
            )
        extractor, matcher = _ENGINES[self.engine]
        self._extract = import_module("afis.extractors").get_extractor(extractor)
        self._match = import_module("afis.matchers").get_matcher(matcher)
        self.version = f"afis {metadata.version('afis')} {self.engine}, mirrored {MARGIN}, padded {FEWEST_MINUTIAE}"

    def extract(self, print: np.ndarray, ppi: float = CANONICAL_PPI) -> Minutiae:
        """See `MinutiaeMatcher`."""
        image = at_500_ppi(print, ppi)
        mirrored = np.pad(image, MARGIN, mode="symmetric")
        found, _ = self._extract(mirrored, ppi=MINUTIAE_PPI)
        rows = np.asarray(found, dtype=np.float64).reshape(-1, 5) - (MARGIN, MARGIN, 0, 0, 0)
        inside = ((rows[:, :2] >= 0) & (rows[:, :2] <= np.array(image.shape[::-1]) - 1)).all(axis=1)
        x, y, theta, kind, quality = rows[inside].T
        return Minutiae(
            x=x.astype(np.float32),
            y=y.astype(np.float32),
            # Twice modulo 360, since a tiny negative angle modulo 360 rounds to 360 itself in float32.
            direction=(np.degrees(theta) % 360).astype(np.float32) % np.float32(360),
            kind=kind.astype(np.uint8),
            quality=quality.clip(0, 1).astype(np.float32),
            size=np.array(image.shape, dtype=np.int64),
            descriptors=np.zeros((len(x), 0), dtype=bool),
        )

    def compare(self, probe: Minutiae, reference: Minutiae) -> float:
        """See `MinutiaeMatcher`. A whole number; exchanging the two templates does not change it."""
        heights = {"height_a": int(probe.size[0]), "height_b": int(reference.size[0])}
        return float(self._match(_rows(probe), _rows(reference), **heights).raw_score)


def _rows(minutiae: Minutiae) -> np.ndarray:
    """The minutiae as afis has them: float64 (M, 5), of x, y, direction in radians, kind and quality.

    Fewer than FEWEST_MINUTIAE rows are filled up.
    """
    direction = np.radians(minutiae.direction, dtype=np.float64)
    columns = (minutiae.x, minutiae.y, direction, minutiae.kind, minutiae.quality)
    rows = np.stack(columns, axis=1).astype(np.float64)
    fill = np.zeros((max(0, FEWEST_MINUTIAE - len(rows)), 5))
    # They come last, since the C code needs minutiae in the order of x.
    fill[:, 0] = _FILL_X + _FILL_DISTANCE * np.arange(len(fill))
    return np.concatenate((rows, fill))


def _afis() -> Any:
    try:
        return import_module("afis")
    except ModuleNotFoundError:
        raise BadInput("--matcher bozorth3 needs the extra: pip install 'ridgecode[minutiae]'") from None
