"""What a report keeps of a figure."""

from typing import NamedTuple

from ridgecode.study.figure_style import Drawing


class ReportFigure(NamedTuple):
    """A drawing under its file's name, with what it shows in words (`alt`) and how to read it (`caption`)."""

    name: str
    alt: str
    caption: str
    drawing: Drawing
