"""`ridgecode report`: runs to a latent-size report."""

from dataclasses import dataclass
from pathlib import Path

from ridgecode.study.report import write_report


@dataclass(frozen=True)
class Report:
    """Turns finished runs into report.html, report.md, latent_sizes.csv and figures.

    Args:
        runs: run folders, such as runs/*
        out: folder for the report
        title: heading of the page
    """

    runs: list[Path]
    out: Path
    title: str = "Latent-size study"


def report_command(config: Report) -> None:
    """Raises BadInput as `write_report` does."""
    files = write_report(config.runs, config.out, config.title)
    print(f"open {files.html}; the figures as numbers are in {files.latent_sizes}")
