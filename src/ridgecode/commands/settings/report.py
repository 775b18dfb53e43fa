"""The settings of `ridgecode report`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Report:
    """Turns finished runs into report.html, report.md, latent_sizes.csv and figures.

    Runs trained with --rate_weight and the figures of image codecs get curves of distortion against bytes, in
    rate_distortion.csv too: one run or quality is a point.

    Args:
        runs: run folders, such as runs/*, and JSON files of evaluate-codec and evaluate-minutiae
        out: folder for the report
        title: heading of the page
        tracker: wandb (the latent-size table and the figures as a run of their own) or none
    """

    runs: list[Path]
    out: Path
    title: str = "Latent-size study"
    tracker: Literal["wandb", "none"] = "none"
