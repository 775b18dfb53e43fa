"""The distance between neighbouring ridges, and what it tells of an image's resolution.

This distance, the ridge period, differs little between fingers. So its size in pixels tells how many pixels an inch
has, where neither the file nor its sender does: to 10 % for a set, while a single print has a standard deviation of
10 %.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from ridgecode.prints.canonical import resized

FINEST_RIDGES_MM = 0.356
"""Ridge period in mm of a print's finest ridges, which are mostly those around its core: midway between the four sets
of second impressions of docs/quality.md (medians of 0.374 to 0.381 at 500 ppi) and SOCOFing (0.334 at 200 ppi). The
median over a whole print is longer (0.456 and 0.391): the usual "9 pixels at 500 ppi" are 0.457 mm."""
FINEST = 5.0
"""Percentile of a print's local ridge periods that `ppi_by_ridges` takes. How much of the coarse ridges below the core
a sensor shows varies from set to set, so the finest ridges vary less between sets than the median does."""
SHORTEST, LONGEST = 2.2, 40.0
"""Ridge periods in pixels that are found: about 160 to 2800 ppi."""
LEAST_PROMINENCE = 4.0
"""How many times stronger the ridges' frequency is than a lower one, at least."""
LEAST_SHARE = 0.4
"""A patch has clear ridges if this share of its power or more lies around its strongest frequency."""
PATCH_PERIODS = 6.0
"""Side of a patch in ridge periods."""
LEAST_PATCHES = 4
"""Fewer patches with clear ridges are none."""
MEASURED_PERIOD = 5.0
"""Images with longer periods in pixels are reduced to this one before patches are measured, which saves time."""

_BINS = 24  # an octave


class _Spectrum(NamedTuple):
    """Power times squared frequency by frequency: frequency (n,) in 1/pixel, ascending at equal ratios, power (n,)."""

    frequency: NDArray[np.float64]
    power: NDArray[np.float64]


def ridge_period(grey: NDArray[np.uint8]) -> float:
    """uint8 (H, W) of any resolution -> the median ridge period of its patches in pixels, 2.2 to 40; 0 without ridges.

    See `local_ridge_periods`.
    """
    periods = local_ridge_periods(grey)
    return float(np.median(periods)) if len(periods) else 0.0


def ppi_by_ridges(prints: Sequence[NDArray[np.uint8]]) -> float:
    """Images of one set, uint8 (H, W) each, all of one resolution -> their pixels per inch; 0 where none shows ridges.

    The median over the images of the period of their finest ridges is taken for FINEST_RIDGES_MM. It is within 10 % on
    all sets of docs/quality.md. Prints of children have finer ridges, so theirs gives too few pixels per inch.
    """
    periods = [local_ridge_periods(grey) for grey in prints]
    finest = [np.percentile(of_print, FINEST) for of_print in periods if len(of_print)]
    return float(np.median(finest)) * 25.4 / FINEST_RIDGES_MM if finest else 0.0


def local_ridge_periods(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    """uint8 (H, W) of any resolution -> the ridge period in pixels of each patch with clear ridges, (N,); N is 0 where
    the image has no ridges.

    Ridges show in the spectrum of the whole image as a ring. Its radius gives the size of patches, six periods wide and
    two apart. The period of a patch is the reciprocal of its strongest frequency, measured as the centroid of the power
    around it, for those patches in which at least two fifths of the power between half and twice the ring's frequency
    lie there. (The x-signature of Hong, Wan and Jain 1998 needs the direction of the ridges beforehand.)
    """
    period = _period_of_ring(grey)
    if not period:
        return np.empty(0)
    scale = max(1.0, period / MEASURED_PERIOD)
    if scale > 1:
        height, width = (max(1, round(side / scale)) for side in grey.shape)
        scale = grey.shape[0] / height
        grey = resized(grey, height, width)
    periods = _periods_of_patches(grey, period / scale) * scale
    return periods if len(periods) >= LEAST_PATCHES else np.empty(0)


def _period_of_ring(grey: NDArray[np.uint8]) -> float:
    """The period in pixels of the strongest ring of the spectrum; 0 where none stands out."""
    spectrum = _spectrum(grey)
    power = spectrum.power
    peaks = 1 + np.flatnonzero((power[1:-1] > power[:-2]) & (power[1:-1] >= power[2:]))
    if not len(peaks):
        return 0.0
    peak = peaks[np.argmax(power[peaks])]
    if power[peak] < LEAST_PROMINENCE * power[:peak].min():
        return 0.0
    return float(1 / spectrum.frequency[peak])


def _spectrum(grey: NDArray[np.uint8]) -> _Spectrum:
    image = grey.astype(np.float32) - grey.mean(dtype=np.float32)
    image *= np.outer(*(np.hanning(side + 2)[1:-1].astype(np.float32) for side in grey.shape))
    # 256 at least: low frequencies would lie too far apart for the bins.
    shape = [fft.next_fast_len(max(side, 256), True) for side in grey.shape]
    power = np.abs(fft.rfft2(image, shape)) ** 2
    frequency = np.hypot(fft.fftfreq(shape[0])[:, None], fft.rfftfreq(shape[1])[None])
    lowest = max(1 / LONGEST, 4 / min(grey.shape))
    between = (frequency > lowest) & (frequency < 1 / SHORTEST)
    if not between.any():
        return _Spectrum(np.ones(1), np.ones(1))
    bins = np.floor(np.log2(frequency[between] / lowest) * _BINS).astype(np.int64)
    total, count = (
        ndimage.gaussian_filter1d(values.astype(np.float64), 1.5)
        for values in (np.bincount(bins, power[between]), np.bincount(bins))
    )
    middle = lowest * 2 ** ((np.arange(len(total)) + 0.5) / _BINS)
    return _Spectrum(middle, total / np.maximum(count, 1e-9) * middle**2)


def _periods_of_patches(grey: NDArray[np.uint8], period: float) -> NDArray[np.float64]:
    image = grey.astype(np.float32)
    image -= ndimage.gaussian_filter(image, 1.3 * period)
    contrast = ndimage.gaussian_filter(image**2, 1.3 * period)
    side = round(PATCH_PERIODS * period)
    if min(grey.shape) < side:
        return np.empty(0)
    step = max(1, round(side / 3))
    patches, strong = (
        np.lib.stride_tricks.sliding_window_view(values, (side, side))[::step, ::step].reshape(-1, side, side)
        for values in (image, contrast > 0.25 * np.percentile(contrast, 95))
    )
    patches = patches[strong.mean((1, 2)) > 0.9]
    window = np.hanning(side + 2)[1:-1].astype(np.float32)
    size = fft.next_fast_len(2 * side, True)
    down, across = fft.fftfreq(size).astype(np.float32)[:, None], fft.rfftfreq(size).astype(np.float32)[None]
    frequency = np.hypot(down, across)
    power = np.abs(fft.rfft2(patches * np.outer(window, window), (size, size))) ** 2
    power *= (frequency > 0.5 / period) & (frequency < min(2 / period, 0.5))
    strongest = np.unravel_index(power.reshape(len(power), -1).argmax(1), power.shape[1:])
    distance = np.hypot(down - down[strongest[0]][:, None], across - across[0, strongest[1]][:, None, None])
    near = power * (distance < 1.2 / side)
    share = near.sum((1, 2)) / np.maximum(power.sum((1, 2)), 1e-9)
    clear = share >= LEAST_SHARE
    near = near[clear]
    return np.asarray(near.sum((1, 2), dtype=np.float64) / (near * frequency).sum((1, 2), dtype=np.float64))
