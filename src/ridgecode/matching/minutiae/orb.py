"""The write-up's minutiae matcher, made of scikit-image: crossing numbers of a skeleton, ORB descriptors, brute force.

A print is enlarged to 500 ppi and enhanced; its ridges are thinned to a skeleton, whose endings and bifurcations are
the minutiae. Each is described by ORB: 256 comparisons of enhanced grey values in a patch of 31 pixels about it, turned
with its direction (Rublee et al., "ORB: an efficient alternative to SIFT or SURF", ICCV 2011).
"""

import numpy as np
from skimage.feature import ORB, match_descriptors
from skimage.morphology import skeletonize

from ridgecode.matching.minutiae.crossings import crossings
from ridgecode.matching.minutiae.enhance import Ridges, enhanced
from ridgecode.matching.minutiae.template import Minutiae, at_500_ppi

MOST_DIFFERENT = 0.35
"""Share of a descriptor's bits that may differ between matched ones; chance has 0.5."""
MOST_PIXELS, MOST_DEGREES = 12.0, 20.0
"""How far a match may lie from where the print's movement puts it."""
# ORB keeps this far from the edge of the image it is given.
_MARGIN = 24


class Orb:
    """Descriptors matched by brute force with a cross-check; the score is how many matches one rigid movement explains.

    Every match alone fixes a rotation and a shift of the print; the movement on which the most matches agree wins. The
    score is the sum over those matches of 1 - distance / MOST_DIFFERENT, where distance is the share of bits that
    differ, over the root of the product of both prints' numbers of minutiae: in [0, 1], and 1 for a print and itself.
    """

    name = "orb"
    version = "1"

    def extract(self, print: np.ndarray) -> Minutiae:
        """See `MinutiaeMatcher`. Quality is 1 for all."""
        image = at_500_ppi(print)
        ridges = enhanced(image)
        found = crossings(skeletonize((ridges.response > 0) & ridges.print), ridges.print)
        return Minutiae(
            x=found.column.astype(np.float32),
            y=found.row.astype(np.float32),
            direction=found.direction.astype(np.float32) % np.float32(360),
            kind=found.kind,
            quality=np.ones(len(found.row), dtype=np.float32),
            size=np.array(image.shape, dtype=np.int64),
            descriptors=_descriptors(ridges, found.row, found.column, found.direction),
        )

    def compare(self, probe: Minutiae, reference: Minutiae) -> float:
        """See `MinutiaeMatcher`."""
        if not len(probe) or not len(reference):
            return 0.0
        matches = match_descriptors(
            probe.descriptors, reference.descriptors, metric="hamming", cross_check=True, max_distance=MOST_DIFFERENT
        )
        if not len(matches):
            return 0.0
        of_probe, of_reference = matches.T
        differ = (probe.descriptors[of_probe] != reference.descriptors[of_reference]).mean(axis=1)
        together = _consistent(probe, reference, of_probe, of_reference)
        weights = together @ (1 - differ / MOST_DIFFERENT)
        return float(weights.max() / np.sqrt(len(probe) * len(reference)))


def _descriptors(ridges: Ridges, rows: np.ndarray, columns: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """bool (M, 256): ORB's of the enhanced print, each turned with its minutia's direction."""
    if not len(rows):
        return np.zeros((0, 256), dtype=bool)
    # The ridges' response between 0 and 1, and a margin, so that minutiae near the edge are described as well.
    grey = np.pad((np.tanh(ridges.response) * ridges.print + 1) / 2, _MARGIN, mode="edge").astype(np.float64)
    orb = ORB(n_scales=1)
    # ORB's angle turns from the columns' axis to the rows', so with the clock.
    places = np.stack((rows, columns), axis=1).astype(np.float64) + _MARGIN
    orb.extract(grey, places, np.ones(len(rows)), np.radians(-direction))
    if not orb.mask_.all():
        raise AssertionError("the margin keeps every minutia inside what ORB describes")
    return np.asarray(orb.descriptors, dtype=bool)


def _consistent(probe: Minutiae, reference: Minutiae, of_probe: np.ndarray, of_reference: np.ndarray) -> np.ndarray:
    """Row k: which matches agree with the movement of the print that match k alone fixes; bool (K, K)."""
    p = probe.x[of_probe] + 1j * probe.y[of_probe]
    r = reference.x[of_reference] + 1j * reference.y[of_reference]
    # Directions turn against the clock, image coordinates with it.
    turn = np.radians((probe.direction[of_probe] - reference.direction[of_reference]).astype(np.float64))
    moved = r[:, None] + (p[None, :] - p[:, None]) * np.exp(1j * turn)[:, None]
    other = np.abs((turn[None, :] - turn[:, None] + np.pi) % (2 * np.pi) - np.pi)
    return (np.abs(moved - r[None, :]) <= MOST_PIXELS) & (other <= np.radians(MOST_DEGREES))
