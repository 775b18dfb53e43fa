"""Bjontegaard's difference of two rate-distortion curves: how many bytes one codec saves at equal PSNR."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator


def bd_rate(
    sizes: ArrayLike, psnr_db: ArrayLike, reference_sizes: ArrayLike, reference_psnr_db: ArrayLike
) -> float | None:
    """The mean difference in size at equal PSNR, relative to the reference: -0.3 where 30 % of the bytes are saved.

    sizes, psnr_db: the points of a curve, two or more of distinct PSNR; bytes or bits, above 0. The logarithm of the
    size is interpolated as a function of the PSNR by monotone piecewise cubics (PCHIP), and its mean difference is
    taken over the PSNRs that both curves have. None where they share none, or a curve has fewer than two points.

    Source: G. Bjontegaard, "Calculation of average PSNR differences between RD-curves", ITU-T VCEG-M33, 2001; PCHIP in
    the place of one cubic, as in JCT-VC's later sheets, since a cubic through many points swings.
    """
    curves = []
    for rates, qualities in ((sizes, psnr_db), (reference_sizes, reference_psnr_db)):
        quality, first = np.unique(np.asarray(qualities, np.float64), return_index=True)
        if len(quality) < 2:
            return None
        curves.append((quality, PchipInterpolator(quality, np.log(np.asarray(rates, np.float64)[first]))))
    low = max(quality[0] for quality, _ in curves)
    high = min(quality[-1] for quality, _ in curves)
    if low >= high:
        return None
    own, reference = (float(curve.integrate(low, high)) / (high - low) for _, curve in curves)
    return float(np.exp(own - reference) - 1)
