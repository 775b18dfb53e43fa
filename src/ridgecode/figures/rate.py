"""Rate-distortion curves as a plain function of numbers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from ridgecode.figures.style import (
    INK,
    MARKERS,
    MUTED,
    PAPER,
    SERIES,
    Drawing,
    legend_below,
    rendered,
    styled,
    titled_axes,
    value_axis,
)

# A classical codec has the same look in every figure; codecs of one family share a colour.
CLASSICAL_LOOKS: dict[str, dict[str, Any]] = {
    "jpeg": {"color": SERIES[5], "marker": MARKERS[5]},
    "jpeg-flat": {"color": SERIES[5], "marker": "X", "linestyle": (0, (4, 1.5))},
    "jpeg2000": {"color": SERIES[1], "marker": MARKERS[1]},
    "jpegxl": {"color": SERIES[2], "marker": MARKERS[2]},
    "webp": {"color": SERIES[3], "marker": MARKERS[3]},
    "avif": {"color": SERIES[4], "marker": MARKERS[4]},
    "wsq": {"color": MUTED, "marker": "p"},
    "klt": {"color": MUTED, "marker": "s", "linestyle": (0, (1, 1))},
    "pca": {"color": MUTED, "marker": "v", "linestyle": (0, (4, 1.5))},
}
OTHER_LOOKS: tuple[dict[str, Any], ...] = tuple(
    {"color": MUTED, "marker": marker, "linestyle": (0, (2, 1.5))} for marker in ("*", "8", ">", "H")
)
# Runs are drawn last and thick, since the figure is about them.
LEARNED_LOOKS: tuple[dict[str, Any], ...] = (
    {"color": SERIES[0], "marker": MARKERS[0], "linewidth": 2.6, "markersize": 7},
    {"color": INK, "marker": "h", "linewidth": 2.6, "markersize": 7},
    {"color": SERIES[0], "marker": "d", "linewidth": 2.2, "markersize": 7, "linestyle": (0, (4, 1.5))},
    {"color": INK, "marker": "<", "linewidth": 2.2, "markersize": 7, "linestyle": (0, (4, 1.5))},
)


class RateLine(NamedTuple):
    """One codec: its points as (bytes, value), those of them that `line` joins, and intervals as (bytes, low, high).
    `learned`: whether the points are runs."""

    label: str
    learned: bool
    points: tuple[tuple[float, float], ...]
    line: tuple[tuple[float, float], ...]
    intervals: tuple[tuple[float, float, float], ...] = ()


def rate_figure(lines: Sequence[RateLine], title: str, y_label: str, log: bool = False, x_label: str = "") -> Drawing:
    """A measure against bytes a print (log axis), a line for each codec; `log`: whether the measure's axis is log too.

    Points that are not on their codec's line are drawn smaller.
    """
    with styled():
        figure, axes = titled_axes(title, x_label or "bytes a print (log scale)", y_label, height=3.9)
        looks = _looks(lines)
        for line in lines:
            look = looks[line.label]
            still = {**look, "linestyle": "", "markeredgecolor": PAPER, "markeredgewidth": 0.6}
            height = 4.0 if line.learned else 3.0
            aside = [point for point in line.points if point not in line.line]
            if aside:
                small = {**still, "markersize": 0.6 * look.get("markersize", 5.5), "alpha": 0.6}
                axes.plot(*zip(*aside, strict=True), zorder=height, **small)
            for place, low, high in line.intervals:
                axes.plot((place, place), (low, high), color=look["color"], linewidth=1, alpha=0.55, zorder=height)
            drawn = {"markeredgecolor": PAPER, "markeredgewidth": 0.6, **look}
            axes.plot(
                *(zip(*line.line, strict=True) if line.line else ((), ())), label=line.label, zorder=height, **drawn
            )
        axes.set_xscale("log")
        low, high = axes.get_xlim()
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low > 40 else (1, 1.5, 2, 3, 5, 7)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.xaxis.set_minor_locator(NullLocator())
        value_axis(axes, log, from_zero=False)
        legend_below(axes, columns=4 if max(len(line.label) for line in lines) < 14 else 2)
        return rendered(figure)


def _looks(lines: Sequence[RateLine]) -> dict[str, dict[str, Any]]:
    """Looks by the label of the line."""
    own = [line.label for line in lines if line.learned]
    others = [line.label for line in lines if not line.learned and line.label not in CLASSICAL_LOOKS]
    looks = {label: LEARNED_LOOKS[i % len(LEARNED_LOOKS)] for i, label in enumerate(own)}
    looks |= {label: OTHER_LOOKS[i % len(OTHER_LOOKS)] for i, label in enumerate(others)}
    return CLASSICAL_LOOKS | looks
