"""Mirrors a report to the tracker: the latent-size table and the figures."""

import csv
from typing import TYPE_CHECKING

from ridgecode.report.write import ReportFiles

if TYPE_CHECKING:
    from ridgecode.runs.tracking import Tracker


def log_report(tracker: "Tracker", files: ReportFiles) -> None:
    """Shows latent_sizes.csv as the table `latent_sizes`, numbers as numbers, and each figure's PNG."""
    if not tracker.is_on:
        return
    with files.latent_sizes.open(encoding="utf-8", newline="") as file:
        columns, *rows = csv.reader(file)
    tracker.log_table("latent_sizes", columns, [[_number(cell) for cell in row] for row in rows])
    for path in files.figures:
        if path.suffix == ".png":
            tracker.log_image(f"report_{path.stem}", path)


def _number(cell: str) -> float | str | None:
    try:
        return float(cell) if cell else None
    except ValueError:
        return cell
