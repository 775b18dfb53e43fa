"""Bytes that one codec of a report saves over others: Bjontegaard rate differences, and bytes at stated MSEs."""

import math
from typing import NamedTuple

import numpy as np

from ridgecode.codec.rate_distortion import RateDifference, RateDistortion, bjontegaard_rate, bytes_at
from ridgecode.report.rate_curves import RateCurve, RatePlot

BYTES_RANGE: dict[str, tuple[float, float]] = {"whole": (150, 1200)}
"""By view, the range of the reference curve's bytes that a difference is averaged over; the whole curve for others."""
STATED_MSE: dict[str, tuple[float, ...]] = {"whole": (0.035, 0.0145), "crop32": (0.04,)}
"""By view, the MSEs at which a report gives the bytes of every codec."""
JPEG_2000 = "jpeg2000"
N_MSES = 200
"""The number of MSEs, evenly spaced in their logarithm, at which the fewest bytes of any classical codec are found."""


class Saving(NamedTuple):
    """How many `percent` the bytes of a curve are above (negative: below) those of a reference at equal MSE, averaged
    from `mse_low` to `mse_high`; all NaN where the two can't be compared."""

    percent: float
    mse_low: float
    mse_high: float


def saving(plot: RatePlot, reference: RateDistortion, curve: RateDistortion) -> Saving:
    """The Bjontegaard rate difference of `curve` from `reference`, over the MSEs that both curves reach and that the
    reference reaches within the view's BYTES_RANGE."""
    found = RateDifference(math.nan, math.nan, math.nan)
    if len(reference.bytes) and len(curve.bytes):
        found = bjontegaard_rate(reference, curve, bytes_range=BYTES_RANGE.get(plot.prints.view))
    return Saving(found.percent, 10 ** (-found.psnr_high / 10), 10 ** (-found.psnr_low / 10))


def all_classical(plot: RatePlot, bare: bool = False) -> RateDistortion:
    """The fewest bytes of any classical codec at each MSE: at the MSEs of their points and at N_MSES between these."""
    curves = [points for curve in plot.classical if len((points := curve.rate_distortion(bare)).bytes)]
    if not curves:
        return RateDistortion(np.empty(0), np.empty(0))
    own = np.concatenate([points.mse for points in curves])
    every = np.unique(np.concatenate([own, np.geomspace(own.min(), own.max(), N_MSES)]))
    least = np.array([_least(curves, mse) for mse in every])
    return RateDistortion(least[np.isfinite(least)], every[np.isfinite(least)])


def _least(curves: list[RateDistortion], mse: float) -> float:
    found = [size for points in curves if not math.isnan(size := bytes_at(points, mse))]
    return min(found, default=math.nan)


def best_classical(plot: RatePlot, bare: bool = False) -> RateCurve | None:
    """The classical codec whose bytes are least above `all_classical` on average; None where none can be compared."""
    best = all_classical(plot, bare)
    above = [(saving(plot, best, curve.rate_distortion(bare)).percent, curve) for curve in plot.classical]
    known = [pair for pair in above if not math.isnan(pair[0])]
    return min(known, key=lambda pair: pair[0])[1] if known else None


def bytes_at_mse(curve: RateCurve, mse: float, bare: bool = False) -> float | None:
    """Bytes a print at which `curve` reaches `mse`, interpolated between its points; None where it never does."""
    points = curve.rate_distortion(bare)
    found = bytes_at(points, mse) if len(points.bytes) else math.nan
    return None if math.isnan(found) else found
