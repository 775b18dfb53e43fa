"""Rate-distortion curves of a report: the points of runs with a codec and of image codecs, on the same prints."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ridgecode.codec.rate_distortion import RateDistortion, efficient_points
from ridgecode.report.runs import ValidationPrints


class MinutiaeResult(NamedTuple):
    """What a minutiae matcher measured on reconstructions of `n_prints` prints: F1 of minutiae, and TAR at an FMR of
    0.1 %; fractions with the ends of their 95 % intervals, and the numbers of comparisons that the TAR is of. None
    where not measured, or where too few comparisons were made to show that FMR."""

    n_prints: int
    f1: float | None
    f1_low: float | None
    f1_high: float | None
    tar: float | None
    tar_low: float | None
    tar_high: float | None
    n_mated: float | None = None
    n_non_mated: float | None = None


class Losses(NamedTuple):
    """Means over the decoded prints: MSE of pixels in [0, 1] with the ends of its 95 % interval, PSNR in dB, SSIM, and
    milliseconds a print; None where not measured."""

    mse: float
    mse_low: float | None
    mse_high: float | None
    psnr_db: float | None
    ssim: float | None
    encode_ms: float | None
    decode_ms: float | None


@dataclass(frozen=True)
class RatePoint:
    """A codec at one setting. Bytes are means over the prints, None where not measured.

    bytes: of a print on disk, which is its share of an archive where the format has archives; file_bytes: of a file
    that holds one print; archive_bytes: a print's share of an archive; bare_bytes: without header; bpp: `bytes` in bits
    a pixel. minutiae: results by the name of the minutiae matcher. prints: some decoded prints, for a sheet.
    """

    setting: str
    bytes: float
    file_bytes: float | None
    archive_bytes: float | None
    bare_bytes: float | None
    bpp: float | None
    losses: Losses
    minutiae: Mapping[str, MinutiaeResult]
    run: str = ""
    prints: ValidationPrints | None = None


@dataclass(frozen=True)
class RateCurve:
    """The points of one codec, fewest bytes first. `learned`: whether they are runs rather than an image codec."""

    name: str
    learned: bool
    points: tuple[RatePoint, ...]

    def rate_distortion(self, bare: bool = False) -> RateDistortion:
        """Bytes on disk and MSE; with `bare` the bytes without header, of the points where these are known."""
        sizes = [(point.bare_bytes if bare else point.bytes, point.losses.mse) for point in self.points]
        known = [(size, mse) for size, mse in sizes if size is not None]
        return RateDistortion(np.array([size for size, _ in known]), np.array([mse for _, mse in known]))

    @property
    def line(self) -> tuple[RatePoint, ...]:
        """The points without those that another point beats in both bytes and MSE."""
        return tuple(self.points[place] for place in efficient_points(self.rate_distortion()))


class Prints(NamedTuple):
    """The prints that a curve was measured on. Curves share a figure only where these are equal."""

    view: str
    source: str
    split: str
    n_prints: int
    n_subjects: int


@dataclass(frozen=True)
class RatePlot:
    """Curves on the same prints, runs first. `stores`: the known digests of the stores that held the prints."""

    prints: Prints
    curves: tuple[RateCurve, ...]
    stores: frozenset[str]

    @property
    def classical(self) -> list[RateCurve]:
        """The curves of image codecs."""
        return [curve for curve in self.curves if not curve.learned]

    @property
    def learned(self) -> list[RateCurve]:
        """The curves of runs."""
        return [curve for curve in self.curves if curve.learned]

    @property
    def matchers(self) -> list[str]:
        """The names of the minutiae matchers that have a result for some point."""
        return sorted({name for curve in self.curves for point in curve.points for name in point.minutiae})
