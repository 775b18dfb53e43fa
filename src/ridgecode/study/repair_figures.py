"""What a network's repair of altered prints is worth: inside and outside the altered region, against doing nothing."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.autoencoders.saved import SavedAutoencoder
from ridgecode.matching.bootstrap import bootstrap_mean
from ridgecode.prints.altered_pairs import altered_region
from ridgecode.prints.labels import ALTERATIONS, LEVELS
from ridgecode.study.reconstruction_figures import own_pixels, reconstruct

PLACES = ("inside", "outside", "all")
NOTHING, REPAIRED, COMPOSED, GREY, CODED = "nothing done", "repaired", "composed", "grey", "coded"
VARIANTS = (NOTHING, REPAIRED, COMPOSED, GREY, CODED)
"""`nothing done`: the altered print. `repaired`: what the network makes of it. The others tell what these are worth,
from what nobody has who holds an altered print: `composed`, the altered print with the repaired pixels inside the true
region; `grey`, with the mean of the pixels outside it there instead; `coded`, what the network makes of the Real
print."""
CHUNK = 512


class Repairs(NamedTuple):
    """N altered prints on the pixels that the view keeps, all (N, rows, columns) uint8 but `region`, where they were
    altered, bool. mse: by variant and place (inside and outside the region, all), (N,) on [0, 1], NaN of no pixel."""

    altered: NDArray[np.uint8]
    repaired: NDArray[np.uint8]
    real: NDArray[np.uint8]
    region: NDArray[np.bool_]
    mse: dict[tuple[str, str], NDArray[np.float64]]

    @property
    def composed(self) -> NDArray[np.uint8]:
        return np.where(self.region, self.repaired, self.altered)


def measure_repairs(
    saved: SavedAutoencoder, altered: NDArray[np.uint8], real: NDArray[np.uint8], real_of: NDArray[np.int64]
) -> Repairs:
    """Repairs (A, H, W) uint8 prints that were made from those of (R, H, W) at `real_of` (A,), and measures them.

    Errors are those of the network's own grey values; `repaired` holds them rounded to 8 bits.
    """
    view = saved.spec.window
    kept_real, coded = view.kept(real), _decoded(saved, real)
    parts: list[Repairs] = []
    for start in range(0, len(altered), CHUNK):
        which = real_of[start : start + CHUNK]
        given, truth = view.kept(altered[start : start + CHUNK]), kept_real[which]
        region = altered_region(given, truth)
        x_hat = _decoded(saved, altered[start : start + CHUNK])
        target, x = (np.divide(one, 255, dtype=np.float32) for one in (truth, given))
        made = {
            NOTHING: x,
            REPAIRED: x_hat,
            COMPOSED: np.where(region, x_hat, x),
            GREY: np.where(region, _masked_mean(x, ~region)[:, None, None].astype(np.float32), x),
            CODED: coded[which],
        }
        mse = {(name, place): e for name, one in made.items() for place, e in _errors(one, target, region)}
        parts.append(Repairs(given, np.rint(x_hat * 255).astype(np.uint8), truth, region, mse))
    mse = {key: np.concatenate([part.mse[key] for part in parts]) for key in parts[0].mse}
    given, repaired, truth, region = (np.concatenate(one) for one in zip(*(part[:4] for part in parts), strict=True))
    return Repairs(given, repaired, truth, region, mse)


def pixel_rows(
    repairs: Repairs, levels: NDArray[np.str_], alterations: NDArray[np.str_], subjects: NDArray[np.str_]
) -> list[dict[str, Any]]:
    """Mean MSE with 95 % intervals over subjects of each variant, for all prints, by level, by alteration and by both.

    levels, alterations, subjects: (N,) of the altered prints. n_inside: prints of which the view shows altered pixels;
    altered_share: mean share of the pixels that are. A figure of no pixel is null.
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
    """The mean of the values that are not NaN, and its interval, as NAME, NAME_low and NAME_high."""
    known = ~np.isnan(values)
    if not known.any():
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    low, high = bootstrap_mean(values[known], subjects[known])
    return {name: float(values[known].mean()), f"{name}_low": low, f"{name}_high": high}


def _groups(levels: NDArray[np.str_], alterations: NDArray[np.str_]) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """(level, alteration, which prints), "all" for any, where there are some."""
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
    squares = (x_hat - truth) ** 2
    for place, mask in (("inside", region), ("outside", ~region), ("all", np.ones_like(region))):
        yield place, _masked_mean(squares, mask)


def _masked_mean(values: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(N, h, w) -> (N,) the mean over the mask; NaN where that is empty."""
    count = mask.sum(axis=(1, 2))
    total = np.where(mask, values, 0).sum(axis=(1, 2), dtype=np.float64)
    return np.divide(total, count, out=np.full(len(count), math.nan), where=count > 0)


def _decoded(saved: SavedAutoencoder, prints: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(N, H, W) uint8 -> (N, rows, columns), what the network makes of them, `CHUNK` at a time."""
    view, parts = saved.spec.window, []
    for start in range(0, len(prints), CHUNK):
        x = torch.from_numpy(view.take(prints[start : start + CHUNK])).unsqueeze(1).float().div_(255)
        parts.append(own_pixels(view, reconstruct(saved.net, x)))
    return np.concatenate(parts)
