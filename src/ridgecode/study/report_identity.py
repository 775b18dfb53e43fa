"""A report's part on one code for both, decoding and matching: bytes, MSE and EER of each run, and their front."""

from collections.abc import Sequence
from typing import NamedTuple

from ridgecode.study.front_figure import FrontPoint, front_figure, unbeaten
from ridgecode.study.report_figure import ReportFigure
from ridgecode.study.report_matching import own_entry, own_system
from ridgecode.study.report_numbers import fixed, listed, significant, significant_interval
from ridgecode.study.report_page import Section
from ridgecode.study.report_runs import AUTOENCODER, SIAMESE, Run, finite
from ridgecode.study.report_study import Study
from ridgecode.study.report_tables import Cell, Row, Table, eer_cell

MORE_THAN_ONE = 2
Interval = tuple[float | None, float | None]


class Both(NamedTuple):
    """What a print costs in a run, mean bytes, and what is lost by it: MSE of what is decoded, EER as a fraction by
    protocol."""

    run: Run
    bytes: float
    mse: float
    mse_interval: Interval
    eer: dict[str, float]


def identity_sections(study: Study) -> list[Section]:
    """The section, where a run was trained for identity, or several with a codec were evaluated for matching; else
    none."""
    found = [both for run in study.runs if (both := _both(run, study.protocols)) is not None]
    coded = [both for both in found if both.run.figure("coded", "mse") is not None]
    if not any(_weight(both.run, "identity_weight") for both in found) and len(coded) < MORE_THAN_ONE:
        return []
    # Runs on other prints, or other windows of them, are no rivals.
    places = list(dict.fromkeys((both.run.source, both.run.setting("view")) for both in found))
    groups = [[both for both in found if (both.run.source, both.run.setting("view")) == place] for place in places]
    figures: list[ReportFigure] = []
    rows: list[Row] = []
    for i, group in enumerate(groups):
        number = f"_{i + 1}" if len(groups) > 1 else ""
        measured = [protocol for protocol in study.protocols if any(protocol in both.eer for both in group)]
        figures += [_figure(group, protocol, number) for protocol in measured]
        rows += _rows(group, study)
    return [Section("identity", "One code for both", tuple(figures), (_table(rows, study),))]


def _both(run: Run, protocols: Sequence[str]) -> Both | None:
    """The run's figures; of one without a codec those of its latent vector at its depth. None where some are
    missing."""
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
    return Both(run, size, mse, interval, eer)


def _front(group: Sequence[Both], protocol: str) -> list[Both]:
    """Those of the group that no other beats in bytes, MSE and EER at once."""
    judged = [both for both in group if protocol in both.eer]
    kept = unbeaten([(both.bytes, both.mse, both.eer[protocol]) for both in judged])
    return [both for both, on_it in zip(judged, kept, strict=True) if on_it]


def _figure(group: Sequence[Both], protocol: str, number: str) -> ReportFigure:
    front = _front(group, protocol)
    points = [
        FrontPoint(_trained_for(both.run), f"{both.bytes:.0f} B", both.mse, 100 * both.eer[protocol], both not in front)
        for both in sorted(group, key=lambda both: (_weight(both.run, "identity_weight") or 0.0, both.mse))
        if protocol in both.eer
    ]
    view = group[0].run.setting("view")
    title = f"MSE and EER of one code, {protocol}" + (f", {view}" if view else "")
    alt = "; ".join(
        f"{point.group}: {point.text}, MSE {significant(point.x)}, EER {point.y:.2f} %" + (", beaten" * point.open)
        for point in points
    )
    caption = (
        "Lower is better in both. Bytes a print stand beside each run; a hollow run is beaten by another in bytes, MSE "
        "and EER at once. The line is the front of MSE and EER, whatever the bytes."
    )
    drawing = front_figure(points, title, "MSE of pixels in [0, 1]", "EER in %")
    return ReportFigure(f"identity_{protocol}{number}", f"{title}. {alt}.", caption, drawing)


def _rows(group: Sequence[Both], study: Study) -> list[Row]:
    fronts = {protocol: _front(group, protocol) for protocol in study.protocols}
    rows = []
    for both in group:
        label = study.labels[both.run.name]
        on = [protocol for protocol, front in fronts.items() if both in front]
        cells = (
            Cell(label.member, both.run.name),
            Cell(own_system(both.run)),
            *(_weight_cell(both.run, name) for name in ("rate_weight", "identity_weight")),
            Cell(fixed(both.bytes, 1)),
            Cell(significant(both.mse), significant_interval(*both.mse_interval)),
            *(eer_cell(own_entry(both.run, protocol), both in front) for protocol, front in fronts.items()),
            Cell(listed(on) or "none"),
        )
        rows.append(Row(label.series, cells))
    return rows


def _table(rows: Sequence[Row], study: Study) -> Table:
    columns = (
        *(("Run", ""), ("Matcher", ""), ("Rate weight", ""), ("Identity weight", ""), ("Size", "bytes a print")),
        ("MSE", "95 % interval"),
        *((f"EER, {protocol}", "%, 95 % interval") for protocol in study.protocols),
        ("On the front", "of bytes, MSE, EER"),
    )
    caption = (
        "What one code costs, and what it is worth for both its uses: MSE of prints decoded from the bytes, and EER of "
        "latent vectors as they come out of them. Bytes are a print's share of an archive, or its payload where that "
        "was not measured; a run without a codec counts its latent vector at its depth. The EER is marked where no "
        "other run on the same prints is as good in bytes, MSE and EER and better in one."
    )
    return Table("identity", caption, columns, tuple(rows))


def _weight(run: Run, name: str) -> float | None:
    """A weight that an autoencoder was trained with; None for a matcher, whose run doesn't tell."""
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
