"""A report as one HTML page that loads nothing else, and as Markdown that links its figures."""

import base64
import html
from collections.abc import Mapping, Sequence
from importlib import metadata
from itertools import groupby
from pathlib import PurePath
from typing import Any, NamedTuple

import jinja2
import yaml
from markupsafe import Markup

from ridgecode.figures.style import THEME, inline_svg
from ridgecode.report.findings import findings
from ridgecode.report.numbers import NONE, duration
from ridgecode.report.published import SOCOFING_CITATION
from ridgecode.report.runs import Run
from ridgecode.report.section import ReportFigure, Row, Section
from ridgecode.report.study import Study
from ridgecode.report.words import cautions, missing, scope

PRIVATE = ("command", "written", "host", "hostname", "user", "run_dir", "data")


class Configuration(NamedTuple):
    """The settings of one run and its environment, as YAML."""

    name: str
    label: str
    settings: str
    environment: str


def page(study: Study, title: str, sections: Sequence[Section]) -> str:
    """The report as HTML: one file that loads nothing."""
    return _template("report.html.j2").render(**_content(study, title, sections), picture=_picture, theme=_theme())


def markdown(study: Study, title: str, sections: Sequence[Section]) -> str:
    """The report as Markdown, its figures linked as figures/NAME.png."""
    text = _template("report.md.j2").render(**_content(study, title, sections), row=_markdown_row)
    return text.strip() + "\n"


def _content(study: Study, title: str, sections: Sequence[Section]) -> dict[str, Any]:
    return {
        "title": title,
        "scope": scope(study),
        "findings": findings(study),
        "missing": missing(study),
        "cautions": cautions(study),
        "sections": sections,
        "configurations": [_configuration(run, study.labels[run.name].full) for run in study.runs],
        "environment": _environment(study.runs),
        "citation": SOCOFING_CITATION if "socofing" in study.sources else "",
        "version": metadata.version("ridgecode"),
    }


def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ridgecode.report"),
        autoescape=name.endswith(".html.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["in_groups"] = _in_groups
    return environment.get_template(name)


def _in_groups(rows: Sequence[Row]) -> list[list[Row]]:
    return [list(group) for _, group in groupby(rows, key=lambda row: row.group)]


def _picture(figure: ReportFigure) -> Markup:
    """The figure as an HTML element: an SVG, or an embedded PNG where the figure is made of pixels."""
    if figure.drawing.svg:
        return Markup(inline_svg(figure.drawing.svg, figure.name, figure.alt))
    data = base64.b64encode(figure.drawing.png).decode("ascii")
    return Markup(f'<img class="sheet" src="data:image/png;base64,{data}" alt="{html.escape(figure.alt, quote=True)}">')


def _theme() -> dict[str, str]:
    """The figures' colours as CSS declarations for the light and the dark page."""
    return {mode: " ".join(f"--{entry[0]}: {entry[i]};" for entry in THEME) for i, mode in ((1, "light"), (2, "dark"))}


def _configuration(run: Run, label: str) -> Configuration:
    settings = {key: _without_folders(value) for key, value in run.config.items()}
    environment = {key: _without_folders(value) for key, value in run.environment.items() if key not in PRIVATE}
    return Configuration(run.name, label, _listing(settings), _listing(environment))


def _listing(values: Mapping[str, Any]) -> str:
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100).strip() if values else ""


def _without_folders(value: Any) -> Any:
    """`value` with absolute paths cut to their last part: a report must not reveal the folders of the machine."""
    if isinstance(value, Mapping):
        return {key: _without_folders(inner) for key, inner in value.items()}
    if isinstance(value, str) and PurePath(value).is_absolute():
        return PurePath(value).name
    return value


def _environment(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """Versions, commits and machines of the runs, each value once, and the sum of training times."""
    rows: dict[str, list[str]] = {}
    for run in runs:
        for key in ("versions", "commit", "machine"):
            value = run.environment.get(key)
            facts = value if isinstance(value, Mapping) else {key: value}
            for name, fact in facts.items():
                if fact not in (None, "") and name not in PRIVATE and str(fact) not in rows.setdefault(name, []):
                    rows[name].append(str(fact))
    seconds = [run.seconds for run in runs if run.seconds is not None]
    stated = [(name, ", ".join(values)) for name, values in rows.items() if values]
    return [*stated, ("training, all runs", duration(sum(seconds)) if seconds else NONE)]


def _markdown_row(row: Row) -> str:
    texts = []
    for number, cell in enumerate(row.cells):
        text = f"{row.group}, {cell.text}" if row.group and number == 0 else cell.text
        text = f"**{text}**" if cell.best else text
        texts.append(f"{text}<br>{cell.small}" if cell.small else text)
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"
