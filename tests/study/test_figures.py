"""Figures: the same bytes each time, well-formed, and with the numbers at their places."""

import re
import xml.etree.ElementTree as ElementTree

import matplotlib
import numpy as np
from scipy.stats import norm

from ridgecode.study.figure_style import THEME, inline_svg
from ridgecode.study.figures import (
    ErrorCurve,
    LearningCurve,
    SizeCurve,
    det_figure,
    learning_figure,
    roc_figure,
    setting_figure,
    size_figure,
)

NAN = float("nan")
CURVES = [
    SizeCurve("ridge", (8, 16, 32), (0.12, 0.09, 0.06), (0.11, NAN, 0.05), (0.13, NAN, 0.07), ((8, 0.13), (8, 0.11))),
    SizeCurve("PCA", (8, 16, 32), (0.12, 0.11, 0.10), reference="pca"),
]


def error_curve(eer: float, n: int = 200) -> ErrorCurve:
    half = -norm.ppf(eer)
    thresholds = np.linspace(-8, 8, n)
    return ErrorCurve(f"eer {eer}", norm.sf(thresholds + half), norm.cdf(thresholds - half))


def drawings() -> dict[str, object]:
    perfect = ErrorCurve("perfect", np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    errors = [error_curve(0.02), error_curve(0.2)._replace(reference=True), perfect]
    learning = [
        LearningCurve("8 dims", (0, 1), (0.2, 0.1), (0.3, 0.15), 0.0),
        LearningCurve("16 dims", (0, 1), (0.2, NAN), (0.3, 0.01), 1.0),
    ]
    return {
        "size": size_figure(CURVES, "t", "MSE", [("pixels", 0.1)]),
        "size on a log axis": size_figure(CURVES, "t", "EER in %", log=True),
        "one size": size_figure([SizeCurve("ridge", (128,), (0.05,))], "t", "MSE"),
        "settings": setting_figure(["a", "b"], [0.1, 0.2], [(0.09, 0.11), None], "t", "MSE"),
        "learning": learning_figure(learning, "t", "loss"),
        "one epoch": learning_figure([LearningCurve("ridge", (0,), (0.2,), (0.3,))], "t", "loss"),
        "roc": roc_figure(errors, "t"),
        "det": det_figure(errors, "t"),
    }


def test_every_figure_has_equal_bytes_when_drawn_again_and_leaves_no_settings_behind() -> None:
    before = dict(matplotlib.rcParams)
    first, second = drawings(), drawings()
    assert first == second
    assert dict(matplotlib.rcParams) == before
    for name, drawing in first.items():
        assert drawing.png.startswith(b"\x89PNG"), name  # type: ignore[attr-defined]
        ElementTree.fromstring(drawing.svg)  # type: ignore[attr-defined]


def test_inline_svg_is_well_formed_labelled_themed_and_apart_from_other_figures() -> None:
    svg = size_figure(CURVES, "t", "MSE").svg
    one, two = inline_svg(svg, "one", 'says "0.12" & more'), inline_svg(svg, "two", "x")
    root = ElementTree.fromstring(one)
    assert root.attrib["role"] == "img" and root.attrib["aria-label"] == 'says "0.12" & more'
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in (one, two)]
    assert ids[0] and not ids[0] & ids[1]
    references = set(re.findall(r'(?:href="#|url\(#)([^")]+)', one))
    assert references and references <= ids[0]
    assert not [light for _, light, _ in THEME if light in one]
    assert "<style" not in one and "<metadata" not in one and "http" not in one.replace("http://www.w3.org", "")


def test_det_axes_are_normal_deviates() -> None:
    """Two normal distributions of one spread give a straight line of slope -1 on a DET plot."""
    svg = det_figure([error_curve(0.05, n=400)], "t").svg
    drawn = next(path for path in re.findall(r'<path d="([^"]+)"[^>]*stroke: #0072b2', svg))
    x, y = np.array(re.findall(r"[ML] (-?[\d.]+) (-?[\d.]+)", drawn), dtype=float).T
    # Matplotlib leaves out points on a straight line: few are left, and they lie on it.
    deviation = y - np.interp(x, [x.min(), x.max()], [y[x.argmin()], y[x.argmax()]])
    assert np.ptp(x) > 100 and np.ptp(y) > 100 and np.abs(deviation).max() < 0.5
