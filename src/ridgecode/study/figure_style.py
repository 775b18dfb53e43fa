"""How every figure looks, and how a drawn figure becomes PNG and SVG with the same bytes every time.

Colours are the Okabe-Ito set (safe for colour-blind readers) for systems and a viridis ramp for latent sizes. On the
report's page the colours of an SVG become CSS variables, so that a figure follows the page into dark mode.
"""

import html
import io
import re
from typing import Any, NamedTuple

import matplotlib
from matplotlib.figure import Figure

INK = "#1c2531"
MUTED = "#5d6875"
GRID = "#dde2e8"
PAPER = "#fffffe"  # white but for one bit, so that it can be told from a white that is data

SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
MARKERS = ("o", "s", "D", "^", "v", "P")
# viridis at eight even steps from 0 to 0.78, smallest latent size first; beyond, it is too pale on white.
RAMP = ("#440154", "#482878", "#3e4a89", "#31688e", "#25838e", "#1f9e89", "#37b878", "#6ece58")

SERIES_ON_DARK = ("#4ea6e0", "#f0813a", "#2fc297", "#dc94bd", "#8fd0f5", "#f2b83b")
RAMP_ON_DARK = ("#a279d8", "#8b8ae6", "#719be8", "#56aee0", "#3fbfcd", "#41cfa8", "#83dc7a", "#d3e64e")

# Every colour of a figure as (CSS variable, on the light page, on the dark page).
THEME = (
    ("ink", INK, "#e8ebef"),
    ("muted", MUTED, "#a3aebb"),
    ("grid", GRID, "#37404b"),
    ("card", PAPER, "#1b2129"),
    *((f"s{i}", *pair) for i, pair in enumerate(zip(SERIES, SERIES_ON_DARK, strict=True))),
    *((f"q{i}", *pair) for i, pair in enumerate(zip(RAMP, RAMP_ON_DARK, strict=True))),
)

STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.facecolor": PAPER,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "figure.constrained_layout.use": True,
    "figure.facecolor": PAPER,
    "figure.titlesize": 11,
    "figure.titleweight": "bold",
    "font.family": ["DejaVu Sans"],  # shipped with matplotlib: nothing depends on the machine's fonts
    "font.size": 10,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.8,
    "lines.markersize": 5.5,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",
    "svg.hashsalt": "ridgecode",
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9,
}
DOTS_PER_INCH = 160


class Drawing(NamedTuple):
    """One figure as it lies in files: `png` bytes and `svg` text (empty for a picture made of pixels)."""

    png: bytes
    svg: str


def styled() -> Any:
    """A context in which matplotlib draws in this style; leaves the global settings as they were."""
    return matplotlib.rc_context(STYLE)  # type: ignore[arg-type]


def rendered(figure: Figure) -> Drawing:
    """`figure` as PNG and SVG. Equal figures give equal bytes: no dates, no random identifiers."""
    png, svg = io.BytesIO(), io.StringIO()
    figure.savefig(png, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    # The layout is found: finding it again for the SVG would take as long as drawing it.
    figure.set_layout_engine("none")
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    return Drawing(png.getvalue(), svg.getvalue())


def inline_svg(svg: str, name: str, alt: str) -> str:
    """`svg` as an element for an HTML page: themed colours, the page's font, own identifiers, `alt` as its label.

    `name` sets the identifiers apart from those of other figures on the page.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<style type=\"text/css\">.*?</style>", "", body, flags=re.DOTALL)  # it would style the whole page
    body = re.sub(r"<!--.*?-->\s*", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    body = body.replace("'DejaVu Sans'", "system-ui, sans-serif").replace("xlink:href=", "href=")
    for variable, light, _ in THEME:
        body = body.replace(light, f"var(--{variable})")
    head, rest = body.split(">", 1)
    box = re.search(r'viewBox="[^"]+"', head)
    label = html.escape(alt, quote=True)
    return f'<svg class="plot" role="img" aria-label="{label}" {box.group(0) if box else ""}>{rest}'.rstrip()
