"""A report's part on rate and distortion: runs with a codec and image codecs, in bytes that lie on disk."""

from ridgecode.study.report_figure import ReportFigure
from ridgecode.study.report_page import Section
from ridgecode.study.report_rate_figures import rate_figures
from ridgecode.study.report_rate_sheet import rate_sheets
from ridgecode.study.report_rate_tables import rate_tables
from ridgecode.study.report_rates import RatePlot
from ridgecode.study.report_study import Study
from ridgecode.study.report_tables import Table


def rate_sections(study: Study) -> list[Section]:
    """The section, where a run has a codec or an image codec's figures were given; else none. Curves on different
    prints never share a figure."""
    figures: list[ReportFigure] = []
    tables: list[Table] = []
    for number, plot in enumerate(study.rates):
        alike = [other for other in study.rates if other.prints.view == plot.prints.view]
        name = plot.prints.view if len(alike) == 1 else f"{plot.prints.view}_{number + 1}"
        short = _short(plot, alone=len(alike) == 1)
        figures += [*rate_figures(plot, short, name), *rate_sheets(plot, short, name)]
        tables += rate_tables(plot, _where(plot), name)
    return [Section("rate", "Rate and distortion", tuple(figures), tuple(tables))] if study.rates else []


def _short(plot: RatePlot, alone: bool) -> str:
    prints = plot.prints
    return prints.view if alone else f"{prints.view}, {prints.source} {prints.split}, {prints.n_prints:,} prints"


def _where(plot: RatePlot) -> str:
    prints = plot.prints
    return f"view {prints.view}, {prints.n_prints:,} prints of {prints.n_subjects:,} subjects, split {prints.split}"
