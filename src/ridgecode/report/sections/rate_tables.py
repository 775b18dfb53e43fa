"""A report's tables of rate and distortion: every point, Bjontegaard differences, and bytes at stated MSEs."""

import math

from ridgecode.report.numbers import (
    NONE,
    compared,
    fixed,
    in_bytes,
    joined,
    percent_interval,
    rate,
    significant,
    significant_interval,
)
from ridgecode.report.rate_curves import RatePlot, RatePoint
from ridgecode.report.rate_gains import (
    BYTES_RANGE,
    JPEG_2000,
    STATED_MSE,
    Saving,
    all_classical,
    best_classical,
    bytes_at_mse,
    saving,
)
from ridgecode.report.section import Cell, Row, Table

FORMS = (("as stored", False), ("without headers", True))
ON_DISK = (
    "Bytes are means of what lies on disk: of an image codec its files, of ridgecode a print's share of an archive of "
    "all of them."
)
OTHER_BYTES = "Beside them those of a file of its own, and those without header, which for ridgecode is the payload."


def rate_tables(plot: RatePlot, where: str, name: str) -> list[Table]:
    """The tables of one plot. `where` names its view and prints in captions; `name` ends the tables' names."""
    tables = [_points(plot, where, f"rate_{name}")]
    if plot.classical:
        tables.append(_differences(plot, where, f"rate_differences_{name}"))
    if plot.prints.view in STATED_MSE:
        tables.append(_at_stated(plot, where, f"rate_at_mse_{name}"))
    return tables


def notes(plot: RatePlot) -> str:
    """Remarks for the caption of a plot: that some runs lack their share of an archive, and that the prints' stores
    differ; "" where neither holds."""
    said = ""
    lacking = [point for curve in plot.learned for point in curve.points if point.archive_bytes is None]
    if lacking:
        said += (
            f" {len(lacking)} of ridgecode's points {'have' if len(lacking) > 1 else 'has'} the payload alone, without "
            "the some 6 bytes that an archive adds: evaluate the run again for them."
        )
    if len(plot.stores) > 1:
        said += " The stores that these prints lay in differ in their digests: compare with care."
    return said


def _points(plot: RatePlot, where: str, name: str) -> Table:
    columns = [
        ("Codec", "quality or rate weight"),
        ("Bytes on disk", ""),
        ("Bytes", "a file of its own"),
        ("Bytes", "without header"),
        ("Rate", "bits a pixel"),
        ("MSE", "95 % interval"),
        ("PSNR", "dB"),
        ("SSIM", ""),
        ("Encoding", "ms a print"),
        ("Decoding", "ms a print"),
    ]
    for matcher in plot.matchers:
        columns += [(f"F1, {matcher}", "95 % interval"), (f"TAR, {matcher}", "% at FMR 0.1 %, 95 % interval")]
    rows = [
        Row(curve.name, (Cell(point.setting, point.run), *_cells(plot, point)))
        for curve in plot.curves
        for point in curve.points
    ]
    caption = (
        f"Rate and distortion, {where}. {ON_DISK} {OTHER_BYTES}{notes(plot)} Distortion is that of what was decoded."
    )
    return Table(name, caption, tuple(columns), tuple(rows))


def _cells(plot: RatePlot, point: RatePoint) -> list[Cell]:
    cells = [
        Cell(in_bytes(point.bytes)),
        Cell(in_bytes(point.file_bytes)),
        Cell(in_bytes(point.bare_bytes)),
        Cell(fixed(point.bpp)),
        Cell(significant(point.losses.mse), significant_interval(point.losses.mse_low, point.losses.mse_high)),
        Cell(fixed(point.losses.psnr_db)),
        Cell(significant(point.losses.ssim)),
        Cell(NONE if point.losses.encode_ms is None else significant(point.losses.encode_ms, 3)),
        Cell(NONE if point.losses.decode_ms is None else significant(point.losses.decode_ms, 3)),
    ]
    for matcher in plot.matchers:
        one = point.minutiae.get(matcher)
        if one is None:
            cells += [Cell(NONE), Cell(NONE)]
        else:
            interval = "" if one.f1_low is None else f"{fixed(one.f1_low, 3)}–{fixed(one.f1_high, 3)}"
            cells.append(Cell(fixed(one.f1, 3), interval))
            interval = percent_interval(one.tar_low, one.tar_high)
            cells.append(Cell(rate(one.tar, one.n_mated), joined(interval, compared(one._asdict()))))
    return cells


def _differences(plot: RatePlot, where: str, name: str) -> Table:
    rows = []
    names = []
    for form, bare in FORMS:
        best = best_classical(plot, bare)
        names.append("none" if best is None else f"{best.name} {form}")
        jpeg_2000 = next((curve for curve in plot.classical if curve.name == JPEG_2000), None)
        for curve in plot.curves:
            own = curve.rate_distortion(bare)
            cells = [Cell(curve.name)]
            for one in (best, jpeg_2000):
                if one is None or one is curve:
                    cells.append(Cell(NONE))
                else:
                    cells.append(_difference(saving(plot, one.rate_distortion(bare), own)))
            cells.append(_difference(saving(plot, all_classical(plot, bare), own)))
            rows.append(Row(form, tuple(cells)))
    range_of = BYTES_RANGE.get(plot.prints.view)
    within = (
        "" if range_of is None else f", from {range_of[0]:,.0f} to {range_of[1]:,.0f} bytes of the one compared with"
    )
    caption = (
        f"Bjontegaard rate differences, {where}: by how many percent a codec's bytes lie above (−: below) those of "
        f"another at equal MSE, on average over the MSEs that both reach{within}; below each these MSEs. The "
        f"best classical codec is {names[0]}, {names[1]}: the one with the fewest bytes above the best at each MSE, "
        "which is at each whichever classical codec needs least. – where two curves have no MSE in common, or one "
        "has a single point."
    )
    columns = (
        ("Codec", ""),
        ("Best classical codec", "% of bytes; MSE"),
        ("JPEG 2000", "% of bytes; MSE"),
        ("Best at each MSE", "% of bytes; MSE"),
    )
    return Table(name, caption, columns, tuple(rows))


def _difference(found: Saving) -> Cell:
    if math.isnan(found.percent):
        return Cell(NONE)
    text = f"{found.percent:+.1f}".replace("-", "−")
    return Cell(text, significant_interval(found.mse_low, found.mse_high, 3))


def _at_stated(plot: RatePlot, where: str, name: str) -> Table:
    stated = STATED_MSE[plot.prints.view]
    columns = [("Codec", ""), *((f"MSE {mse:g}", f"bytes {form}") for mse in stated for form, _ in FORMS)]
    rows = []
    for curve in plot.curves:
        found = [bytes_at_mse(curve, mse, bare) for mse in stated for _, bare in FORMS]
        cells = [Cell("not reached" if value is None else in_bytes(value)) for value in found]
        rows.append(Row("", (Cell(curve.name), *cells)))
    caption = f"Bytes a print at stated MSEs, {where}, between a codec's points as Bjontegaard differences have it."
    return Table(name, caption, tuple(columns), tuple(rows))
