"""The names of the matching systems in evaluation.json and in reports."""

import re
from typing import NamedTuple

LATENT_VECTORS = "cosine on z"
"""Cosine similarity of latent vectors, which needs no training."""
HEAD = "head"
"""A head trained on latent vectors."""
OWN_THRESHOLD = " at its own threshold"
"""Ends the name of an image system's row at the threshold that its write-up gives."""
AT_PRECISION = " at {:.0f} % precision"
"""Ends the name of an image system's row at the threshold that was chosen for this precision."""


class Baseline(NamedTuple):
    """A training-free system: `dims` whitened principal components, or pixels where it is 0, of the view `window`, ""
    for whole prints."""

    window: str
    dims: int


def baseline(system: str) -> Baseline | None:
    """What "pixels", "pixels crop32", "pca16" or "pca128 crop32" stands for; None for a system that needs a model."""
    match = re.fullmatch(r"(?:pixels|pca(\d+))(?: (.+))?", system)
    return Baseline(match.group(2) or "", int(match.group(1) or 0)) if match else None
