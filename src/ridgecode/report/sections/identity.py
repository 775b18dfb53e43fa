"""A report's section on codes that are both decoded and matched: bytes, MSE and EER of each run, and their front."""

from collections.abc import Sequence
from typing import NamedTuple

from ridgecode.figures.front import FrontPoint, front_figure, unbeaten
from ridgecode.report.matching import eer_cell, own_entry, own_system
from ridgecode.report.numbers import finite, fixed, listed, percent, significant, significant_interval
from ridgecode.report.runs import AUTOENCODER, SIAMESE, Run
from ridgecode.report.section import Cell, ReportFigure, Row, Section, Table
from ridgecode.report.study import Study

MORE_THAN_ONE = 2
Interval = tuple[float | None, float | None]


class CodeFigures(NamedTuple):
    """The figures of a run's code: mean bytes a print, MSE of the decoded prints, and EER as a fraction by protocol."""

    run: Run
    bytes: float
    mse: float
    mse_interval: Interval
    eer: dict[str, float]


def identity_sections(study: Study) -> list[Section]:
    """The section where a run was trained with an identity weight, or several runs with a codec were evaluated for
    matching; else none."""
    found = [code for run in study.runs if (code := _code_figures(run, study.protocols)) is not None]
    coded = [code for code in found if code.run.figure("coded", "mse") is not None]
    if not any(_weight(code.run, "identity_weight") for code in found) and len(coded) < MORE_THAN_ONE:
        return []
    # Only runs on the same prints in the same view are compared.
    places = list(dict.fromkeys((code.run.source, code.run.setting("view")) for code in found))
    groups = [[code for code in found if (code.run.source, code.run.setting("view")) == place] for place in places]
    figures: list[ReportFigure] = []
    rows: list[Row] = []
    for i, group in enumerate(groups):
        number = f"_{i + 1}" if len(groups) > 1 else ""
        measured = [protocol for protocol in study.protocols if any(protocol in code.eer for code in group)]
        figures += [_figure(group, protocol, number) for protocol in measured]
        rows += _rows(group, study)
    return [Section("identity", "One code for both", tuple(figures), (_table(rows, study),))]


def _code_figures(run: Run, protocols: Sequence[str]) -> CodeFigures | None:
    """The figures of the run's code; without a codec that is the latent vector at its depth in bits. None where some
    are missing."""
    entries = {protocol: own_entry(run, protocol) for protocol in protocols}
    eer = {name: value for name, entry in entries.items() if entry and (value := entry.figure("eer")) is not None}
    size, mse = run.figure("bytes"), run.figure("mse_at_depth")
    interval: Interval = (None, None)
    if run.figure("coded", "mse") is not None:
        archive = run.figure("coded", "archive_bytes")
        size = run.figure("coded", "payload_bytes") if archive is None else archive
        mse = run.figure("coded", "mse")
        interval = run.figure("coded", "mse_low"), run.figure("coded", "mse_high")
    if run.kind == SIAMESE or not eer or size is None or mse is None:
        return None
    return CodeFigures(run, size, mse, interval, eer)


def _front(group: Sequence[CodeFigures], protocol: str) -> list[CodeFigures]:
    """The runs of the group on the Pareto front of bytes, MSE and EER."""
    matched = [code for code in group if protocol in code.eer]
    kept = unbeaten([(code.bytes, code.mse, code.eer[protocol]) for code in matched])
    return [code for code, on_it in zip(matched, kept, strict=True) if on_it]


def _figure(group: Sequence[CodeFigures], protocol: str, number: str) -> ReportFigure:
    front = _front(group, protocol)
    points = [
        FrontPoint(_trained_for(code.run), f"{code.bytes:.0f} B", code.mse, 100 * code.eer[protocol], code not in front)
        for code in sorted(group, key=lambda code: (_weight(code.run, "identity_weight") or 0.0, code.mse))
        if protocol in code.eer
    ]
    view = group[0].run.setting("view")
    title = f"MSE and EER of one code, {protocol}" + (f", {view}" if view else "")
    alt = "; ".join(
        f"{point.group}: {point.text}, MSE {significant(point.x)}, "
        + (f"EER {percent(point.y / 100)} %" if point.y else "no error in the EER")
        + (", beaten" * point.open)
        for point in points
    )
    caption = (
        "Lower is better in both. Bytes a print stand beside each run; a hollow run is beaten by another in bytes, MSE "
        "and EER at once. The line is the front of MSE and EER, whatever the bytes."
    )
    drawing = front_figure(points, title, "MSE of pixels in [0, 1]", "EER in %")
    return ReportFigure(f"identity_{protocol}{number}", f"{title}. {alt}.", caption, drawing)


def _rows(group: Sequence[CodeFigures], study: Study) -> list[Row]:
    fronts = {protocol: _front(group, protocol) for protocol in study.protocols}
    rows = []
    for code in group:
        label = study.labels[code.run.name]
        on = [protocol for protocol, front in fronts.items() if code in front]
        cells = (
            Cell(label.member, code.run.name),
            Cell(own_system(code.run)),
            *(_weight_cell(code.run, name) for name in ("rate_weight", "identity_weight")),
            Cell(fixed(code.bytes, 1)),
            Cell(significant(code.mse), significant_interval(*code.mse_interval)),
            *(eer_cell(own_entry(code.run, protocol), code in front) for protocol, front in fronts.items()),
            Cell(listed(on) or "none"),
        )
        rows.append(Row(label.series, cells))
    return rows


def _table(rows: Sequence[Row], study: Study) -> Table:
    columns = (
        *(("Run", ""), ("Matcher", ""), ("Rate weight", ""), ("Identity weight", ""), ("Size", "bytes a print")),
        ("MSE", "95 % interval"),
        *((f"EER, {protocol}", "%, 95 % interval; mated / non-mated") for protocol in study.protocols),
        ("On the front", "of bytes, MSE, EER"),
    )
    caption = (
        "Each run has one code for decoding and matching: MSE is of the prints decoded from its bytes, EER of the "
        "latent vectors decoded from them. Bytes are a print's share of an archive, or its payload where that was not "
        "measured; of a run without a codec, those of its latent vector at its depth. The EER is marked where no "
        "other run on the same prints is as good in bytes, MSE and EER and better in one."
    )
    return Table("identity", caption, columns, tuple(rows))


def _weight(run: Run, name: str) -> float | None:
    """A loss weight that an autoencoder was trained with; None for a head's run, which has none."""
    if run.kind != AUTOENCODER:
        return None
    try:
        return finite(float(run.setting(name)))
    except ValueError:
        return None


def _weight_cell(run: Run, name: str) -> Cell:
    weight = _weight(run, name)
    return Cell("–" if weight is None else f"{weight:g}")


def _trained_for(run: Run) -> str:
    weight = _weight(run, "identity_weight")
    return "head on its latent vectors" if weight is None else f"identity weight {weight:g}"
