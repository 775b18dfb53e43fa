"""Rate-distortion curves and the Bjontegaard rate difference between two of them."""

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from ridgecode.errors import BadInput

Form = Literal["pchip", "cubic"]


class RateDistortion(NamedTuple):
    """Points of a curve in any order: mean bytes a print and mean MSE of pixels in [0, 1], float (N,) each."""

    bytes: NDArray[np.float64]
    mse: NDArray[np.float64]


class RateDifference(NamedTuple):
    """percent: by how much the curve's rate is above (or, negative, below) the reference's at equal PSNR, on average;
    NaN where that can't be told, and `reason` then says why. psnr_low, psnr_high: the range in dB averaged over."""

    percent: float
    psnr_low: float
    psnr_high: float
    reason: str = ""


def bjontegaard_rate(
    reference: RateDistortion,
    curve: RateDistortion,
    form: Form = "pchip",
    bytes_range: tuple[float, float] | None = None,
) -> RateDifference:
    """The mean difference in log-rate between `curve` and `reference` over the PSNR that both reach, in percent.

    form: log-rate over PSNR as a piecewise cubic Hermite polynomial through the points (as JCT-VC's and JVET's
        spreadsheets have it; two points a curve), or as one cubic fitted to them (VCEG-M33; four).
    bytes_range: least and most bytes of the reference curve to average over, or None for all of it.

    A point that another of its curve beats in bytes and MSE both is left out: an encoder would not be used there. The
    PSNR is that of the mean MSE. Raises BadInput for a curve with anything but positive, finite figures.

    Source: G. Bjontegaard, "Calculation of average PSNR differences between RD-curves", VCEG-M33 (2001), turned from
    PSNR to rate as VCEG-AI11 (2008) has it.
    """
    least = {"pchip": 2, "cubic": 4}[form]
    points = [_efficient(one) for one in (reference, curve)]
    for name, (psnr, _) in zip(("reference", "other"), points, strict=True):
        if len(psnr) < least:
            return _none(f"the {name} curve has {len(psnr)} points that no other beats, and {form} needs {least}")
    low, high = max(psnr[0] for psnr, _ in points), min(psnr[-1] for psnr, _ in points)
    if low >= high:
        return _none("the curves reach no PSNR in common")
    if bytes_range is not None:
        psnr, log_bytes = points[0]
        fewest, most = np.log(bytes_range)
        if fewest >= most or most <= log_bytes[0] or fewest >= log_bytes[-1]:
            return _none(f"the reference curve has no part from {bytes_range[0]:g} to {bytes_range[1]:g} bytes")
        line = PchipInterpolator(psnr, log_bytes)
        if fewest > log_bytes[0]:
            low = max(low, float(line.solve(fewest, extrapolate=False)[0]))
        if most < log_bytes[-1]:
            high = min(high, float(line.solve(most, extrapolate=False)[0]))
        if low >= high:
            return _none(f"the curves reach no PSNR in common from {bytes_range[0]:g} to {bytes_range[1]:g} bytes")
    of_reference, of_curve = (_integral(psnr, log_bytes, low, high, form) for psnr, log_bytes in points)
    return RateDifference(100 * math.expm1((of_curve - of_reference) / (high - low)), float(low), float(high))


def efficient_points(curve: RateDistortion) -> NDArray[np.int64]:
    """Places of the points that no other of the curve beats in bytes and MSE both, by rising bytes, int (M,).

    Raises BadInput for a curve with anything but positive, finite figures.
    """
    size, mse = (np.asarray(values, dtype=np.float64) for values in curve)
    if (
        size.shape != mse.shape
        or size.ndim != 1
        or not all(np.isfinite(v).all() and (v > 0).all() for v in (size, mse))
    ):
        raise BadInput("a rate-distortion curve needs as many bytes as MSEs, positive and finite")
    order = np.lexsort((mse, size))
    before = np.minimum.accumulate(np.concatenate(([np.inf], mse[order])))[:-1]
    kept: NDArray[np.int64] = order[mse[order] < before]
    return kept


def bytes_at(curve: RateDistortion, mse: float) -> float:
    """The bytes at which `curve` reaches `mse`, between its points as `bjontegaard_rate` has it; NaN beyond them.

    Raises BadInput as `efficient_points` does.
    """
    psnr, log_bytes = _efficient(curve)
    wanted = -10 * math.log10(mse)
    if not len(psnr) or not psnr[0] <= wanted <= psnr[-1]:
        return math.nan
    return math.exp(PchipInterpolator(psnr, log_bytes)(wanted) if len(psnr) > 1 else log_bytes[0])


def _efficient(curve: RateDistortion) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(PSNR in dB, natural logarithm of bytes), both strictly rising, without points that another beats."""
    kept = efficient_points(curve)
    size, mse = (np.asarray(values, dtype=np.float64)[kept] for values in curve)
    return -10 * np.log10(mse), np.log(size)


def _integral(psnr: NDArray[np.float64], log_bytes: NDArray[np.float64], low: float, high: float, form: Form) -> float:
    if form == "pchip":
        return float(PchipInterpolator(psnr, log_bytes).integrate(low, high))
    # Around the middle, where powers of three lose no digits.
    middle = psnr.mean()
    whole = np.polyint(np.polyfit(psnr - middle, log_bytes, 3))
    return float(np.polyval(whole, high - middle) - np.polyval(whole, low - middle))


def _none(reason: str) -> RateDifference:
    return RateDifference(math.nan, math.nan, math.nan, reason)
