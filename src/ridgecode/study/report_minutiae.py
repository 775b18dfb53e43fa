"""What minutiae matchers made of the runs' reconstructions, and of originals, as a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from ridgecode.study.report_files import FigureFile
from ridgecode.study.report_numbers import NONE, count, fixed, percent, percent_interval, significant
from ridgecode.study.report_page import Section
from ridgecode.study.report_runs import finite
from ridgecode.study.report_study import Study
from ridgecode.study.report_tables import Cell, Row, Table

CAPTION = (
    "What a minutiae matcher, which knows nothing of latent vectors, makes of reconstructions: protocol reconstruction "
    "compares each with its original and with originals of other subjects. Other protocols are the matcher's own "
    "figures on originals, which bound what it can say of a reconstruction. TAR is the share of mated comparisons "
    "accepted. F1, precision and recall are of minutiae within 8 px and 20 degrees at 500 ppi; the original's are the "
    "true ones. What has a size was decoded from files of so many bytes."
)
COLUMNS = (
    ("Run", ""),
    ("Size", "bytes a file, of those judged"),
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
    """The section of what minutiae matchers made of the runs, of image codecs and of other prints; none where none was
    asked."""
    rows = [
        Row(study.labels[run.name].series, (Cell(study.labels[run.name].member), *_cells(file.content)))
        for run in study.runs
        for file in study.judged.of_runs[run.name]
    ]
    rows += [Row(group, (Cell(name), *_cells(file.content))) for group, name, file in _others(study.judged.others)]
    if not rows:
        return []
    return [Section("minutiae", "Minutiae", (), (Table("minutiae", CAPTION, COLUMNS, tuple(rows)),))]


def _others(files: Sequence[FigureFile]) -> list[tuple[str, str, FigureFile]]:
    """What is judged, in two parts: an image codec and its quality, a model or run that the report was not given, or
    the prints themselves."""
    named = []
    for file in files:
        quality = file.figure("quality")
        if file.text("codec") and quality is not None:
            named.append((file.text("codec"), f"quality {quality:g}", file))
        else:
            named.append(("", file.text("run") or f"originals, {file.text('source')} {file.text('split')}", file))
    return sorted(named, key=lambda one: one[0])


def _cells(content: Mapping[str, Any]) -> tuple[Cell, ...]:
    row, agreed = content["matching"][0], content["agreement"] or {}
    tars = [
        Cell(percent(row[key]), percent_interval(finite(row.get(f"{key}_low")), finite(row.get(f"{key}_high"))))
        for key in ("tar_at_fmr_1", "tar_at_fmr_0_1")
    ]
    eer = Cell(percent(row["eer"]), percent_interval(finite(row.get("eer_low")), finite(row.get("eer_high"))))
    levels = "" if len(content["levels"]) == 3 else ", ".join(content["levels"])
    interval = f"{fixed(agreed.get('f1_low'), 3)} to {fixed(agreed.get('f1_high'), 3)}" if agreed else ""
    size = finite(content.get("bytes"))
    return (
        Cell(NONE if size is None else significant(size)),
        Cell(content["matcher"]),
        Cell(content["protocol"], levels),
        *tars,
        eer,
        Cell(fixed(agreed.get("f1"), 3), interval),
        *(Cell(fixed(agreed.get(rate), 3)) for rate in ("precision", "recall")),
        Cell(f"{count(finite(row.get('n_mated')))} / {count(finite(row.get('n_non_mated')))}"),
    )
