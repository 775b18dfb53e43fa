"""A report's section on runs that were trained to repair altered prints."""

from collections.abc import Mapping, Sequence
from typing import Any

from ridgecode.errors import BadInput
from ridgecode.evaluation.names import COMPOSED, NOTHING, REPAIRED, VARIANTS
from ridgecode.evaluation.repair_sheet import SHEET_FILE, RepairedPrints, repair_sheet
from ridgecode.figures.style import Drawing
from ridgecode.report.numbers import (
    change,
    compared,
    count,
    eer_text,
    finite,
    joined,
    percent_interval,
    significant,
    significant_interval,
)
from ridgecode.report.read_runs import read_arrays
from ridgecode.report.runs import Run
from ridgecode.report.section import Cell, ReportFigure, Row, Section, Table
from ridgecode.report.sections.matching_tables import NO_ERROR
from ridgecode.report.shown_rates import shown
from ridgecode.report.study import Study

WORDS = {
    NOTHING: "nothing done",
    REPAIRED: "repaired",
    COMPOSED: "repaired in the true region only*",
    "grey": "the right flat grey in the true region*",
    "coded": "the Real print, coded*",
}
Rows = Sequence[Mapping[str, Any]]


def repair_sections(study: Study) -> list[Section]:
    """The section, where a run was evaluated for repair; else none. Raises BadInput for a sheet file without repaired
    prints."""
    runs = [run for run in study.runs if run.evaluation.get("repair")]
    if not runs:
        return []
    figures = [figure for i, run in enumerate(runs) if (figure := _sheet(run, study, i + 1)) is not None]
    tables = [_pixels(runs, study), *([_scores(runs, study)] if any(_rows(run, "scores") for run in runs) else [])]
    return [Section("repair", "Repair of altered prints", tuple(figures), tuple(tables))]


def _rows(run: Run, part: str) -> Rows:
    return [row for row in run.evaluation["repair"].get(part) or [] if isinstance(row, Mapping)]


def _sheet(run: Run, study: Study, number: int) -> ReportFigure | None:
    path = run.folder / "sheets" / SHEET_FILE
    arrays = read_arrays(path)
    if not arrays:
        return None
    try:
        prints = RepairedPrints(**arrays)  # type: ignore[arg-type]
        prints = prints._replace(kinds=tuple(map(str, prints.kinds)), names=tuple(map(str, prints.names)))
        png = repair_sheet(prints, None, f"Repair, {study.labels[run.name].full}")
    except (TypeError, ValueError) as error:
        raise BadInput(f"{path} holds no repaired prints: evaluate the run again, or leave it out") from error
    alt = (
        f"Repair sheet, {study.labels[run.name].full}: altered prints in rows ({', '.join(prints.kinds)}); in columns "
        "the altered print, its altered region, the repaired print, the Real print last."
    )
    caption = "A print of each level and alteration. The region is where the altered print differs from the Real one."
    return ReportFigure(f"repair_{number}", alt, caption, Drawing(png, ""))


def _pixels(runs: Sequence[Run], study: Study) -> Table:
    rows = []
    for run in runs:
        keys = ("variant", "level", "alteration")
        found = {tuple(str(row.get(key)) for key in keys): row for row in _rows(run, "pixels")}
        groups = dict.fromkeys((level, alteration) for _, level, alteration in found)
        for level, alteration in groups:
            if "all" not in (level, alteration):
                continue
            base = found.get((NOTHING, level, alteration), {})
            for variant in VARIANTS:
                if (row := found.get((variant, level, alteration))) is None:
                    continue
                cells = [
                    Cell(_group(level, alteration)),
                    Cell(WORDS[variant]),
                    Cell(count(finite(row.get("n_prints")))),
                ]
                cells += [_mse(row, base, name) for name in ("mse_inside", "mse_outside", "mse")]
                rows.append(Row(study.labels[run.name].full, tuple(cells)))
    places = [(f"MSE {where}", "95 % interval; change") for where in ("inside", "outside", "over all")]
    columns = (("Prints", ""), ("What is measured", ""), ("Number", "altered prints"), *places)
    caption = (
        "MSE of pixels in [0, 1] from the Real print, inside and outside the altered region; the change is against "
        "doing nothing. * Needs the altered region or the Real print, which nobody has in use: for comparison only."
    )
    return Table("repair_pixels", caption, columns, tuple(rows))


def _mse(row: Mapping[str, Any], base: Mapping[str, Any], name: str) -> Cell:
    value, theirs = finite(row.get(name)), finite(base.get(name))
    small = significant_interval(finite(row.get(f"{name}_low")), finite(row.get(f"{name}_high")), 3)
    if row is not base and value is not None and theirs:
        small += f"; {change(value, theirs)}"
    return Cell(significant(value, 3), small)


def _scores(runs: Sequence[Run], study: Study) -> Table:
    rows = []
    for run in runs:
        for row in map(shown, _rows(run, "scores")):
            level, alteration = str(row.get("level")), str(row.get("alteration"))
            if alteration != "all":
                continue
            cells = (
                Cell(_group(level, alteration)),
                Cell(str(row.get("system"))),
                Cell(WORDS.get(str(row.get("variant")), "")),
                Cell(
                    significant(finite(row.get("mated_score")), 3),
                    significant_interval(finite(row.get("mated_score_low")), finite(row.get("mated_score_high")), 3),
                ),
                Cell(significant(finite(row.get("non_mated_score")), 2)),
                Cell(
                    eer_text(row, 3),
                    joined(percent_interval(finite(row.get("eer_low")), finite(row.get("eer_high"))), compared(row)),
                ),
                Cell(significant(finite(row.get("d_prime")), 3)),
            )
            rows.append(Row(study.labels[run.name].full, cells))
    columns = (
        *(("Prints", ""), ("Matcher", "training-free"), ("Probe", ""), ("Mated score", "mean, 95 % interval")),
        *(("Non-mated score", "mean"), ("EER", "%, 95 % interval; mated / non-mated"), ("d'", "")),
    )
    caption = (
        "Scores of altered and of repaired probes against Real prints, on the same aligned comparisons. " + NO_ERROR
    )
    return Table("repair_scores", caption, columns, tuple(rows))


def _group(level: str, alteration: str) -> str:
    return " ".join(word for word in (level, alteration) if word != "all") or "all"
