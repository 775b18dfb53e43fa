"""The look that all figures share: colours, fonts, axes and legend; and a figure's PNG and SVG bytes.

Systems have the colours of Okabe and Ito, which colour-blind readers can tell apart; latent sizes have a viridis ramp.
On the report's page the colours of an SVG become CSS variables, so that figures change with the page's dark mode.
"""

import html
import io
import re
import textwrap
from typing import Any, NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

INK = "#1c2531"
MUTED = "#5d6875"
GRID = "#dde2e8"
PAPER = "#fffffe"  # not #ffffff, so that `inline_svg` replaces the background and no other white

SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
MARKERS = ("o", "s", "D", "^", "v", "P")
# viridis at eight even steps from 0 to 0.78, smallest latent size first; above 0.78 it is too pale on white.
RAMP = ("#440154", "#482878", "#3e4a89", "#31688e", "#25838e", "#1f9e89", "#37b878", "#6ece58")

SERIES_ON_DARK = ("#4ea6e0", "#f0813a", "#2fc297", "#dc94bd", "#8fd0f5", "#f2b83b")
RAMP_ON_DARK = ("#a279d8", "#8b8ae6", "#719be8", "#56aee0", "#3fbfcd", "#41cfa8", "#83dc7a", "#d3e64e")

# Every colour of a figure: its CSS variable, its value on the light page, its value on the dark page.
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


WIDTH, HEIGHT = 5.4, 3.4  # inches, without the legend: two fit side by side on a desktop page, one on a phone
TITLE_LETTERS = 56  # as many as a line of a title has room for
LEGEND_ROW = 0.19  # inches a row


class Drawing(NamedTuple):
    """One figure: the bytes of its PNG file and the text of its SVG file, "" for a picture made of pixels."""

    png: bytes
    svg: str


def styled() -> Any:
    """A context in which matplotlib draws in this style; it restores matplotlib's settings at its end."""
    return matplotlib.rc_context(STYLE)  # type: ignore[arg-type]


def titled_axes(title: str, x_label: str, y_label: str, height: float = HEIGHT) -> tuple[Figure, Axes]:
    """A new figure with one pair of axes; `height` in inches. A long title has several lines."""
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_subplot()
    # Above the whole figure, since long names on the y axis leave the axes too narrow for a title.
    figure.suptitle(textwrap.fill(title, TITLE_LETTERS), x=0.012, ha="left")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    return figure, axes


def value_axis(axes: Axes, log: bool, from_zero: bool) -> None:
    """Sets the scale and ticks of the y axis; `from_zero` holds for a linear axis only."""
    if not log:
        if from_zero:
            axes.set_ylim(bottom=0)
        return
    axes.set_yscale("log")
    # A range of less than a decade has more ticks than 1, 2 and 5, since it would show one or two of these.
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low > 10 else (1, 1.5, 2, 3, 4, 5, 7)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_locator(NullLocator())


def legend_below(axes: Axes, columns: int = 2) -> None:
    """Puts the legend below the axes, where it hides no data, in one column where labels are long; the figure grows by
    its height."""
    handles, labels = axes.get_legend_handles_labels()
    if max((len(label) for label in labels), default=0) > 30:
        columns = 1
    columns = min(columns, max(1, len(labels)))
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.set_figheight(figure.get_figheight() + LEGEND_ROW * -(-len(labels) // columns))
    figure.legend(handles, labels, loc="outside lower left", ncols=columns, handlelength=2.6)


def rendered(figure: Figure) -> Drawing:
    """`figure` as PNG and SVG. Equal figures give equal bytes, since neither has a date or a random identifier."""
    png, svg = io.BytesIO(), io.StringIO()
    figure.savefig(png, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    # Saving the PNG has laid the figure out; to lay it out again for the SVG would take as long as to draw it.
    figure.set_layout_engine("none")
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    return Drawing(png.getvalue(), svg.getvalue())


def inline_svg(svg: str, name: str, alt: str) -> str:
    """`svg` as an element of an HTML page, with CSS variables for colours, the page's font and `alt` as its label.

    Identifiers begin with `name`, so that figures on one page have different ones.
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
