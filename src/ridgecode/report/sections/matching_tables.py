"""A report's tables of matching: the systems side by side, and the error rates of each on each protocol."""

from collections.abc import Sequence

from ridgecode.matching.rate_text import failed_text
from ridgecode.report.matching import ALL, Entry, eer_cell, own_entry, row_eer_cell
from ridgecode.report.numbers import NONE, compared, count, duration, fixed, joined, percent, rate, significant
from ridgecode.report.runs import AUTOENCODER, SIAMESE, Run
from ridgecode.report.section import Cell, Row, Table
from ridgecode.report.series import Label
from ridgecode.report.study import Study

NO_ERROR = (
    "Where no comparison was decided wrongly, a cell has 0 of how many there were; for an EER, of the fewer of mated "
    "and non-mated ones."
)


def matching_tables(study: Study) -> list[Table]:
    """The table of systems, then per protocol that of all levels together, by level, and the classification report."""
    systems = _systems_table(study)
    by_level = [_level_table(study.matching, protocol) for protocol in study.protocols]
    return [
        *([] if systems is None else [systems]),
        *(_matching_table(study.matching, protocol) for protocol in study.protocols),
        *(table for protocol in study.protocols if (table := _set_table(study.matching, protocol)) is not None),
        *(table for table in by_level if table is not None),
        *(_classification_table(study.matching, protocol) for protocol in study.protocols),
    ]


def _systems_table(study: Study) -> Table | None:
    """A row for each run that was evaluated for matching; None where there is none."""
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
        *((f"EER, {protocol}", "%, 95 % interval; mated / non-mated") for protocol in study.protocols),
    )
    caption = (
        "Every run that matches, pixels beside latent vectors. Comparisons are of embeddings that are there already. "
        "The lowest EER of a protocol is marked, among runs on the same data. pairs-by-pair: the images, or their "
        "fingers, were trained on as well, as the write-ups have it; every other column is of subjects that were not. "
        + NO_ERROR
    )
    return Table("systems", caption, columns, tuple(rows))


def _matching_table(entries: Sequence[Entry], protocol: str) -> Table:
    """A row for each system, all levels and alterations together."""
    rows = []
    pooled = [entry for entry in entries if entry.pooled and entry.row.get("protocol") == protocol]
    best = min((entry.eer for entry in pooled), default=None) if len(pooled) > 1 else None
    for entry in pooled:
        figure = entry.figure
        mated, non_mated = (" / ".join(count(figure(key)) for key in keys) for keys in (("tp", "fn"), ("fp", "tn")))
        subjects = f"{count(figure('n_subjects'))} subjects"
        pooled_sets = f"{count(figure('n_sets'))} data sets" if (figure("n_sets") or 1) > 1 else ""
        cells = (
            Cell(entry.label.member),
            Cell(count(figure("bytes"))),
            eer_cell(entry, entry.eer == best, counts=False),
            Cell(compared(entry.row) or NONE, joined(subjects, pooled_sets, failed_text(entry.row))),
            _operating_point(entry, "fnmr_at_fmr_1", 0.01),
            _operating_point(entry, "fnmr_at_fmr_0_1", 0.001),
            _operating_point(entry, "fnmr_at_fmr_0_01", 0.0001),
            Cell(fixed(figure("auc"), 4)),
            Cell(fixed(figure("d_prime"))),
            Cell(significant(figure("threshold")), _threshold_from(entry)),
            Cell(percent(figure("accuracy"))),
            Cell(percent(figure("precision"))),
            Cell(percent(figure("recall"))),
            Cell(mated, non_mated),
        )
        rows.append(Row(entry.label.series, cells))
    columns = (
        ("System", ""),
        ("Size", "bytes"),
        ("EER", "%, 95 % interval"),
        ("Comparisons", "mated / non-mated"),
        ("FNMR at FMR 1 %", "%"),
        ("FNMR at FMR 0.1 %", "%"),
        ("FNMR at FMR 0.01 %", "%"),
        ("AUC", ""),
        ("d′", ""),
        ("Threshold", ""),
        ("Accuracy", "%"),
        ("Precision", "%"),
        ("Recall", "%"),
        ("Decisions", "TP / FN; FP / TN"),
    )
    caption = (
        f"Matching, protocol {protocol}, all levels and alterations together. The lowest EER is marked. † fewer than "
        "30 false matches can be expected at that FMR, too few to trust the figure; – fewer than 3, too few to show "
        "it. Accuracy, precision, recall and the decisions are at the threshold. " + NO_ERROR
    )
    return Table(f"matching_{protocol}", caption, columns, tuple(rows))


