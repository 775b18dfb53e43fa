"""A Pareto front: the runs that no other run beats in all measures, and a figure of two of the measures."""

from collections.abc import Sequence
from typing import NamedTuple

from ridgecode.figures.style import MARKERS, MUTED, PAPER, SERIES, Drawing, rendered, styled, titled_axes


class FrontPoint(NamedTuple):
    """One run: `group` is its entry in the legend, `text` is written beside it, and it is hollow where `open`."""

    group: str
    text: str
    x: float
    y: float
    open: bool = False


def unbeaten(costs: Sequence[tuple[float, ...]]) -> list[bool]:
    """Whether each of N tuples of costs is on their Pareto front: no other tuple is at most as high in every cost and
    lower in one. Equal tuples are all on it, or none is."""
    return [not any(_beats(other, own) for other in costs) for own in costs]


def front_figure(points: Sequence[FrontPoint], title: str, x_label: str, y_label: str) -> Drawing:
    """The points, and a line through the Pareto front of the two measures drawn; lower is better in both."""
    with styled():
        figure, axes = titled_axes(title, x_label, y_label, height=3.8)
        kept = unbeaten([(point.x, point.y) for point in points])
        line = sorted({(point.x, point.y) for point, on_it in zip(points, kept, strict=True) if on_it})
        axes.plot(*zip(*line, strict=True), color=MUTED, linestyle=(0, (4, 2)), linewidth=1.2, label="front of the two")
        for i, group in enumerate(dict.fromkeys(point.group for point in points)):
            colour, marker, named = SERIES[i % len(SERIES)], MARKERS[i % len(MARKERS)], False
            for point in points:
                if point.group != group:
                    continue
                look = {"color": colour, "marker": marker, "linestyle": "none", "markersize": 7}
                if point.open:
                    look["markerfacecolor"] = PAPER
                axes.plot(point.x, point.y, **look, label=None if named else group)  # type: ignore[arg-type]
                axes.annotate(point.text, (point.x, point.y), (6, 4), textcoords="offset points", fontsize=8)
                named = True
        axes.margins(0.12)
        figure.legend(loc="outside lower left", ncols=2)
        return rendered(figure)


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True)) and one != other
