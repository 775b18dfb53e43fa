"""Turns finished runs, and figures of image codecs, into a report: an HTML page, Markdown, CSV and figures."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.study.report_csv import latent_sizes_csv, matching_csv, rate_distortion_csv
from ridgecode.study.report_curves import error_figures, learning_figures
from ridgecode.study.report_figure import ReportFigure
from ridgecode.study.report_files import sorted_out
from ridgecode.study.report_identity import identity_sections
from ridgecode.study.report_matching_tables import level_table, matching_table
from ridgecode.study.report_minutiae import minutiae_sections
from ridgecode.study.report_page import Section, markdown, page
from ridgecode.study.report_rate import rate_sections
from ridgecode.study.report_repair import repair_sections
from ridgecode.study.report_runs import SIAMESE, Run, read_runs
from ridgecode.study.report_sheets import sheet_figures
from ridgecode.study.report_size_curves import bce_figures, distortion_figures, eer_figures
from ridgecode.study.report_study import Study, study_of
from ridgecode.study.report_systems import classification_table, systems_table
from ridgecode.study.report_tables import Table, latent_size_tables, seed_table


class ReportFiles(NamedTuple):
    """Where a report lies. `figures` holds a PNG of each figure, and an SVG of each that is not made of pixels."""

    html: Path
    markdown: Path
    latent_sizes: Path
    figures: tuple[Path, ...]


def write_report(runs: Sequence[Path | str], out: Path | str, title: str = "Latent-size study") -> ReportFiles:
    """Reports on `runs` in the folder `out`: report.html, report.md, latent_sizes.csv, figures/.

    Autoencoder and matcher runs may be mixed, of any backbones, distortions, views and seeds. Beside run folders `runs`
    may name JSON files that `ridgecode evaluate` wrote with --codec or --matcher. Where matching was evaluated there is
    a matching.csv too, and a rate_distortion.csv where a run has a codec or figures of an image codec were given. What
    runs lack is said on the page. Files of an earlier report in `out` are replaced one by one, each whole; other files
    there are left alone. Everything is made before anything is written, so that a report that fails leaves the old one.
    Equal runs give equal bytes.

    Raises BadInput where no run is given, a folder is no run, a file can't be read or holds other figures, or `out` is
    a file or a run folder.
    """
    out = Path(out)
    if out.is_file():
        raise BadInput(f"--out {out} is a file: name a folder")
    if (out / "config.yaml").exists() or (out / "metrics.jsonl").exists():
        raise BadInput(f"--out {out} is a run folder: name another folder for the report")
    given = sorted_out(runs)
    # Image codecs have no run folder, and may be reported on alone.
    found = read_runs(given.folders) if given.folders or not given.codecs else []
    study = study_of(found, given.codecs, given.minutiae)
    sections = _sections(study)
    figures = [figure for section in sections for figure in section.figures]

    files: dict[Path, bytes] = {}
    for figure in figures:
        files[out / "figures" / f"{figure.name}.png"] = figure.drawing.png
        if figure.drawing.svg:
            files[out / "figures" / f"{figure.name}.svg"] = figure.drawing.svg.encode()
    drawn = tuple(files)
    files[out / "latent_sizes.csv"] = latent_sizes_csv(_encoding(study), study.protocols).encode()
    if study.matching:
        files[out / "matching.csv"] = matching_csv(study.matching).encode()
    if study.rates:
        files[out / "rate_distortion.csv"] = rate_distortion_csv(study.rates).encode()
    files[out / "report.md"] = markdown(study, title, sections).encode()
    files[out / "report.html"] = page(study, title, sections).encode()

    stale = _figures_of_older_report(out) - set(drawn)
    for path, content in files.items():
        with whole_file(path) as temporary:
            temporary.write_bytes(content)
    for path in stale:
        path.unlink(missing_ok=True)
    return ReportFiles(out / "report.html", out / "report.md", out / "latent_sizes.csv", drawn)


def _encoding(study: Study) -> list[Run]:
    """The runs that have a latent size."""
    return [run for run in study.runs if run.kind != SIAMESE]


def _sections(study: Study) -> list[Section]:
    sizes: list[ReportFigure] = [*distortion_figures(study), *bce_figures(study)]
    size_tables: list[Table] = latent_size_tables(study.autoencoders, study.protocols, study.labels)
    seeds = seed_table((*study.autoencoders, *study.matchers), study.protocols)
    if seeds is not None:
        size_tables.append(seeds)
    systems = systems_table(study)
    matching_tables = [systems] if systems is not None else []
    matching_tables += [matching_table(study.matching, protocol) for protocol in study.protocols]
    matching_tables += [
        table for protocol in study.protocols if (table := level_table(study.matching, protocol)) is not None
    ]
    matching_tables += [classification_table(study.matching, protocol) for protocol in study.protocols]
    return [
        Section("sizes", "Latent sizes", tuple(sizes), tuple(size_tables), "No autoencoder run was given."),
        *rate_sections(study),
        Section("sheets", "Reconstructions", tuple(sheet_figures(study)), (), "No run kept its reconstructions."),
        Section(
            "matching",
            "Matching",
            (*eer_figures(study), *error_figures(study)),
            tuple(matching_tables),
            "No run was evaluated for matching.",
        ),
        *identity_sections(study),
        *repair_sections(study),
        *minutiae_sections(study),
        Section("learning", "Learning curves", tuple(learning_figures(study)), (), "No run kept its metrics."),
    ]


def _figures_of_older_report(out: Path) -> set[Path]:
    """The figures that the report.md in `out` links to, which a new report may have under other names."""
    older = out / "report.md"
    if not older.is_file():
        return set()
    text = older.read_text(encoding="utf-8", errors="replace")
    found = {path for path in (out / "figures").glob("*.png") if f"(figures/{path.name})" in text}
    return found | {path.with_suffix(".svg") for path in found}
