"""Curves against latent size and learning curves as plain functions of numbers.

Each function returns a Drawing. Titles stand inside the figures, so that a PNG file explains itself.
"""

import textwrap
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from ridgecode.figures.style import (
    INK,
    MARKERS,
    MUTED,
    PAPER,
    RAMP,
    SERIES,
    Drawing,
    legend_below,
    rendered,
    styled,
    titled_axes,
    value_axis,
)

LONGEST_TICK = 40  # characters a line beside a figure
# The looks of curves that are no runs' figures.
REFERENCE_LOOKS: dict[str, dict[str, Any]] = {
    "pca": {"color": MUTED, "linestyle": (0, (5, 2)), "marker": "x"},
    "pca window": {"color": MUTED, "linestyle": (0, (4, 1.5, 1, 1.5)), "marker": "+"},
    "published": {"color": INK, "linestyle": (0, (1, 1.5)), "marker": "*", "markersize": 8},
}
LEVEL_DASHES = ((0, (6, 2)), (0, (2, 2)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)))
TRAINING_LOOK: dict[str, Any] = {"linestyle": (0, (3, 1.5)), "linewidth": 1.1, "alpha": 0.85}


class SizeCurve(NamedTuple):
    """One line against latent size. `low`, `high`: interval ends (NaN: none); `dots`: single runs as (size, value).

    `look` numbers the colour and marker, so that a system has the same ones in every figure. A curve that names a
    `reference` has the look of REFERENCE_LOOKS.
    """

    label: str
    sizes: tuple[int, ...]
    values: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    dots: tuple[tuple[int, float], ...] = ()
    reference: Literal["", "pca", "pca window", "published"] = ""
    look: int = 0


class LearningCurve(NamedTuple):
    """One run's losses by epoch (NaN: none). Runs of one `label` share a colour; `rank` in [0, 1] orders sizes."""

    label: str
    epochs: tuple[float, ...]
    train: tuple[float, ...]
    validation: tuple[float, ...]
    rank: float | None = None


def size_figure(
    curves: Sequence[SizeCurve],
    title: str,
    y_label: str,
    levels: Sequence[tuple[str, float]] = (),
    log: bool = False,
    from_zero: bool = True,
) -> Drawing:
    """A measure against latent size in dims (log2 axis); `levels` are labelled horizontal lines."""
    with styled():
        figure, axes = titled_axes(title, "latent size in dims (log scale)", y_label)
        looks = _looks()
        for curve in curves:
            look = REFERENCE_LOOKS[curve.reference] if curve.reference else looks[curve.look % len(looks)]
            axes.plot(curve.sizes, curve.values, label=curve.label, **look)
            if curve.low:
                ends = np.array([curve.low, curve.high], dtype=float)
                known = np.isfinite(ends).all(axis=0)
                middle = np.array(curve.values)[known]
                lengths = np.abs(ends[:, known] - middle)
                bars = {"ecolor": look["color"], "elinewidth": 1.2, "capsize": 3}
                axes.errorbar(np.array(curve.sizes)[known], middle, lengths, fmt="none", **bars)
            if curve.dots:
                axes.plot(*zip(*curve.dots, strict=True), "o", color=look["color"], markersize=3, alpha=0.55)
        for i, (label, value) in enumerate(levels):
            axes.axhline(value, color=MUTED, linestyle=LEVEL_DASHES[i % 4], linewidth=1.2, label=label)
        _size_axis(axes, sorted({size for curve in curves for size in curve.sizes}))
        value_axis(axes, log, from_zero)
        legend_below(axes)
        return rendered(figure)


def setting_figure(
    labels: Sequence[str],
    values: Sequence[float],
    ends: Sequence[tuple[float, float] | None],
    title: str,
    x_label: str,
    levels: Sequence[tuple[str, float]] = (),
) -> Drawing:
    """A dot and its interval for each setting, the first on top, for runs of one latent size.

    `ends` are those of the intervals, None for none; `levels` are labelled vertical lines.
    """
    with styled():
        wrapped = ["\n".join(textwrap.wrap(label, LONGEST_TICK)) for label in labels]
        lines = max(label.count("\n") + 1 for label in wrapped)
        figure, axes = titled_axes(title, x_label, "", height=1.3 + (0.12 + 0.16 * lines) * len(labels))
        places = np.arange(len(labels))[::-1]
        for place, value, interval in zip(places, values, ends, strict=True):
            if interval is not None:
                axes.plot(interval, (place, place), color=SERIES[0], linewidth=1.4, alpha=0.7)
            axes.plot([value], [place], "o", color=SERIES[0], markeredgecolor=PAPER)
        for i, (label, value) in enumerate(levels):
            axes.axvline(value, color=MUTED, linestyle=LEVEL_DASHES[i % 4], linewidth=1.2, label=label)
        axes.set_yticks(places, wrapped)
        axes.set_ylim(-0.6, len(labels) - 0.4)
        axes.grid(False, axis="y")
        if levels:
            legend_below(axes)
        return rendered(figure)


def learning_figure(curves: Sequence[LearningCurve], title: str, y_label: str) -> Drawing:
    """Training loss (dashed) and validation loss (solid) by epoch; the loss axis is logarithmic where losses differ by
    more than a factor of 3."""
    with styled():
        figure, axes = titled_axes(title, "epoch", y_label)
        colours: dict[str, str] = {}
        for curve in curves:
            fresh = curve.label not in colours
            colour = colours.setdefault(curve.label, _colour(curve.rank, len(colours)))
            # A single epoch makes no line, so it is drawn as a dot.
            marker = "o" if len(curve.epochs) == 1 else ""
            axes.plot(curve.epochs, curve.train, color=colour, marker=marker, **TRAINING_LOOK)
            label = curve.label if fresh and len(colours) <= 10 else "_"
            axes.plot(curve.epochs, curve.validation, color=colour, marker=marker, label=label)
        axes.plot([], [], color=MUTED, label="validation")
        axes.plot([], [], color=MUTED, label="training", **TRAINING_LOOK)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        low, high = axes.get_ylim()
        log = low > 0 and high / low > 3
        value_axis(axes, log, from_zero=False)
        if log:
            axes.set_ylabel(f"{y_label[:-1]}, log scale)" if y_label.endswith(")") else f"{y_label} (log scale)")
        legend_below(axes, columns=3 if max(len(curve.label) for curve in curves) < 14 else 2)
        return rendered(figure)


def _looks() -> list[dict[str, Any]]:
    """Series differ in colour and marker, so that they can be told apart without colour; after six, in dashes too."""
    return [
        {"color": colour, "marker": marker, "linestyle": dashes, "markeredgecolor": PAPER, "markeredgewidth": 0.6}
        for dashes in ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (6, 1, 1, 1)))
        for colour, marker in zip(SERIES, MARKERS, strict=True)
    ]


def _size_axis(axes: Axes, sizes: Sequence[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.xaxis.set_minor_locator(NullLocator())
    every = max(1, -(-len(sizes) // 10))
    shown = list(sizes)[::-1][::every][::-1]
    axes.set_xticks(shown, [str(size) for size in shown])
    if sizes:
        axes.set_xlim(min(sizes) / 1.3, max(sizes) * 1.3)
    axes.grid(False, axis="x")


def _colour(rank: float | None, index: int) -> str:
    return SERIES[index % len(SERIES)] if rank is None else RAMP[round(rank * (len(RAMP) - 1))]
