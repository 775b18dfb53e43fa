"""What a section of a report consists of: figures and tables."""

from typing import NamedTuple

from ridgecode.figures.style import Drawing


class ReportFigure(NamedTuple):
    """A drawing, its file's name without ending, what it shows in words (`alt`), and how to read it (`caption`)."""

    name: str
    alt: str
    caption: str
    drawing: Drawing


class Cell(NamedTuple):
    """A cell of a table: its text, a second line in small print, and whether it is marked as best."""

    text: str
    small: str = ""
    best: bool = False


class Row(NamedTuple):
    """A row; its first cell names it within its `group` ("" for none). Rows of a group follow each other."""

    group: str
    cells: tuple[Cell, ...]


class Table(NamedTuple):
    """A table; `columns` are pairs of a title and a unit or remark, which may be ""."""

    name: str
    caption: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]


class Section(NamedTuple):
    """A section of the page: its figures, then its tables; `empty` is shown where it has neither."""

    anchor: str
    title: str
    figures: tuple[ReportFigure, ...] = ()
    tables: tuple[Table, ...] = ()
    empty: str = ""
