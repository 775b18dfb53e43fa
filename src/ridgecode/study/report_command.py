"""`ridgecode report`: runs and image codecs to a report."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ridgecode.study.report import write_report
from ridgecode.study.tracked_report import log_report
from ridgecode.study.tracking import open_tracker


@dataclass(frozen=True)
class Report:
    """Turns finished runs into report.html, report.md, latent_sizes.csv and figures.

    Runs trained with --rate_weight and the figures of image codecs get curves of distortion against bytes, in
    rate_distortion.csv too: one run or quality is a point.

    Args:
        runs: run folders, such as runs/*, and JSON files that evaluate wrote with --codec or --matcher
        out: folder for the report
        title: heading of the page
        tracker: wandb (the latent-size table and the figures as a run of their own) or none
    """

    runs: list[Path]
    out: Path
    title: str = "Latent-size study"
    tracker: Literal["wandb", "none"] = "none"


def report_command(config: Report) -> None:
    """Raises BadInput as `write_report` does."""
    files = write_report(config.runs, config.out, config.title)
    with open_tracker(config.tracker, config.out, {"title": config.title}, config.out.name, "report") as tracker:
        log_report(tracker, files)
        if tracker.is_on:
            print(tracker.where, file=sys.stderr)
    print(f"open {files.html}; the figures as numbers are in {files.latent_sizes}")
