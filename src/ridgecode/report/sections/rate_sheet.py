"""A report's sheet of the same prints decoded by each codec at about equal bytes, the true prints last."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ridgecode.figures.sheets import TRUTH, reconstruction_sheet
from ridgecode.figures.style import Drawing
from ridgecode.report.numbers import in_bytes, listed, significant
from ridgecode.report.rate_curves import RatePlot, RatePoint
from ridgecode.report.runs import ValidationPrints
from ridgecode.report.section import ReportFigure
from ridgecode.report.sections.sheets import ROWS, short_name

AT_BYTES: dict[str, tuple[float, ...]] = {"whole": (110, 400), "crop32": (40,)}
"""By view, the bytes a print at which sheets are drawn."""
LARGEST_DIFFERENCE = 0.25
"""The fraction of a sheet's bytes by which a column's bytes may differ from them."""


class Column(NamedTuple):
    """A column of a sheet: a codec's point and its decoded prints."""

    codec: str
    point: RatePoint
    prints: ValidationPrints


def rate_sheets(plot: RatePlot, where: str, name: str) -> list[ReportFigure]:
    """A sheet for each of the view's AT_BYTES that some codec has a point near, at the bytes of the nearest point of a
    run where there is one."""
    figures = []
    for about in AT_BYTES.get(plot.prints.view, ()):
        learned = [near for curve in plot.learned if (near := _nearest(curve.line, about)) is not None]
        wanted = min(learned, key=lambda point: abs(point.bytes - about)).bytes if learned else about
        figure = _sheet(plot, wanted, where, f"{name}_{about:g}_bytes")
        figures += [] if figure is None else [figure]
    return figures


def _nearest(points: Sequence[RatePoint], wanted: float) -> RatePoint | None:
    """The point whose bytes are closest to `wanted`; None where none is close enough."""
    near = [point for point in points if abs(point.bytes / wanted - 1) <= LARGEST_DIFFERENCE]
    return min(near, key=lambda point: abs(point.bytes - wanted), default=None)


def _sheet(plot: RatePlot, wanted: float, where: str, name: str) -> ReportFigure | None:
    columns: list[Column] = []
    beyond, lacking = [], []
    for curve in plot.curves:
        point = _nearest(curve.line, wanted)
        if point is None:
            least = min(point.bytes for point in curve.points)
            beyond.append(f"{curve.name} ({'from' if least > wanted else 'none near, the least'} {in_bytes(least)})")
        elif point.prints is None or (columns and not _same(point.prints, columns[0].prints)):
            lacking.append(curve.name)
        else:
            columns.append(Column(curve.name, point, point.prints))
    if not columns:
        return None
    truth, names = columns[0].prints.truth[:ROWS], columns[0].prints.names[:ROWS]
    images = {_header(column): column.prints.x_hat[:ROWS] for column in columns}
    title = f"At about {in_bytes(wanted)} bytes, {where}"
    png = reconstruction_sheet({**images, TRUTH: truth}, title=title, row_labels=[short_name(one) for one in names])
    said = "; ".join(label.replace("\n", " ") for label in images)
    alt = (
        f"Sheet at about {in_bytes(wanted)} bytes a print, {where}: {len(truth)} prints in rows, their "
        f"reconstructions by codecs in columns ({said}; means over all prints), the true prints last."
    )
    caption = (
        f"The same prints at about {in_bytes(wanted)} bytes: of each codec the nearest point, within "
        f"{100 * LARGEST_DIFFERENCE:g} %. Bytes on disk and MSE are means over all prints; ridgecode's columns are "
        "decoded from bytes."
    )
    if beyond:
        caption += f" Without a point there: {listed(beyond)}."
    if lacking:
        caption += (
            f" Left out, since their evaluation kept no such prints: {listed(lacking)}; evaluate again to have them."
        )
    return ReportFigure(f"rate_sheet_{name}", alt, caption, Drawing(png, ""))


def _header(column: Column) -> str:
    return f"{column.codec}\n{in_bytes(column.point.bytes)} bytes\nMSE {significant(column.point.losses.mse, 3)}"


def _same(one: ValidationPrints, other: ValidationPrints) -> bool:
    return one.names[:ROWS] == other.names[:ROWS] and np.array_equal(one.truth[:ROWS], other.truth[:ROWS])
