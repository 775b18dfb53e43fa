"""A codec judged by what counts in prints at 500 ppi: bytes, PSNR, SSIM, minutiae, and the verdict of a matcher."""

import time
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from ridgecode.matching.bootstrap import ScoreBootstrap, rate_interval
from ridgecode.matching.error_rates import equal_error_rate, error_rates, fnmr_at_fmr, shows_fmr
from ridgecode.matching.minutiae.agreement import agreement
from ridgecode.matching.minutiae.matchers import MinutiaeMatcher
from ridgecode.matching.minutiae.template import Minutiae
from ridgecode.prints.canonical import to_canonical_scale
from ridgecode.prints.quality import print_quality

PPI = 500.0
FMRS = {"1": 0.01, "0_1": 0.001}
"""The FMRs at which the true accept rate is stated, by their names in percent."""
Image = NDArray[np.uint8]


class ByteCodec(NamedTuple):
    """name, quality: as a table shows them; encode: uint8 (H, W) -> bytes; decode: those -> uint8 (H, W)"""

    name: str
    quality: float
    encode: Callable[[Image], bytes]
    decode: Callable[[bytes], Image]


class Scores(NamedTuple):
    """Scores of a matcher, float32, and the subjects of the probes, (M,) of mated and (N,) of non-mated comparisons."""

    mated: NDArray[np.float32]
    non_mated: NDArray[np.float32]
    mated_subjects: NDArray[np.int64]
    non_mated_subjects: NDArray[np.int64]


def coded_figures(codec: ByteCodec, images: Sequence[Image]) -> tuple[list[dict[str, float]], list[Image]]:
    """The figures of each image, and the decoded images.

    bytes, bpp: bits a pixel; psnr_db, ssim: against the image (SSIM as scikit-image has it, windows of 7x7); encode_ms,
    decode_ms: wall time. Raises what `codec` raises.
    """
    figures, decoded = [], []
    codec.decode(codec.encode(images[0]))  # not timed, since the first call builds tables
    for image in images:
        began = time.perf_counter()
        data = codec.encode(image)
        middle = time.perf_counter()
        back = codec.decode(data)
        end = time.perf_counter()
        mse = float(np.mean((back.astype(np.float64) - image) ** 2))
        figures.append(
            {
                "bytes": float(len(data)),
                "bpp": 8 * len(data) / image.size,
                "psnr_db": 10 * float(np.log10(255**2 / max(mse, 1e-9))),
                "ssim": float(structural_similarity(image, back, data_range=255)),
                "encode_ms": 1000 * (middle - began),
                "decode_ms": 1000 * (end - middle),
            }
        )
        decoded.append(back)
    return figures, decoded


def qualities(images: Sequence[Image]) -> NDArray[np.float64]:
    """(N,) the print quality, 0 to 100, of images at 500 ppi."""
    return np.array([print_quality(to_canonical_scale(image, PPI)) for image in images])


def templates(matcher: MinutiaeMatcher, images: Sequence[Image]) -> list[Minutiae]:
    """The minutiae of images at 500 ppi."""
    return [matcher.extract(image, PPI) for image in images]


def minutiae_f1(found: Sequence[Minutiae], true: Sequence[Minutiae]) -> NDArray[np.float64]:
    """(N,) how well the minutiae of decoded images agree with those of the images themselves: F1, 0 to 1."""
    return np.array([agreement(one, other).f1 for one, other in zip(found, true, strict=True)])


def all_pairs(matcher: MinutiaeMatcher, prints: Sequence[Minutiae], fingers: NDArray[Any]) -> Scores:
    """The scores of all pairs of a set's prints. fingers: (N,) the finger of each print; each is a subject."""
    _, number = np.unique(fingers, return_inverse=True)
    pairs = np.array(list(combinations(range(len(prints)), 2)))
    scores = np.array([matcher.compare(prints[a], prints[b]) for a, b in pairs], np.float32)
    subjects, mated = number[pairs[:, 0]], number[pairs[:, 0]] == number[pairs[:, 1]]
    return Scores(scores[mated], scores[~mated], subjects[mated], subjects[~mated])


def pooled(parts: Sequence[Scores]) -> Scores:
    """The comparisons of several sets together; no two sets share a finger."""
    shift = np.cumsum([0, *(1 + max(one.mated_subjects.max(), one.non_mated_subjects.max()) for one in parts[:-1])])
    return Scores(
        np.concatenate([one.mated for one in parts]),
        np.concatenate([one.non_mated for one in parts]),
        np.concatenate([one.mated_subjects + more for one, more in zip(parts, shift, strict=True)]),
        np.concatenate([one.non_mated_subjects + more for one, more in zip(parts, shift, strict=True)]),
    )


def verdict(scores: Scores) -> dict[str, float | int | None]:
    """EER and the true accept rate at FMR 1 % and 0.1 %, each with its 95 % bootstrap interval over fingers; None where
    too few non-mated comparisons show the FMR."""
    rates = error_rates(scores.mated, scores.non_mated)
    replicates = ScoreBootstrap(*scores)
    n = len(np.unique(scores.mated_subjects))
    eer = equal_error_rate(rates)
    low, high = rate_interval(eer, replicates.equal_error_rates(), n)
    found: dict[str, float | int | None] = {"n_mated": len(scores.mated), "n_non_mated": len(scores.non_mated)}
    found |= {"eer": eer, "eer_low": low, "eer_high": high}
    for name, fmr in FMRS.items():
        shown = shows_fmr(len(scores.non_mated), fmr)
        fnmr = fnmr_at_fmr(rates, fmr)
        low, high = rate_interval(fnmr, replicates.fnmrs_at_fmr(fmr), n)
        ends = (None, None) if low is None or high is None else (1 - high, 1 - low)
        values = (1 - fnmr, *ends) if shown else (None, None, None)
        found |= dict(zip((f"tar_{name}", f"tar_{name}_low", f"tar_{name}_high"), values, strict=True))
    return found
