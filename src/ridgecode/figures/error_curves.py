"""ROC, DET and precision-recall curves as plain functions of error rates."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from scipy.special import ndtri

from ridgecode.figures.style import MUTED, SERIES, Drawing, legend_below, rendered, styled, titled_axes

LEAST_FMR = 1e-4
"""The lowest FMR on the axes of ROC and DET curves."""
DET_TICKS = (LEAST_FMR, 0.001, 0.01, 0.05, 0.10, 0.20, 0.40)


class ErrorCurve(NamedTuple):
    """FMR and FNMR, float (T,) fractions over ascending thresholds; `reference`: whether it is a baseline's."""

    label: str
    fmr: np.ndarray
    fnmr: np.ndarray
    reference: bool = False


def roc_figure(curves: Sequence[ErrorCurve], title: str) -> Drawing:
    """ROC: true acceptance rate (1 - FNMR) against FMR on a log axis, both in %."""
    with styled():
        figure, axes = titled_axes(title, "FMR in % (log scale)", "1 − FNMR in %", height=3.7)
        floor = LEAST_FMR
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
    """DET: FNMR against FMR in %, both on normal-deviate axes (Martin et al., "The DET curve in assessment of detection
    task performance", Eurospeech 1997)."""
    with styled():
        figure, axes = titled_axes(title, "FMR in % (normal deviate)", "FNMR in % (normal deviate)", height=3.7)
        least = 2e-5  # a rate of 0 is drawn here, outside the axes
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
    """Precision against recall in %, for comparisons of which the fraction `mated_share` is mated: by Bayes' rule
    precision is share * recall / (share * recall + (1 - share) * FMR)."""
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
    """FMR and FNMR with the curve's ends added: (1, 0), where all is accepted, and (0, 1), where nothing is."""
    return np.concatenate([[1.0], curve.fmr, [0.0]]), np.concatenate([[0.0], curve.fnmr, [1.0]])


def _upper_part(curves: Sequence[ErrorCurve], floor: float) -> tuple[float, float]:
    """The y range in % that holds every curve where FMR is at least `floor`; its low end is a multiple of 10."""
    worst = [float(curve.fnmr[curve.fmr >= floor].max(initial=0.0)) for curve in curves]
    low = 10 * np.floor(10 * (1 - max(worst, default=1.0)))
    low = min(float(low), 90.0)
    return low - (100 - low) * 0.03, 100 + (100 - low) * 0.03
