"""The minutiae matcher of the write-up, built on scikit-image.

    print - 500 ppi - enhance - skeleton - endings and bifurcations - ORB descriptors

An ORB descriptor of a minutia holds 256 comparisons of grey values in the enhanced print, in a patch of 31 pixels that
turns with the minutia's direction. Source: Rublee et al., "ORB: an efficient alternative to SIFT or SURF", ICCV 2011.
"""

import numpy as np
from skimage.feature import ORB, match_descriptors
from skimage.morphology import skeletonize

from ridgecode.matching.minutiae.crossings import crossings
from ridgecode.matching.minutiae.enhance import Ridges, enhanced
from ridgecode.matching.minutiae.template import Minutiae, at_500_ppi
from ridgecode.prints.canonical import CANONICAL_PPI

MOST_DIFFERENT = 0.35
"""The largest share of bits in which the descriptors of a match differ; random descriptors differ in half."""
MOST_PIXELS, MOST_DEGREES = 12.0, 20.0
"""How far a match may lie from where the print's movement puts it, at 500 ppi, and by how much it may be turned."""
# ORB describes no points nearer to the edge of its image than this, in pixels.
_MARGIN = 24


class Orb:
    """Matches descriptors by brute force with a cross-check, and scores the matches that one rigid movement explains.

    Each match defines a movement of the print: a rotation and a shift. Let S be, over the matches that agree with a
    movement, the sum of 1 - d / MOST_DIFFERENT, where d is the share of bits in which a match's descriptors differ. The
    score is the largest S of all movements, over the root of the product of both prints' numbers of minutiae. It lies
    in [0, 1] and is 1 for a print and itself.
    """

    name = "orb"
    version = "1"

    def extract(self, print: np.ndarray, ppi: float = CANONICAL_PPI) -> Minutiae:
        """See `MinutiaeMatcher`. Quality is 1 for all."""
        image = at_500_ppi(print, ppi)
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
    """ORB descriptors of the enhanced print at each minutia, bool (M, 256), turned with the minutia's direction."""
    if not len(rows):
        return np.zeros((0, 256), dtype=bool)
    # The response scaled to [0, 1], with a margin, so that ORB describes minutiae near the edge as well.
    grey = np.pad((np.tanh(ridges.response) * ridges.print + 1) / 2, _MARGIN, mode="edge").astype(np.float64)
    orb = ORB(n_scales=1)
    # ORB's angles are clockwise, a minutia's direction is counter-clockwise.
    places = np.stack((rows, columns), axis=1).astype(np.float64) + _MARGIN
    orb.extract(grey, places, np.ones(len(rows)), np.radians(-direction))
    if not orb.mask_.all():
        raise AssertionError("the margin is too narrow: ORB left out a minutia")
    return np.asarray(orb.descriptors, dtype=bool)


def _consistent(probe: Minutiae, reference: Minutiae, of_probe: np.ndarray, of_reference: np.ndarray) -> np.ndarray:
    """Which matches agree with the movement that match k defines: row k of bool (K, K).

    of_probe, of_reference: int (K,), the minutiae of each match.
    """
    p = probe.x[of_probe] + 1j * probe.y[of_probe]
    r = reference.x[of_reference] + 1j * reference.y[of_reference]
    # Directions turn counter-clockwise, but angles of image coordinates clockwise, since y points down.
    turn = np.radians((probe.direction[of_probe] - reference.direction[of_reference]).astype(np.float64))
    moved = r[:, None] + (p[None, :] - p[:, None]) * np.exp(1j * turn)[:, None]
    other = np.abs((turn[None, :] - turn[:, None] + np.pi) % (2 * np.pi) - np.pi)
    return (np.abs(moved - r[None, :]) <= MOST_PIXELS) & (other <= np.radians(MOST_DEGREES))
