"""A report's figures of rate and distortion: what codecs lose, and what minutiae matchers make of it, against bytes."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ridgecode.study.rate_figures import RateLine, rate_figure
from ridgecode.study.report_figure import ReportFigure
from ridgecode.study.report_numbers import count, fixed, in_bytes, listed, significant
from ridgecode.study.report_rate_tables import ON_DISK, notes
from ridgecode.study.report_rates import RateCurve, RatePlot, RatePoint

Value = Callable[[RatePoint], float | None]
BESIDE = " A small point is one that another of its codec beats in bytes and MSE both; lines leave it out."


class Measure(NamedTuple):
    """A measure of a figure: its name in the file, its title, its axis, where it is found, and how it is written."""

    key: str
    title: str
    axis: str
    value: Value
    text: Callable[[float | None], str]
    log: bool = False
    low: Value = lambda point: None
    high: Value = lambda point: None


PIXELS = (
    Measure(
        *(
            "mse",
            "MSE against bytes",
            "MSE of pixels in [0, 1] (log scale)",
            lambda point: point.losses.mse,
            significant,
            True,
        ),
        *(lambda point: point.losses.mse_low, lambda point: point.losses.mse_high),
    ),
    Measure("psnr", "PSNR against bytes", "PSNR in dB", lambda point: point.losses.psnr_db, fixed),
    Measure("ssim", "SSIM against bytes", "SSIM", lambda point: point.losses.ssim, lambda value: significant(value, 3)),
)


def rate_figures(plot: RatePlot, where: str, name: str) -> list[ReportFigure]:
    """The figures of one plot that some point has numbers for; `name` ends their files' names."""
    figures = []
    for measure in (*PIXELS, *(one for matcher in plot.matchers for one in _of_minutiae(plot, matcher))):
        figures += _figure(plot, measure, where, name)
        if measure.key == "mse":
            figures += _figure(plot, measure, where, name, bare=True)
    return figures


def _of_minutiae(plot: RatePlot, matcher: str) -> list[Measure]:
    def of(key: str, factor: float = 1.0) -> Value:
        def value(point: RatePoint) -> float | None:
            one = point.judged.get(matcher)
            found = None if one is None else getattr(one, key)
            return None if found is None else factor * found

        return value

    return [
        Measure(
            *(f"f1_{matcher}", f"Minutiae F1 against bytes, {matcher}", "F1 of minutiae", of("f1")),
            *(lambda value: fixed(value, 3), False, of("f1_low"), of("f1_high")),
        ),
        Measure(
            *(f"tar_{matcher}", f"TAR against bytes, {matcher}", "TAR in % at FMR 0.1 %", of("tar", 100)),
            *(lambda value: f"{fixed(value, 1)} %", False, of("tar_low", 100), of("tar_high", 100)),
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
        caption = _judges(plot, measure) or "Bytes as they lie on disk; higher is better."
    if any(set(line.points) - set(line.line) for line in lines):
        caption += BESIDE
    x_label = "bytes a print without headers (log scale)" if bare else "bytes a print on disk (log scale)"
    drawing = rate_figure(lines, title, measure.axis, measure.log, x_label)
    file = f"rate_{measure.key}{'_without_headers' if bare else ''}_{name}"
    return [ReportFigure(file, f"{title}. {said}.", caption, drawing)]


def _judges(plot: RatePlot, measure: Measure) -> str:
    """What is said of a minutiae matcher's figure."""
    for matcher in plot.matchers:
        if measure.key.endswith(f"_{matcher}"):
            judged = [
                point.judged[matcher] for curve in plot.curves for point in curve.points if matcher in point.judged
            ]
            numbers = sorted({one.n_prints for one in judged})
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
    """The ends of a line in words."""
    ends = [f"{measure.text(value)} at {in_bytes(place)}" for place, value in (line.points[0], line.points[-1])]
    return f"{line.label}: {' to '.join(dict.fromkeys(ends))} bytes"
