"""An SVG as an element of a page: well-formed, labelled, in the page's colours, and apart from other figures."""

import re
import xml.etree.ElementTree as ElementTree

from ridgecode.figures.style import THEME, inline_svg, legend_below, rendered, styled, titled_axes


def test_inline_svg_is_well_formed_labelled_themed_and_apart_from_other_figures() -> None:
    with styled():
        figure, axes = titled_axes("t", "x", "y")
        axes.plot([1, 2], [1, 2], label="ridge")
        legend_below(axes)
        svg = rendered(figure).svg
    one, two = inline_svg(svg, "one", 'says "0.12" & more'), inline_svg(svg, "two", "x")
    root = ElementTree.fromstring(one)
    assert root.attrib["role"] == "img" and root.attrib["aria-label"] == 'says "0.12" & more'
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in (one, two)]
    assert ids[0] and not ids[0] & ids[1]
    references = set(re.findall(r'(?:href="#|url\(#)([^")]+)', one))
    assert references and references <= ids[0]
    assert not [light for _, light, _ in THEME if light in one]
    assert "<style" not in one and "<metadata" not in one and "http" not in one.replace("http://www.w3.org", "")


def test_a_long_title_keeps_within_the_figure() -> None:
    title = "Precision and recall, pairs-by-subject, val: 17,931 mated, 896,550 non-mated"
    with styled():
        figure, _ = titled_axes(title, "x", "y")
        figure.draw_without_rendering()
        box = figure.texts[0].get_window_extent()
    assert figure.get_suptitle().replace("\n", " ") == title
    assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