def _set_table(entries: Sequence[Entry], protocol: str) -> Table | None:
    """EER by data set, a row for each system; None where all rows are of one set."""
    ours = [entry for entry in entries if entry.pooled and entry.row.get("protocol") == protocol and entry.per_set]
    names = sorted({name for entry in ours for name in entry.per_set})
    if not names:
        return None
    rows = []
    for entry in ours:
        by_set = [row_eer_cell(entry.per_set.get(name)) for name in names]
        rows.append(Row(entry.label.series, (Cell(entry.label.member), eer_cell(entry), *by_set)))
    unit = "EER in %, 95 % interval; mated / non-mated"
    columns = (("System", ""), ("all sets together", unit), *((name, unit) for name in names))
    caption = (
        f"EER by data set, protocol {protocol}. Prints of two sets are never compared with each other. A set without "
        "a column has no mated or no non-mated comparison. " + NO_ERROR
    )
    return Table(f"sets_{protocol}", caption, columns, tuple(rows))


def _threshold_from(entry: Entry) -> str:
    n = entry.figure("threshold_n_non_mated")
    return f"from {entry.text('threshold_from') or 'validation'}" + ("" if n is None else f", {count(n)} non-mated")


def _level_table(entries: Sequence[Entry], protocol: str) -> Table | None:
    """EER by level and by alteration, a row for each system; None where no row has a level or an alteration."""
    ours = [entry for entry in entries if entry.row.get("protocol") == protocol]
    groups = list(dict.fromkeys((entry.text("level"), entry.text("alteration")) for entry in ours if not entry.pooled))
    # By level first, then by alteration, then both.
    groups.sort(key=lambda group: (group[0] == ALL, group[0] != ALL and group[1] != ALL))
    if not groups:
        return None
    of_system: dict[tuple[str, Label], dict[tuple[str, str], Entry]] = {}
    for entry in ours:
        system = of_system.setdefault(("" if entry.baseline else entry.run.name, entry.label), {})
        system[entry.text("level"), entry.text("alteration")] = entry
    rows = []
    for (_, label), by_group in of_system.items():
        rows.append(Row(label.series, (Cell(label.member), *(eer_cell(by_group.get(group)) for group in groups))))
    columns = (("System", ""), *((" ".join(part for part in group if part != ALL), "EER in %") for group in groups))
    caption = (
        f"EER by level and by alteration, protocol {protocol}, with 95 % intervals and the numbers of mated and "
        "non-mated comparisons. " + NO_ERROR
    )
    return Table(f"levels_{protocol}", caption, columns, tuple(rows))


def _classification_table(entries: Sequence[Entry], protocol: str) -> Table:
    """Precision, recall and F1 of both classes at the threshold, with the confusion matrix, a row for each system.

    They are defined as in scikit-learn's classification report; a class that is never predicted has a precision of 0.
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


def _operating_point(entry: Entry, key: str, fmr: float) -> Cell:
    # The rule of 30 (Doddington et al., "The NIST speaker recognition evaluation", 2000): a rate is trusted where at
    # least 30 errors are expected.
    expected = fmr * (entry.figure("n_non_mated") or 0)
    value = entry.figure(key)
    return Cell(rate(value, entry.figure("n_mated")) + ("†" if value is not None and expected < 30 else ""))


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
