"""Distortions: how far a reconstruction is from its print, as labelled terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

DistortionName = Literal["mse", "l1", "bce", "bce+l1", "mse+l1"]
DISTORTIONS: tuple[DistortionName, ...] = ("mse", "l1", "bce", "bce+l1", "mse+l1")


@dataclass(frozen=True)
class Distortion:
    """`total`, a scalar to minimise, is the sum of `terms`: "mse", "l1" or "bce", each the mean over all pixels."""

    total: Tensor
    terms: Mapping[str, Tensor]


def uses_logits(name: str) -> bool:
    """Whether a network trained with this distortion gives logits: any with a BCE term."""
    return "bce" in name.split("+")


def distortion(name: str, raw: Tensor, x: Tensor) -> Distortion:
    """The distortion `name` of a decoder's own output `raw` from the truth `x`, both (N, 1, H, W).

    name: "mse", "l1", "bce", "bce+l1" or "mse+l1"; x in [0, 1]. With a BCE term `raw` holds logits, and an L1 term
    beside it compares their sigmoid with `x`; without one `raw` holds grey values. BCE is in nats a pixel.
    Raises ValueError for another name.
    """
    if name not in DISTORTIONS:
        raise ValueError(f"unknown distortion {name!r}; known are {', '.join(DISTORTIONS)}")
    parts = name.split("+")
    terms: dict[str, Tensor] = {}
    if "mse" in parts:
        terms["mse"] = functional.mse_loss(raw, x)
    if "bce" in parts:
        terms["bce"] = functional.binary_cross_entropy_with_logits(raw, x)
    if "l1" in parts:
        terms["l1"] = functional.l1_loss(raw.sigmoid() if "bce" in parts else raw, x)
    return Distortion(torch.stack(list(terms.values())).sum(), terms)


def bce_floor(x: Tensor) -> Tensor:
    """The least BCE that any reconstruction of `x` (in [0, 1]) reaches: the mean binary entropy of its pixels, in nats.

    Grey targets are not certain, so BCE does not fall to 0: about 0.284 on 32x32 centre crops. BCE above this floor is
    the mean Kullback-Leibler divergence from the reconstruction to the print.
    """
    return -(torch.special.xlogy(x, x) + torch.special.xlog1py(1 - x, -x)).mean()
