"""The figures of a study as plain functions of numbers: curves against latent size, learning curves, ROC and DET.

Each returns a Drawing (PNG bytes and SVG text). Titles stand in the figures, so that a PNG on its own says what it is.
"""

import textwrap
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from scipy.special import ndtri

from ridgecode.study.figure_axes import legend_below, titled_axes, value_axis
from ridgecode.study.figure_style import INK, MARKERS, MUTED, PAPER, RAMP, SERIES, Drawing, rendered, styled

LONGEST_TICK = 40  # characters a line beside a figure
DET_TICKS = (0.0001, 0.001, 0.01, 0.05, 0.10, 0.20, 0.40)
# How curves look that are nobody's runs.
REFERENCE_LOOKS: dict[str, dict[str, Any]] = {
    "pca": {"color": MUTED, "linestyle": (0, (5, 2)), "marker": "x"},
    "pca window": {"color": MUTED, "linestyle": (0, (4, 1.5, 1, 1.5)), "marker": "+"},
    "published": {"color": INK, "linestyle": (0, (1, 1.5)), "marker": "*", "markersize": 8},
}
LEVEL_DASHES = ((0, (6, 2)), (0, (2, 2)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)))
TRAINING_LOOK: dict[str, Any] = {"linestyle": (0, (3, 1.5)), "linewidth": 1.1, "alpha": 0.85}


class SizeCurve(NamedTuple):
    """One line against latent size. `low`, `high`: interval ends (NaN: none); `dots`: single runs as (size, value).

    `look` chooses colour and marker, so that a system looks the same in every figure; a `reference` has its own.
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


class ErrorCurve(NamedTuple):
    """FMR and FNMR (T,) as fractions over ascending thresholds; a `reference` is a baseline."""

    label: str
    fmr: np.ndarray
    fnmr: np.ndarray
    reference: bool = False


def size_figure(
    curves: Sequence[SizeCurve],
    title: str,
    y_label: str,
    levels: Sequence[tuple[str, float]] = (),
    log: bool = False,
    from_zero: bool = True,
) -> Drawing:
    """A measure against latent size (log2 axis), with reference curves, and `levels` as horizontal lines."""
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
    """One dot and its interval a setting, the first on top: for runs that differ in something else than their size.

    `levels` are drawn as vertical lines.
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
    """Training loss (dashed) and validation loss (solid) by epoch."""
    with styled():
        figure, axes = titled_axes(title, "epoch", y_label)
        colours: dict[str, str] = {}
        for curve in curves:
            fresh = curve.label not in colours
            colour = colours.setdefault(curve.label, _colour(curve.rank, len(colours)))
            # A single epoch has no line to show.
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


def roc_figure(curves: Sequence[ErrorCurve], title: str) -> Drawing:
    """True acceptance rate (1 - FNMR) against FMR on a log axis, in %."""
    with styled():
        figure, axes = titled_axes(title, "FMR in % (log scale)", "1 − FNMR in %", height=3.7)
        floor = 1e-4
        for curve, look in _error_looks(curves):
            fmr, fnmr = _as_drawn(curve)
            axes.plot(100 * np.maximum(fmr, floor / 10), 100 * (1 - fnmr), label=curve.label, **look)
        axes.set_xscale("log")
        axes.set_xlim(100 * floor, 100)
        axes.xaxis.set_major_locator(FixedLocator([0.01, 0.1, 1, 10, 100]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_ylim(*_upper_part(curves, floor))
        legend_below(axes, columns=1)
        return rendered(figure)


def det_figure(curves: Sequence[ErrorCurve], title: str) -> Drawing:
    """Detection error trade-off: FNMR against FMR in %, both on normal-deviate axes (Martin et al., 1997)."""
    with styled():
        figure, axes = titled_axes(title, "FMR in % (normal deviate)", "FNMR in % (normal deviate)", height=3.7)
        least = 2e-5  # where a zero is drawn: beyond the axes
        for curve, look in _error_looks(curves):
            fmr, fnmr = (np.clip(rate, least, 1 - least) for rate in _as_drawn(curve))
            axes.plot(ndtri(fmr), ndtri(fnmr), label=curve.label, **look)
        ends = ndtri((0.00007, 0.55))
        axes.plot(ends, ends, color=MUTED, linewidth=0.7, linestyle=(0, (1, 2)))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(FixedLocator(ndtri(DET_TICKS)))
            axis.set_major_formatter(FuncFormatter(lambda _, i: f"{100 * DET_TICKS[i % len(DET_TICKS)]:g}"))
        axes.set_xlim(*ends)
        axes.set_ylim(*ends)
        legend_below(axes, columns=1)
        return rendered(figure)


def precision_recall_figure(curves: Sequence[ErrorCurve], mated_share: float, title: str) -> Drawing:
    """Precision against recall where a fraction `mated_share` of the comparisons is mated: by Bayes, precision is
    share * recall / (share * recall + (1 - share) * FMR)."""
    with styled():
        figure, axes = titled_axes(title, "recall: 1 - FNMR, %", "precision, %")
        for curve, look in _error_looks(curves):
            recall = 1 - curve.fnmr
            accepted = mated_share * recall + (1 - mated_share) * curve.fmr
            known = accepted > 0  # a threshold that accepts nothing has no precision
            precision = mated_share * recall[known] / accepted[known]
            axes.plot(100 * recall[known], 100 * precision, label=curve.label, **look)
        axes.set_xlim(-2, 102)
        axes.set_ylim(100 * min(mated_share, 0.95) - 2, 102)
        legend_below(axes)
        return rendered(figure)


def _looks() -> list[dict[str, Any]]:
    """Colour and marker differ together, so that a line is told apart without colour; then the line's dashes change."""
    return [
        {"color": colour, "marker": marker, "linestyle": dashes, "markeredgecolor": PAPER, "markeredgewidth": 0.6}
        for dashes in ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (6, 1, 1, 1)))
        for colour, marker in zip(SERIES, MARKERS, strict=True)
    ]


def _error_looks(curves: Sequence[ErrorCurve]) -> list[tuple[ErrorCurve, dict[str, Any]]]:
    own = [curve for curve in curves if not curve.reference]
    others = [curve for curve in curves if curve.reference]
    dashes = ((0, (6, 2)), (0, (2, 2)), (0, (1, 1)), (0, (4, 1.5, 1, 1.5)))
    looks: list[dict[str, Any]] = [
        {"color": SERIES[i % len(SERIES)], "linestyle": "-" if i < len(SERIES) else (0, (4, 1))}
        for i in range(len(own))
    ]
    looks += [{"color": MUTED, "linestyle": dashes[i % 4], "linewidth": 1.2} for i in range(len(others))]
    return list(zip([*own, *others], looks, strict=True))


def _as_drawn(curve: ErrorCurve) -> tuple[np.ndarray, np.ndarray]:
    """The curve from (FMR 1, FNMR 0) to (0, 1), whatever thresholds it was stored at."""
    return np.concatenate([[1.0], curve.fmr, [0.0]]), np.concatenate([[0.0], curve.fnmr, [1.0]])


def _upper_part(curves: Sequence[ErrorCurve], floor: float) -> tuple[float, float]:
    """The range of 1 - FNMR in % that holds every curve right of `floor`, in steps of 10."""
    worst = [float(curve.fnmr[curve.fmr >= floor].max(initial=0.0)) for curve in curves]
    low = 10 * np.floor(10 * (1 - max(worst, default=1.0)))
    low = min(float(low), 90.0)
    return low - (100 - low) * 0.03, 100 + (100 - low) * 0.03


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
