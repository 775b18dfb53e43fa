"""What minutiae matchers made of the runs' reconstructions, and of originals, as a table."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ridgecode.errors import BadInput
from ridgecode.study.report_numbers import count, fixed, percent, percent_interval
from ridgecode.study.report_page import Section
from ridgecode.study.report_runs import finite
from ridgecode.study.report_study import Study
from ridgecode.study.report_tables import Cell, Row, Table

CAPTION = (
    "What a minutiae matcher, which knows nothing of latent vectors, makes of reconstructions: protocol reconstruction "
    "compares each with its original and with originals of other subjects. Other protocols are the matcher's own "
    "figures on originals, which bound what it can say of a reconstruction. TAR is the share of mated comparisons "
    "accepted. F1, precision and recall are of minutiae within 8 px and 20 degrees at 500 ppi; the original's are the "
    "true ones."
)
COLUMNS = (
    ("Run", ""),
    ("Matcher", ""),
    ("Protocol", ""),
    ("TAR at FMR 1 %", "%, 95 % interval"),
    ("TAR at FMR 0.1 %", "%, 95 % interval"),
    ("EER", "%, 95 % interval"),
    ("F1", "95 % interval"),
    ("Precision", ""),
    ("Recall", ""),
    ("Comparisons", "mated / non-mated"),
)


def minutiae_sections(study: Study) -> list[Section]:
    """The section of the runs that have minutiae-*.json in their folders; none where no run has.

    Raises BadInput naming a file that is something else.
    """
    rows = [
        Row(study.labels[run.name].series, (Cell(study.labels[run.name].member), *_cells(_read(path), path)))
        for run in study.runs
        for path in sorted(run.folder.glob("minutiae-*.json"), key=_reconstructions_first)
    ]
    if not rows:
        return []
    return [Section("minutiae", "Minutiae", (), (Table("minutiae", CAPTION, COLUMNS, tuple(rows)),))]


def _reconstructions_first(path: Path) -> tuple[bool, str]:
    return "-reconstruction" not in path.name, path.name


def _cells(content: Mapping[str, Any], path: Path) -> tuple[Cell, ...]:
    try:
        row, agreed = content["matching"][0], content["agreement"] or {}
        tars = [
            Cell(percent(row[key]), percent_interval(finite(row[f"{key}_low"]), finite(row[f"{key}_high"])))
            for key in ("tar_at_fmr_1", "tar_at_fmr_0_1")
        ]
        compared = f"{count(row['n_mated'])} / {count(row['n_non_mated'])}"
        eer = Cell(percent(row["eer"]), percent_interval(finite(row["eer_low"]), finite(row["eer_high"])))
        levels = "" if len(content["levels"]) == 3 else ", ".join(content["levels"])
        interval = f"{fixed(agreed['f1_low'], 3)} to {fixed(agreed['f1_high'], 3)}" if agreed else ""
        rates = [Cell(fixed(agreed.get(rate), 3)) for rate in ("precision", "recall")]
        protocol = Cell(content["protocol"], levels)
        return (
            Cell(content["matcher"]),
            protocol,
            *tars,
            eer,
            Cell(fixed(agreed.get("f1"), 3), interval),
            *rates,
            Cell(compared),
        )
    except (KeyError, IndexError, TypeError) as error:
        raise _unreadable(path) from error


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(path) from error
    if not isinstance(content, dict):
        raise _unreadable(path)
    return content


def _unreadable(path: Path) -> BadInput:
    return BadInput(
        f"{path} holds no figures of a minutiae matcher: evaluate the run with --matcher again, or delete it"
    )
