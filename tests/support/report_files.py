"""Reads the files of a report back, for tests."""

import csv
import html.parser
import io
import json
import re
from pathlib import Path
from typing import Any

from ridgecode.report.write import ReportFiles

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


def text_of(files: ReportFiles) -> str:
    """The Markdown, which has the same words as the page."""
    return files.markdown.read_text().replace("\N{NO-BREAK SPACE}", " ")


def figures_of(files: ReportFiles) -> set[str]:
    """The names of the figures, without ending."""
    return {path.stem for path in files.figures}


def rows_of(files: ReportFiles, name: str = "latent_sizes.csv") -> list[dict[str, str]]:
    """The rows of one of the report's CSV files."""
    return list(csv.DictReader(io.StringIO((files.html.parent / name).read_text())))


def evaluation_of(run: Path) -> dict[str, Any]:
    """The content of a run's evaluation.json."""
    return dict(json.loads((run / "evaluation.json").read_text()))


class Page(html.parser.HTMLParser):
    """Parses a page strictly: every element closed in order; keeps elements and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"
        self.text = re.sub(r"\s+", " ", " ".join(self.words))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]
