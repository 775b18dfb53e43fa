"""The matching tables of a report: one row a system, and the same by level and alteration."""

from collections.abc import Sequence

from ridgecode.study.report_matching import ALL, Entry
from ridgecode.study.report_numbers import count, fixed, percent, significant
from ridgecode.study.report_series import Label
from ridgecode.study.report_tables import Cell, Row, Table, eer_cell


def matching_table(entries: Sequence[Entry], protocol: str) -> Table:
    """All levels and alterations together, one row a system."""
    rows = []
    pooled = [entry for entry in entries if entry.pooled and entry.row.get("protocol") == protocol]
    best = min((entry.eer for entry in pooled), default=None) if len(pooled) > 1 else None
    for entry in pooled:
        figure = entry.figure
        mated, non_mated = (" / ".join(count(figure(key)) for key in keys) for keys in (("tp", "fn"), ("fp", "tn")))
        compared = f"{count(figure('n_mated'))} / {count(figure('n_non_mated'))}"
        cells = (
            Cell(entry.label.member),
            Cell(count(figure("bytes"))),
            eer_cell(entry, best=entry.eer == best),
            _operating_point(entry, "fnmr_at_fmr_1", 0.01),
            _operating_point(entry, "fnmr_at_fmr_0_1", 0.001),
            _operating_point(entry, "fnmr_at_fmr_0_01", 0.0001),
            Cell(fixed(figure("auc"), 4)),
            Cell(fixed(figure("d_prime"))),
            Cell(significant(figure("threshold")), f"from {entry.text('threshold_from') or 'validation'}"),
            Cell(percent(figure("accuracy"))),
            Cell(percent(figure("precision"))),
            Cell(percent(figure("recall"))),
            Cell(mated, non_mated),
            Cell(compared, f"{count(figure('n_subjects'))} subjects"),
        )
        rows.append(Row(entry.label.series, cells))
    columns = (
        ("System", ""),
        ("Size", "bytes"),
        ("EER", "%, 95 % interval"),
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
        ("Comparisons", "mated / non-mated"),
    )
    caption = (
        f"Matching, protocol {protocol}, all levels and alterations together. The lowest EER is marked. † fewer than "
        "30 false matches can be expected at that FMR, too few to trust the figure. Accuracy, precision, recall and "
        "the decisions are at the threshold."
    )
    return Table(f"matching_{protocol}", caption, columns, tuple(rows))


def level_table(entries: Sequence[Entry], protocol: str) -> Table | None:
    """EER by level and by alteration, one row a system; None where only the pooled rows are known."""
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
    caption = f"EER by level and by alteration, protocol {protocol}, with 95 % intervals."
    return Table(f"levels_{protocol}", caption, columns, tuple(rows))


def _operating_point(entry: Entry, key: str, fmr: float) -> Cell:
    # Doddington's rule of 30: a rate is trusted where at least 30 errors were, or would have been, seen.
    expected = fmr * (entry.figure("n_non_mated") or 0)
    value = entry.figure(key)
    return Cell(percent(value) + ("†" if value is not None and expected < 30 else ""))
