"""Distortions: the training loss between a reconstruction and its print, with its terms named."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import torch
from torch import Tensor
from torch.nn import functional

from ridgecode.autoencoders.names import DistortionName
from ridgecode.autoencoders.ridge_distortion import ridge_distortion

DISTORTIONS: tuple[DistortionName, ...] = get_args(DistortionName)


@dataclass(frozen=True)
class Distortion:
    """total: the scalar to minimise, the sum of `terms`. terms: "mse", "l1", "bce" or "ridge", each the mean over all
    pixels."""

    total: Tensor
    terms: Mapping[str, Tensor]


def uses_logits(name: str) -> bool:
    """Whether a network trained with the distortion `name` gives logits: it does where there is a BCE term."""
    return "bce" in name.split("+")


def distortion(name: str, raw: Tensor, x: Tensor) -> Distortion:
    """The distortion between a decoder's output `raw` (`Reconstruction.x_hat`) and the print `x`, both (N, 1, H, W).

    name: one of DISTORTIONS. x: in [0, 1]. raw: grey values; logits where the distortion has a BCE term, and an L1 term
    then compares their sigmoid with `x`. BCE is in nats a pixel.
    Raises ValueError for another name.
    """
    if name not in DISTORTIONS:
        raise ValueError(f"unknown distortion {name!r}; known are {', '.join(DISTORTIONS)}")
    parts = name.split("+")
    terms: dict[str, Tensor] = {}
    if "mse" in parts:
        terms["mse"] = functional.mse_loss(raw, x)
    if "ridge" in parts:
        terms["ridge"] = ridge_distortion(raw, x)
    if "bce" in parts:
        terms["bce"] = functional.binary_cross_entropy_with_logits(raw, x)
    if "l1" in parts:
        terms["l1"] = functional.l1_loss(raw.sigmoid() if "bce" in parts else raw, x)
    return Distortion(torch.stack(list(terms.values())).sum(), terms)


def bce_floor(x: Tensor) -> Tensor:
    """The lowest BCE that a reconstruction of `x`, of any shape and in [0, 1], can reach: the mean binary entropy of
    its pixels, in nats.

    It is above 0 where pixels are grey: about 0.284 on 32x32 centre crops. The BCE minus this floor is the mean
    Kullback-Leibler divergence of the reconstruction from the print.
    """
    return -(torch.special.xlogy(x, x) + torch.special.xlog1py(1 - x, -x)).mean()
