"""Curves against latent size and learning curves: equal bytes each time, and well-formed."""

import xml.etree.ElementTree as ElementTree

import matplotlib

from ridgecode.figures.curves import LearningCurve, SizeCurve, learning_figure, setting_figure, size_figure
from ridgecode.figures.style import Drawing

NAN = float("nan")
CURVES = [
    SizeCurve("ridge", (8, 16, 32), (0.12, 0.09, 0.06), (0.11, NAN, 0.05), (0.13, NAN, 0.07), ((8, 0.13), (8, 0.11))),
    SizeCurve("PCA", (8, 16, 32), (0.12, 0.11, 0.10), reference="pca"),
]


def drawings() -> dict[str, Drawing]:
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
    }


def test_every_figure_has_equal_bytes_when_drawn_again_and_leaves_no_settings_behind() -> None:
    before = dict(matplotlib.rcParams)
    first, second = drawings(), drawings()
    assert first == second
    assert dict(matplotlib.rcParams) == before
    for name, drawing in first.items():
        assert drawing.png.startswith(b"\x89PNG"), name
        ElementTree.fromstring(drawing.svg)
