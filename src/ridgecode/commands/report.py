"""`ridgecode report`: runs and image codecs to a report."""

import sys

from ridgecode.commands.settings.report import Report
from ridgecode.report.tracked import log_report
from ridgecode.report.write import write_report
from ridgecode.runs.tracking import open_tracker


def report(settings: Report) -> None:
    """Raises BadInput as `write_report` does."""
    files = write_report(settings.runs, settings.out, settings.title)
    with open_tracker(
        settings.tracker, settings.out, {"title": settings.title}, settings.out.name, "report"
    ) as tracker:
        log_report(tracker, files)
        if tracker.is_on:
            print(tracker.where, file=sys.stderr)
    print(f"open {files.html}; the figures as numbers are in {files.latent_sizes}")
