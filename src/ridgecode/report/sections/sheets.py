"""A report's reconstruction sheets: a column for each latent size or setting, a row for each print, the truth last."""

import re
import textwrap
from collections.abc import Sequence

import numpy as np

from ridgecode.figures.sheets import TRUTH, reconstruction_sheet
from ridgecode.figures.style import Drawing
from ridgecode.report.numbers import listed, significant
from ridgecode.report.runs import Run, ValidationPrints
from ridgecode.report.section import ReportFigure
from ridgecode.report.study import Study

ROWS = 8
Column = tuple[str, Run, ValidationPrints]


def sheet_figures(study: Study) -> list[ReportFigure]:
    """A sheet for each series of several sizes, and one for all series of a single size of the same view and size."""
    sheets: list[tuple[str, list[Column]]] = []
    singles: dict[tuple[str, int], list[Column]] = {}
    for series in study.autoencoders:
        runs = {size: run for size, members in series.by_size.items() if (run := _best(members)) is not None}
        columns = [(f"{size} dims", run, run.prints) for size, run in runs.items() if run.prints is not None]
        if len(columns) > 1:
            sheets.append((series.label, columns))
        else:
            for _, run, prints in columns:
                singles.setdefault((series.view, run.latent_dim), []).append((series.label, run, prints))
    for (_, size), columns in singles.items():
        sheets.append((f"{columns[0][0]}, {size} dims" if len(columns) == 1 else f"{size} dims", columns))
    return [_sheet(title, columns, number + 1) for number, (title, columns) in enumerate(sheets)]


def short_name(name: str) -> str:
    """A print's name, short enough for a row label: "Real/401__M_Left_index_finger" is "401 left index"."""
    last = name.rsplit("/", 1)[-1]
    match = re.fullmatch(r"(\d+)__[MF]_(Left|Right)_(\w+?)_finger(.*)", last)
    if match is None:
        return last if len(last) <= 18 else f"{last[:17]}…"
    subject, hand, finger, rest = match.groups()
    return f"{subject} {hand.lower()} {finger}{rest.replace('_', ' ')}"


def _best(runs: Sequence[Run]) -> Run | None:
    """The run with the lowest MSE among those that kept their reconstructions."""
    kept = [run for run in runs if run.prints is not None]
    return min(kept, key=lambda run: run.figure("mse") or float("inf"), default=None)


def _sheet(title: str, columns: list[Column], number: int) -> ReportFigure:
    truth, names = columns[0][2].truth[:ROWS], columns[0][2].names[:ROWS]
    images: dict[str, np.ndarray] = {}
    left_out = []
    for label, run, prints in columns:
        if prints.names[:ROWS] != names or not np.array_equal(prints.truth[:ROWS], truth):
            left_out.append(label)
            continue
        mse = run.figure("mse")
        lines = [*textwrap.wrap(label, 14), *([f"MSE {significant(mse, 3)}"] if mse is not None else [])]
        images["\n".join(lines)] = prints.x_hat[:ROWS]
    said = "; ".join(label.replace("\n", " ") for label in images)
    rows = [short_name(name) for name in names]
    png = reconstruction_sheet({**images, TRUTH: truth}, title=f"Reconstructions, {title}", row_labels=rows)
    alt = (
        f"Reconstruction sheet, {title}: {len(truth)} validation prints in rows, in columns their reconstructions "
        f"({said}; MSE over all validation prints), the true prints last."
    )
    caption = "Pixels are enlarged without smoothing; MSE is over all validation prints. The truth stands last."
    if left_out:
        caption += f" Left out, since they show other prints: {listed(left_out)}."
    return ReportFigure(f"sheet_{number}", alt, caption, Drawing(png, ""))
