"""Errors of repaired prints inside and outside the altered region, compared with those of the altered prints."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.evaluation.names import CODED, COMPOSED, GREY, NOTHING, REPAIRED, VARIANTS
from ridgecode.matching.bootstrap import bootstrap_mean
from ridgecode.prints.altered_pairs import altered_region
from ridgecode.prints.labels import ALTERATIONS, LEVELS

PLACES = ("inside", "outside", "all")
CHUNK = 512
"""Prints that are repaired at once, which bounds the memory used."""


class Repairs(NamedTuple):
    """N altered prints on the pixels that the view keeps, (N, rows, columns) uint8.

    region: bool, the altered pixels; mse: (N,) on [0, 1] by variant and place (of VARIANTS and PLACES), NaN for a place
    without pixels
    """

    altered: NDArray[np.uint8]
    repaired: NDArray[np.uint8]
    real: NDArray[np.uint8]
    region: NDArray[np.bool_]
    mse: dict[tuple[str, str], NDArray[np.float64]]

    @property
    def composed(self) -> NDArray[np.uint8]:
        """The altered prints with repaired pixels inside the altered region."""
        return np.where(self.region, self.repaired, self.altered)


def measure_repairs(
    autoencoder: Autoencoder, altered: NDArray[np.uint8], real: NDArray[np.uint8], real_of: NDArray[np.int64]
) -> Repairs:
    """Repairs `altered` prints (A, H, W) uint8 and measures the errors; print i was made from `real[real_of[i]]` of
    (R, H, W) uint8. Errors are of the network's float output; `repaired` holds it rounded to 8 bits."""
    view = autoencoder.view
    real_target, coded = view.target(real), autoencoder.decode(autoencoder.encode(real))
    parts: list[Repairs] = []
    for start in range(0, len(altered), CHUNK):
        which = real_of[start : start + CHUNK]
        given, truth = view.target(altered[start : start + CHUNK]), real_target[which]
        region = altered_region(given, truth)
        x_hat = autoencoder.decode(autoencoder.encode(altered[start : start + CHUNK]))
        target, x = (np.divide(one, 255, dtype=np.float32) for one in (truth, given))
        variants = {
            NOTHING: x,
            REPAIRED: x_hat,
            COMPOSED: np.where(region, x_hat, x),
            GREY: np.where(region, _masked_mean(target, region)[:, None, None].astype(np.float32), x),
            CODED: coded[which],
        }
        mse = {(name, place): e for name, images in variants.items() for place, e in _errors(images, target, region)}
        parts.append(Repairs(given, np.rint(x_hat * 255).astype(np.uint8), truth, region, mse))
    mse = {key: np.concatenate([part.mse[key] for part in parts]) for key in parts[0].mse}
    given, repaired, truth, region = (np.concatenate(one) for one in zip(*(part[:4] for part in parts), strict=True))
    return Repairs(given, repaired, truth, region, mse)


def pixel_rows(
    repairs: Repairs, levels: NDArray[np.str_], alterations: NDArray[np.str_], subjects: NDArray[np.str_]
) -> list[dict[str, Any]]:
    """Mean MSE with 95 % intervals over subjects of each variant, for all prints, by level, by alteration and by both.

    levels, alterations, subjects: (N,), of the altered prints. n_inside: number of prints with altered pixels in the
    view; altered_share: mean share of altered pixels. Figures of places without pixels are None.
    """
    rows = []
    share = repairs.region.mean(axis=(1, 2))
    for level, alteration, chosen in _groups(levels, alterations):
        for variant in VARIANTS:
            row: dict[str, Any] = {"variant": variant, "level": level, "alteration": alteration}
            row |= {"n_prints": int(chosen.sum()), "n_inside": int((share[chosen] > 0).sum())}
            row |= {"n_subjects": len(np.unique(subjects[chosen])), "altered_share": float(share[chosen].mean())}
            for place in PLACES:
                name = "mse" if place == "all" else f"mse_{place}"
                row |= interval(name, repairs.mse[variant, place][chosen], subjects[chosen])
            rows.append(row)
    return rows


def interval(name: str, values: NDArray[np.float64], subjects: NDArray[np.str_]) -> dict[str, float | None]:
    """The mean of the values that are not NaN and its 95 % bootstrap interval over subjects, by NAME, NAME_low and
    NAME_high; None for each if all are NaN."""
    known = ~np.isnan(values)
    if not known.any():
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    low, high = bootstrap_mean(values[known], subjects[known])
    return {name: float(values[known].mean()), f"{name}_low": low, f"{name}_high": high}


def _groups(levels: NDArray[np.str_], alterations: NDArray[np.str_]) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """(level, alteration, bool (N,) of their prints) for all that have prints; "all" stands for any."""
    for level in ("all", *LEVELS[1:]):
        for alteration in ("all", *ALTERATIONS):
            chosen = np.ones(len(levels), bool) if level == "all" else levels == level
            if alteration != "all":
                chosen &= alterations == alteration
            if chosen.any():
                yield level, alteration, chosen


def _errors(
    x_hat: NDArray[np.float32], truth: NDArray[np.float32], region: NDArray[np.bool_]
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """(place, MSE (N,)) for each of PLACES."""
    squares = (x_hat - truth) ** 2
    for place, mask in (("inside", region), ("outside", ~region), ("all", np.ones_like(region))):
        yield place, _masked_mean(squares, mask)


def _masked_mean(values: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The mean of (N, h, w) values over each mask, (N,); NaN for an empty mask."""
    count = mask.sum(axis=(1, 2))
    total = np.where(mask, values, 0).sum(axis=(1, 2), dtype=np.float64)
    return np.divide(total, count, out=np.full(len(count), math.nan), where=count > 0)
