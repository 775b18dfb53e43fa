"""ROC and DET curves: equal bytes each time, well-formed, and with the numbers at their places."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from scipy.stats import norm

from ridgecode.figures.error_curves import ErrorCurve, det_figure, precision_recall_figure, roc_figure


def error_curve(eer: float, n: int = 200) -> ErrorCurve:
    half = -norm.ppf(eer)
    thresholds = np.linspace(-8, 8, n)
    return ErrorCurve(f"eer {eer}", norm.sf(thresholds + half), norm.cdf(thresholds - half))


@pytest.mark.parametrize("kind", ["roc", "det", "precision and recall"])
def test_a_figure_has_equal_bytes_when_drawn_again(kind: str) -> None:
    perfect = ErrorCurve("perfect", np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    errors = [error_curve(0.02), error_curve(0.2)._replace(reference=True), perfect]
    draw = {
        "roc": roc_figure,
        "det": det_figure,
        "precision and recall": lambda e, t: precision_recall_figure(e, 0.1, t),
    }
    first, second = (draw[kind](errors, "t") for _ in range(2))
    assert first == second
    assert first.png.startswith(b"\x89PNG")
    ElementTree.fromstring(first.svg)


def test_det_axes_are_normal_deviates() -> None:
    """Two normal distributions of one spread give a straight line of slope -1 on a DET plot."""
    svg = det_figure([error_curve(0.05, n=400)], "t").svg
    drawn = next(path for path in re.findall(r'<path d="([^"]+)"[^>]*stroke: #0072b2', svg))
    x, y = np.array(re.findall(r"[ML] (-?[\d.]+) (-?[\d.]+)", drawn), dtype=float).T
    # Matplotlib leaves out points on a straight line: few are left, and they lie on it.
    deviation = y - np.interp(x, [x.min(), x.max()], [y[x.argmin()], y[x.argmax()]])
    assert np.ptp(x) > 100 and np.ptp(y) > 100 and np.abs(deviation).max() < 0.5
