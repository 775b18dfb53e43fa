"""Writes a report on finished runs and image codecs: an HTML page, Markdown, CSV and figures."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.report.csv_files import latent_sizes_csv, matching_csv, rate_distortion_csv
from ridgecode.report.files import read_input
from ridgecode.report.page import markdown, page
from ridgecode.report.read_runs import read_runs
from ridgecode.report.runs import SIAMESE
from ridgecode.report.section import Section
from ridgecode.report.sections.curves import error_figures, learning_figures
from ridgecode.report.sections.identity import identity_sections
from ridgecode.report.sections.matching_tables import matching_tables
from ridgecode.report.sections.minutiae import minutiae_sections
from ridgecode.report.sections.rate import rate_sections
from ridgecode.report.sections.repair import repair_sections
from ridgecode.report.sections.sheets import sheet_figures
from ridgecode.report.sections.size_curves import bce_figures, distortion_figures, eer_figures
from ridgecode.report.sections.size_tables import size_tables
from ridgecode.report.study import Study, study_of


class ReportFiles(NamedTuple):
    """The files of a report. `figures` are a PNG of each figure, and an SVG of each that is not made of pixels."""

    html: Path
    markdown: Path
    latent_sizes: Path
    figures: tuple[Path, ...]


def write_report(runs: Sequence[Path | str], out: Path | str, title: str = "Latent-size study") -> ReportFiles:
    """Writes report.html, report.md, latent_sizes.csv and figures/ into the folder `out`; also matching.csv where some
    run was evaluated for matching, and rate_distortion.csv where a run has a codec or an image codec's file is given.

    runs: folders of autoencoder and matcher runs, of any settings, and JSON files of image codecs and minutiae matchers
    that `ridgecode evaluate` wrote. The page names what runs lack.

    The files of an earlier report in `out` are replaced, once all new ones are made, each whole; other files stay as
    they are. Equal runs give equal bytes.

    Raises BadInput where no run is given, a folder is no run, a file can't be read or holds other figures, or `out` is
    a file or a run folder.
    """
    out = Path(out)
    if out.is_file():
        raise BadInput(f"--out {out} is a file: name a folder")
    if (out / "config.yaml").exists() or (out / "metrics.jsonl").exists():
        raise BadInput(f"--out {out} is a run folder: name another folder for the report")
    given = read_input(runs)
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
    with_latent_size = [run for run in study.runs if run.kind != SIAMESE]
    files[out / "latent_sizes.csv"] = latent_sizes_csv(with_latent_size, study.protocols).encode()
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


def _sections(study: Study) -> list[Section]:
    """The sections of the page in their order. A section that no run has anything for is left out or says so."""
    sizes = (*distortion_figures(study), *bce_figures(study))
    matching = (*eer_figures(study), *error_figures(study))
    return [
        Section("sizes", "Latent sizes", sizes, tuple(size_tables(study)), "No autoencoder run was given."),
        *rate_sections(study),
        Section("sheets", "Reconstructions", tuple(sheet_figures(study)), (), "No run kept its reconstructions."),
        Section("matching", "Matching", matching, tuple(matching_tables(study)), "No run was evaluated for matching."),
        *identity_sections(study),
        *repair_sections(study),
        *minutiae_sections(study),
        Section("learning", "Learning curves", tuple(learning_figures(study)), (), "No run kept its metrics."),
    ]


def _figures_of_older_report(out: Path) -> set[Path]:
    """The figures that the report.md in `out` links to. The new report may not have all of them."""
    older = out / "report.md"
    if not older.is_file():
        return set()
    text = older.read_text(encoding="utf-8", errors="replace")
    found = {path for path in (out / "figures").glob("*.png") if f"(figures/{path.name})" in text}
    return found | {path.with_suffix(".svg") for path in found}
