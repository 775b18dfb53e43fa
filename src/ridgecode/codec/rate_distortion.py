"""Rate-distortion curves and the Bjontegaard rate difference between two of them."""

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from ridgecode.errors import BadInput

Form = Literal["pchip", "cubic"]


class RateDistortion(NamedTuple):
    """N points of a curve, in any order: mean bytes a print, and mean MSE of pixels in [0, 1], float (N,) each."""

    bytes: NDArray[np.float64]
    mse: NDArray[np.float64]


class RateDifference(NamedTuple):
    """percent: by how many percent the curve's rate is above (or, where negative, below) the reference's at equal PSNR,
    on average; NaN where that can't be computed, and `reason` says why. psnr_low, psnr_high: the range of the average,
    in dB."""

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

    form: how log-rate over PSNR is interpolated. "pchip": a piecewise cubic Hermite polynomial through the points, as
    in
        the spreadsheets of JCT-VC and JVET; a curve needs two points. "cubic": one cubic fitted to the points, as in
        VCEG-M33; a curve needs four.
    bytes_range: average only over the part of the reference curve from these bytes to those; None: over all of it.

    A point is left out where another point of its curve has no more bytes and no higher MSE: an encoder would not be
    used there. The PSNR is that of the mean MSE. Raises BadInput for a curve with figures that are not positive and
    finite.

    Source: G. Bjontegaard, "Calculation of average PSNR differences between RD-curves", VCEG-M33 (2001); for the rate
    in place of the PSNR: VCEG-AI11 (2008).
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
    """Indices of the points that no other point of the curve beats in both bytes and MSE, in order of bytes, int (M,).

    Raises BadInput for a curve with figures that are not positive and finite.
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
    """The bytes at which `curve` reaches `mse`, interpolated as "pchip" of `bjontegaard_rate`; NaN beyond its points.

    Raises BadInput as `efficient_points` does.
    """
    psnr, log_bytes = _efficient(curve)
    wanted = -10 * math.log10(mse)
    if not len(psnr) or not psnr[0] <= wanted <= psnr[-1]:
        return math.nan
    return math.exp(PchipInterpolator(psnr, log_bytes)(wanted) if len(psnr) > 1 else log_bytes[0])


def _efficient(curve: RateDistortion) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(PSNR in dB, natural logarithm of bytes) of the efficient points, both strictly rising."""
    kept = efficient_points(curve)
    size, mse = (np.asarray(values, dtype=np.float64)[kept] for values in curve)
    return -10 * np.log10(mse), np.log(size)


def _integral(psnr: NDArray[np.float64], log_bytes: NDArray[np.float64], low: float, high: float, form: Form) -> float:
    if form == "pchip":
        return float(PchipInterpolator(psnr, log_bytes).integrate(low, high))
    # Third powers lose fewer digits where the PSNR is centred on 0.
    middle = psnr.mean()
    integral = np.polyint(np.polyfit(psnr - middle, log_bytes, 3))
    return float(np.polyval(integral, high - middle) - np.polyval(integral, low - middle))


def _none(reason: str) -> RateDifference:
    return RateDifference(math.nan, math.nan, math.nan, reason)
