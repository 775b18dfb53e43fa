"""Axes that the figures of a report share: title above all, legend below, ticks that can be read off."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

WIDTH, HEIGHT = 5.4, 3.4  # inches, without the legend: two side by side on a desktop page, one on a phone
LEGEND_ROW = 0.19  # inches


def titled_axes(title: str, x_label: str, y_label: str, height: float = HEIGHT) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_subplot()
    # Above the whole figure: beside long names on the y axis, a title above the axes would not fit.
    figure.suptitle(title, x=0.012, ha="left")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    return figure, axes


def value_axis(axes: Axes, log: bool, from_zero: bool) -> None:
    if not log:
        if from_zero:
            axes.set_ylim(bottom=0)
        return
    axes.set_yscale("log")
    # Over less than a decade more ticks than 1, 2, 5, so that a curve can be read off anywhere.
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low > 10 else (1, 1.5, 2, 3, 4, 5, 7)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_locator(NullLocator())


def legend_below(axes: Axes, columns: int = 2) -> None:
    """Below the axes, so that it never hides data; in one column where names are long."""
    handles, labels = axes.get_legend_handles_labels()
    if max((len(label) for label in labels), default=0) > 30:
        columns = 1
    columns = min(columns, max(1, len(labels)))
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.set_figheight(figure.get_figheight() + LEGEND_ROW * -(-len(labels) // columns))
    figure.legend(handles, labels, loc="outside lower left", ncols=columns, handlelength=2.6)
