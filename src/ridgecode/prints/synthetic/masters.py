"""A master print: the ridges of one synthetic finger, which its impressions are made from.

"Print pixels" are pixels of the 97x90 print, 200 an inch, whatever resolution is drawn: all places and lengths of the
finger are in them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ridgecode.errors import BadInput
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.labels import FINGERS, HANDS
from ridgecode.prints.synthetic.marks import add_pores, add_scars
from ridgecode.prints.synthetic.orientation import Singularities, draw_pattern, draw_singularities, orientation
from ridgecode.prints.synthetic.ridges import grow_ridges
from ridgecode.prints.synthetic.smooth_noise import smooth_noise

RIDGE_PERIOD = 3.25
"""Ridge period in pixels of the 97x90 print. The mean spectrum of the middles of SOCOFing's prints peaks at 3.2."""
_FILTER_PERIOD = 6.0  # in pixels of the master; a smaller one shows the pixel grid, a larger one only takes longer
_GROWN_PERIOD = 6.2  # the period of the ridges that such a filter grows, measured by the spectra of masters
_FINER = 0.65  # at n times 200 ppi, masters have 0.65 n times as many pixels a ridge: a quarter more than prints
_ABOVE, _BELOW, _BESIDE = 66.0, 58.0, 60.0  # how far the skin reaches from the finger's centre, in print pixels
_HALF_WIDTH = {"thumb": 47.0, "index": 42.5, "middle": 43.0, "ring": 41.5, "little": 36.5, "": 42.0}


def check_ridge_period(pixels: float) -> None:
    """Raises BadInput for a ridge period that prints of 97x90 pixels can't show."""
    if not 2.5 <= pixels <= 12.0:
        raise BadInput(f"--ridge_period {pixels} is out of range: give 2.5 to 12 pixels of the 97x90 print.")


def check_field_of_view(times: float) -> None:
    """Raises BadInput for a field of view that is smaller than a 97x90 print or more than twice as high and wide."""
    if not 1.0 <= times <= 2.0:
        raise BadInput(f"--field_of_view {times} is out of range: give 1 to 2 times the 97x90 print.")


def check_print_ppi(ppi: float) -> None:
    """Raises BadInput for a resolution at which no prints are drawn."""
    if not CANONICAL_PPI <= ppi <= 1000:
        raise BadInput(f"--ppi {ppi:g} is out of range: give {CANONICAL_PPI:g} to 1000 pixels per inch.")


@dataclass(frozen=True)
class Master:
    """The skin of one finger.

    height: float32 (H, W), 1 on ridges, -1 in valleys, with pores and scars
    direction: float32 (H, W), ridge direction in radians, y up
    scale: pixels of `height` per print pixel
    centre: (row, column) of the finger's centre in `height`
    finger: cores and deltas of the orientation field
    half_width: of the fingertip, in print pixels
    ridge_period: in print pixels
    field_of_view: height and width of its prints, over those of a 97x90 print
    ppi: pixels per inch of its prints
    """

    height: NDArray[np.float32]
    direction: NDArray[np.float32]
    scale: float
    centre: tuple[float, float]
    finger: Singularities
    half_width: float
    ridge_period: float
    field_of_view: float = 1.0
    ppi: float = CANONICAL_PPI


def master_print(
    seed: int,
    pattern: str | None = None,
    ridge_period: float = RIDGE_PERIOD,
    hand: str = "",
    digit: str = "",
    field_of_view: float = 1.0,
    ppi: float = CANONICAL_PPI,
) -> Master:
    """Grows the master print of one finger; the same arguments give the same master. At another `ppi` the same seed
    gives a finger of the same pattern with other minutiae.

    pattern: one of PATTERNS; None draws one by the classes' natural frequencies
    ridge_period: in print pixels, 2.5 to 12
    hand: "Left", "Right" or "" where it is unknown; loops mostly open to the little finger of a known hand
    digit: "thumb", "index", "middle", "ring", "little" or ""; decides the width
    field_of_view: height and width of the prints, over those of a 97x90 print, 1 to 2; above 1 more of the skin is
        grown, and more of it touches the sensor
    ppi: pixels per inch of the prints, 200 to 1000; the ridges are grown in as many more pixels as they need
    Raises BadInput for anything else, and for a negative seed.
    """
    if seed < 0:
        raise BadInput(f"Seed {seed} is negative: give 0 or more.")
    check_ridge_period(ridge_period)
    check_field_of_view(field_of_view)
    check_print_ppi(ppi)
    if hand not in ("", *HANDS) or digit not in _HALF_WIDTH:
        raise BadInput(
            f"Hand {hand!r} or finger {digit!r} is unknown: give Left or Right, and one of {', '.join(FINGERS)}."
        )
    rng = np.random.default_rng([seed, 0x6D61])
    finger = draw_singularities(rng, draw_pattern(rng, hand) if pattern is None else pattern)
    finer = max(1.0, _FINER * ppi / CANONICAL_PPI)
    grown_period = _GROWN_PERIOD * finer
    scale = grown_period / ridge_period
    above, below, beside = (side * field_of_view for side in (_ABOVE, _BELOW, _BESIDE))
    shape = (fft.next_fast_len(int((above + below) * scale), True), fft.next_fast_len(int(2 * beside * scale), True))
    centre = (above * scale, beside * scale)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    z = (columns - centre[1]) / scale + 1j * (centre[0] - rows) / scale
    direction = orientation(z, finger) + np.deg2rad(5.0) * smooth_noise(rng, shape, 22.0 * scale)
    height = grow_ridges(direction, _FILTER_PERIOD * finer, rng)
    add_pores(height, grown_period, rng)
    add_scars(height, scale, rng)
    half_width = float(_HALF_WIDTH[digit] * rng.normal(1.0, 0.05) * field_of_view)
    direction = direction.astype(np.float32)
    return Master(height, direction, scale, centre, finger, half_width, ridge_period, field_of_view, ppi)
