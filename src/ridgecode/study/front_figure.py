"""A Pareto front: which of several runs no other beats in everything, and how they lie in a figure."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from ridgecode.study.figure_style import MARKERS, MUTED, PAPER, SERIES, Drawing, rendered, styled


class FrontPoint(NamedTuple):
    """One run: `group` is its legend's entry, `text` stands beside it; an `open` one is drawn hollow."""

    group: str
    text: str
    x: float
    y: float
    open: bool = False


def unbeaten(costs: Sequence[tuple[float, ...]]) -> list[bool]:
    """For each of N tuples of costs, lower being better, whether no other is as good in all of them and better in one:
    the Pareto front. Of equal tuples all are on it, or none."""
    return [not any(_beats(other, own) for other in costs) for own in costs]


def front_figure(points: Sequence[FrontPoint], title: str, x_label: str, y_label: str) -> Drawing:
    """Points with the front of the two measures that are drawn as a line; lower is better in both."""
    with styled():
        figure = Figure(figsize=(5.4, 3.8))
        axes = figure.add_subplot()
        figure.suptitle(title, x=0.012, ha="left")
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
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        figure.legend(loc="outside lower left", ncols=2)
        return rendered(figure)


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True)) and one != other
