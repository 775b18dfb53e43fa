"""A report's table of what minutiae matchers measured on reconstructions and on originals."""

from collections.abc import Mapping, Sequence
from typing import Any

from ridgecode.report.files import FigureFile
from ridgecode.report.matching import row_eer_cell
from ridgecode.report.numbers import NONE, compared, count, finite, fixed, percent_interval, rate, significant
from ridgecode.report.section import Cell, Row, Section, Table
from ridgecode.report.sections.matching_tables import NO_ERROR
from ridgecode.report.shown_rates import shown
from ridgecode.report.study import Study

CAPTION = (
    "Figures of minutiae matchers, which use no latent vectors. The protocol reconstruction compares each "
    "reconstruction with its original and with originals of other subjects. Other protocols compare originals, which "
    "shows how well the matcher does without any loss. TAR is the share of mated comparisons accepted. F1, precision "
    "and recall are of minutiae within 8 px and 20 degrees at 500 ppi; the original's minutiae count as the true ones. "
    "Reconstructions with a size were decoded from files of that many bytes. – at a TAR: there are too few non-mated "
    "comparisons to show that FMR. " + NO_ERROR
)
COLUMNS = (
    ("Run", ""),
    ("Size", "mean bytes a file"),
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
    """The section, where the report has figures of a minutiae matcher; else none."""
    rows = [
        Row(study.labels[run.name].series, (Cell(study.labels[run.name].member), *_cells(file.content)))
        for run in study.runs
        for file in study.minutiae.of_runs[run.name]
    ]
    rows += [Row(group, (Cell(name), *_cells(file.content))) for group, name, file in _others(study.minutiae.others)]
    if not rows:
        return []
    return [Section("minutiae", "Minutiae", (), (Table("minutiae", CAPTION, COLUMNS, tuple(rows)),))]


def _others(files: Sequence[FigureFile]) -> list[tuple[str, str, FigureFile]]:
    """Each file with the group and name of its row: an image codec and its quality, a model or run that is not in the
    report, or the original prints."""
    named = []
    for file in files:
        quality = file.figure("quality")
        if file.text("codec") and quality is not None:
            named.append((file.text("codec"), f"quality {quality:g}", file))
        else:
            named.append(("", file.text("run") or f"originals, {file.text('source')} {file.text('split')}", file))
    return sorted(named, key=lambda row: row[0])


def _cells(content: Mapping[str, Any]) -> tuple[Cell, ...]:
    row, agreed = shown(content["matching"][0]), content["agreement"] or {}
    tars = [
        Cell(
            rate(finite(row.get(key)), finite(row.get("n_mated"))),
            percent_interval(finite(row.get(f"{key}_low")), finite(row.get(f"{key}_high"))),
        )
        for key in ("tar_at_fmr_1", "tar_at_fmr_0_1")
    ]
    eer = row_eer_cell(row, counts=False)
    levels = "" if len(content["levels"]) == 3 else ", ".join(content["levels"])
    interval = f"{fixed(agreed.get('f1_low'), 3)} to {fixed(agreed.get('f1_high'), 3)}" if agreed else ""
    size, subjects = finite(content.get("bytes")), finite(row.get("n_subjects"))
    return (
        Cell(NONE if size is None else significant(size)),
        Cell(content["matcher"]),
        Cell(content["protocol"], levels),
        *tars,
        eer,
        Cell(fixed(agreed.get("f1"), 3), interval),
        *(Cell(fixed(agreed.get(rate), 3)) for rate in ("precision", "recall")),
        Cell(compared(row) or NONE, "" if subjects is None else f"{count(subjects)} subjects"),
    )
