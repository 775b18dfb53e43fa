"""A report's section on rate and distortion: what runs with a codec and image codecs lose, against bytes on disk."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ridgecode.figures.rate import RateLine, rate_figure
from ridgecode.report.numbers import count, fixed, in_bytes, listed, significant
from ridgecode.report.rate_curves import RateCurve, RatePlot, RatePoint
from ridgecode.report.section import ReportFigure, Section, Table
from ridgecode.report.sections.rate_sheet import rate_sheets
from ridgecode.report.sections.rate_tables import ON_DISK, notes, rate_tables
from ridgecode.report.study import Study

Value = Callable[[RatePoint], float | None]
BEATEN = " A small point is one that another of its codec beats in bytes and MSE both; lines leave it out."


class Measure(NamedTuple):
    """A measure against bytes: its key in file names, title, axis label and value at a point, the value as text, and
    the ends of its interval."""

    key: str
    title: str
    axis: str
    value: Value
    text: Callable[[float | None], str]
    low: Value = lambda point: None
    high: Value = lambda point: None


PIXEL_MEASURES = (
    Measure(
        "mse",
        "MSE against bytes",
        "MSE of pixels in [0, 1] (log scale)",
        lambda point: point.losses.mse,
        significant,
        lambda point: point.losses.mse_low,
        lambda point: point.losses.mse_high,
    ),
    Measure("psnr", "PSNR against bytes", "PSNR in dB", lambda point: point.losses.psnr_db, fixed),
    Measure("ssim", "SSIM against bytes", "SSIM", lambda point: point.losses.ssim, lambda value: significant(value, 3)),
)


def rate_sections(study: Study) -> list[Section]:
    """The section, where a run has a codec or an image codec's figures were given; else none. Curves on different
    prints never share a figure."""
    figures: list[ReportFigure] = []
    tables: list[Table] = []
    for number, plot in enumerate(study.rates):
        alike = [other for other in study.rates if other.prints.view == plot.prints.view]
        name = plot.prints.view if len(alike) == 1 else f"{plot.prints.view}_{number + 1}"
        short = _short(plot, alone=len(alike) == 1)
        figures += [*_rate_figures(plot, short, name), *rate_sheets(plot, short, name)]
        tables += rate_tables(plot, _where(plot), name)
    return [Section("rate", "Rate and distortion", tuple(figures), tuple(tables))] if study.rates else []


def _rate_figures(plot: RatePlot, where: str, name: str) -> list[ReportFigure]:
    """A figure for each measure that some point has; `name` ends the names of their files."""
    figures = []
    for measure in (*PIXEL_MEASURES, *(one for matcher in plot.matchers for one in _minutiae_measures(matcher))):
        figures += _figure(plot, measure, where, name)
        if measure.key == "mse":
            figures += _figure(plot, measure, where, name, bare=True)
    return figures


def _minutiae_measures(matcher: str) -> list[Measure]:
    def of(key: str, factor: float = 1.0) -> Value:
        def value(point: RatePoint) -> float | None:
            result = point.minutiae.get(matcher)
            found = None if result is None else getattr(result, key)
            return None if found is None else factor * found

        return value

    return [
        Measure(
            f"f1_{matcher}",
            f"Minutiae F1 against bytes, {matcher}",
            "F1 of minutiae",
            of("f1"),
            lambda value: fixed(value, 3),
            of("f1_low"),
            of("f1_high"),
        ),
        Measure(
            f"tar_{matcher}",
            f"TAR against bytes, {matcher}",
            "TAR in % at FMR 0.1 %",
            of("tar", 100),
            lambda value: f"{fixed(value, 1)} %",
            of("tar_low", 100),
            of("tar_high", 100),
        ),
    ]


def _figure(plot: RatePlot, measure: Measure, where: str, name: str, bare: bool = False) -> list[ReportFigure]:
    curves = [curve for curve in plot.curves if any(_point(point, measure, bare) for point in curve.points)]
    if not curves:
        return []
    lines = [_line(curve, measure, bare) for curve in curves]
    title = f"{measure.title}{' without headers' if bare else ''}, {where}"
    said = "; ".join(_said(line, measure) for line in lines)
    caption = ON_DISK + notes(plot) if measure.key == "mse" and not bare else ""
    if bare:
        caption = (
            "As many bytes as are left without container and headers, which weigh much in files so small: of ridgecode "
            "the payload."
        )
    elif not caption:
        caption = _minutiae_caption(plot, measure) or "Bytes as they lie on disk; higher is better."
    if any(set(line.points) - set(line.line) for line in lines):
        caption += BEATEN
    x_label = "bytes a print without headers (log scale)" if bare else "bytes a print on disk (log scale)"
    drawing = rate_figure(lines, title, measure.axis, measure.key == "mse", x_label)
    file = f"rate_{measure.key}{'_without_headers' if bare else ''}_{name}"
    return [ReportFigure(file, f"{title}. {said}.", caption, drawing)]


def _minutiae_caption(plot: RatePlot, measure: Measure) -> str:
    """The caption of a minutiae matcher's figure; "" for other measures."""
    for matcher in plot.matchers:
        if measure.key.endswith(f"_{matcher}"):
            results = [
                point.minutiae[matcher] for curve in plot.curves for point in curve.points if matcher in point.minutiae
            ]
            numbers = sorted({one.n_prints for one in results})
            return (
                f"{matcher} on reconstructions and their originals, of {listed([count(n) for n in numbers])} prints; "
                "bars are 95 % intervals over subjects. Bytes are means over all prints, as they lie on disk."
            )
    return ""


def _point(point: RatePoint, measure: Measure, bare: bool) -> tuple[float, float] | None:
    place, value = point.bare_bytes if bare else point.bytes, measure.value(point)
    return None if place is None or value is None else (place, value)


def _line(curve: RateCurve, measure: Measure, bare: bool) -> RateLine:
    intervals = [
        (place[0], low, high)
        for point in curve.points
        if (place := _point(point, measure, bare)) is not None
        and (low := measure.low(point)) is not None
        and (high := measure.high(point)) is not None
    ]
    return RateLine(
        curve.name,
        curve.learned,
        _points(curve.points, measure, bare),
        _points(curve.line, measure, bare),
        tuple(intervals),
    )


def _points(points: Sequence[RatePoint], measure: Measure, bare: bool) -> tuple[tuple[float, float], ...]:
    return tuple(found for point in points if (found := _point(point, measure, bare)) is not None)


def _said(line: RateLine, measure: Measure) -> str:
    """The first and the last point of a line in words."""
    ends = [f"{measure.text(value)} at {in_bytes(place)}" for place, value in (line.points[0], line.points[-1])]
    return f"{line.label}: {' to '.join(dict.fromkeys(ends))} bytes"


def _short(plot: RatePlot, alone: bool) -> str:
    prints = plot.prints
    return prints.view if alone else f"{prints.view}, {prints.source} {prints.split}, {prints.n_prints:,} prints"


def _where(plot: RatePlot) -> str:
    prints = plot.prints
    return f"view {prints.view}, {prints.n_prints:,} prints of {prints.n_subjects:,} subjects, split {prints.split}"
