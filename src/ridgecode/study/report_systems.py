"""Matchers of all kinds side by side: what each reads, costs and reaches; and their classification reports."""

from collections.abc import Sequence

from ridgecode.study.report_matching import Entry, own_entry
from ridgecode.study.report_numbers import count, duration, percent
from ridgecode.study.report_runs import AUTOENCODER, SIAMESE, Run
from ridgecode.study.report_study import Study
from ridgecode.study.report_tables import Cell, Row, Table, eer_cell


def systems_table(study: Study) -> Table | None:
    """A row a run that was evaluated for matching; None where there is none."""
    runs = [run for run in study.runs if run.matching]
    if not runs:
        return None
    best = {(run.source, protocol): _lowest(runs, run.source, protocol) for run in runs for protocol in study.protocols}
    rows = []
    for run in runs:
        label = study.labels[run.name]
        entries = {protocol: own_entry(run, protocol) for protocol in study.protocols}
        cells = (
            Cell(f"{label.member}, cosine on z" if run.kind == AUTOENCODER else label.member),
            Cell(run.source or "–"),
            Cell(run.setting("input") or _window(run)),
            Cell(count(run.figure("parameters"))),
            Cell(duration(run.seconds), "collapsed" if run.environment.get("collapsed") else ""),
            Cell(count(run.figure("comparisons_per_second"))),
            *(
                eer_cell(entry, entry is not None and entry.eer == best[run.source, protocol])
                for protocol, entry in entries.items()
            ),
        )
        rows.append(Row(label.series, cells))
    columns = (
        ("System", ""),
        ("Data", ""),
        ("Input", "pixels"),
        ("Parameters", ""),
        ("Training", ""),
        ("Comparisons", "per second"),
        *((f"EER, {protocol}", "%, 95 % interval") for protocol in study.protocols),
    )
    caption = (
        "Every run that matches, pixels beside latent vectors. Comparisons are of embeddings that are there already. "
        "The lowest EER of a protocol is marked, among runs on the same data. pairs-by-pair: the images, or their fingers, were trained on as well, "
        "as the write-ups have it; every other column is of subjects that were not."
    )
    return Table("systems", caption, columns, tuple(rows))


def classification_table(entries: Sequence[Entry], protocol: str) -> Table:
    """Precision, recall and F1 of both classes at the threshold, with the confusion matrix, one row a system.

    As scikit-learn's classification report has them; a class that is never predicted has a precision of 0.
    """
    rows = []
    for entry in entries:
        if not entry.pooled or entry.row.get("protocol") != protocol:
            continue
        tp, fn, fp, tn = (entry.figure(key) or 0.0 for key in ("tp", "fn", "fp", "tn"))
        cells = (
            Cell(entry.label.member),
            Cell(f"from {entry.text('threshold_from') or 'validation'}"),
            Cell(percent((tp + tn) / max(1.0, tp + fn + fp + tn))),
            *_of_class(tp, fp, fn),
            *_of_class(tn, fn, fp),
            Cell(f"{count(tp)} / {count(fn)}"),
            Cell(f"{count(fp)} / {count(tn)}"),
        )
        rows.append(Row(entry.label.series, cells))
    columns = (
        ("System", ""),
        ("Threshold", ""),
        ("Accuracy", "%"),
        *((f"Mated: {name}", "%") for name in ("precision", "recall", "F1")),
        *((f"Non-mated: {name}", "%") for name in ("precision", "recall", "F1")),
        ("Mated", "accepted / rejected"),
        ("Non-mated", "accepted / rejected"),
    )
    caption = f"Classification report and confusion matrix at the threshold, protocol {protocol}."
    return Table(f"classification_{protocol}", caption, columns, tuple(rows))


def _of_class(right: float, wrongly_in: float, wrongly_out: float) -> tuple[Cell, Cell, Cell]:
    precision = right / (right + wrongly_in) if right + wrongly_in else 0.0
    recall = right / (right + wrongly_out) if right + wrongly_out else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return Cell(percent(precision)), Cell(percent(recall)), Cell(percent(f1))


def _window(run: Run) -> str:
    view = run.setting("view")
    return "" if run.kind == SIAMESE else {"crop32": "32x32x1", "whole": "96x96x1"}.get(view, view)


def _lowest(runs: Sequence[Run], source: str, protocol: str) -> float | None:
    of_source = [run for run in runs if run.source == source]
    eers = [entry.eer for run in of_source if (entry := own_entry(run, protocol)) is not None]
    return min(eers) if len(eers) > 1 else None
