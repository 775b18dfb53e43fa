"""Prints the tables of results/matching: the EER, and the FNMR at two FMRs, of each system on each comparison list.

    python results/matching/table.py results/matching/runs/*/evaluation.json results/matching/*/*.json

A file is what `ridgecode evaluate --out FILE` or `ridgecode evaluate-minutiae --out FILE` wrote, or a run's
evaluation.json. Of a store with several sets each set is a column of its own. Where several files have figures of one
system on one list, those of the first file are taken.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ridgecode.matching.system_names import HEAD, LATENT_VECTORS, baseline

COLUMNS = ("aligned", "moved", "FCJ2020", "Lindex101", "Rindex28", "UareU", "FVC2000", "FVC2002")
WINDOWS = {90 * 97: "97x90", 160 * 160: "160x160"}
"""What the baselines of a file compare, by the number of its pixels."""
MARKS = "¹²³⁴⁵⁶⁷⁸⁹"


class Measured(NamedTuple):
    """The figures of one system on one list.

    set: the data set of the list, "" where the store has none; curve: the names of FMR and FNMR in curves.npz
    """

    system: str
    column: str
    figures: Mapping[str, Any]
    bytes: int
    set: str
    curve: tuple[str, str]


def main(files: Sequence[str]) -> None:
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    sizes: dict[str, set[int]] = {}
    for one in measured(map(Path, files)):
        found.setdefault(one.system, {}).setdefault(one.column, one.figures)
        sizes.setdefault(one.system, set()).add(one.bytes)
    names = sorted({column for of in found.values() for column in of}, key=place)
    full = {name: _counts(max((of[name] for of in found.values() if name in of), key=_n_non_mated)) for name in names}
    systems = sorted(found, key=lambda system: (baseline(system.split(" (")[0]) is not None, min(sizes[system])))
    notes: list[str] = []

    def cell(system: str, name: str) -> str:
        of = found[system].get(name)
        return "-" if of is None else eer(of) + _mark(of, full[name], notes)

    rows = [[system, _range(sizes[system]), *(cell(system, name) for name in names)] for system in systems]
    _print(["EER, %", "bytes", *names], [*rows, ["mated / non-mated", "", *full.values()]])
    print("\n".join(f"\n{MARKS[number]} {note}." for number, note in enumerate(notes)) + "\n")
    _print(
        ["FNMR at FMR 1 % / 0.1 %, %", *names],
        [[system, *(fnmrs(found[system].get(name, {})) for name in names)] for system in systems],
    )


def measured(files: Iterable[Path]) -> Iterator[Measured]:
    """The figures of all probes in each file, of each protocol without sets and of each set."""
    for path in files:
        content = json.loads(path.read_text(encoding="utf-8"))
        matcher = path.parent.name if path.stem == "evaluation" else path.stem.rpartition("-")[0]
        rows = [row for row in content["matching"] if row["level"] == row["alteration"] == "all"]
        pixels = {row["protocol"]: row["bytes"] for row in rows if row["system"] == "pixels"}
        for row in rows:
            system, protocol = row["system"], row["protocol"]
            if " at " in system:  # at a further threshold, which changes no figure of this table
                continue
            label = _label(system, matcher, pixels.get(protocol, 0))
            alone = {"": row} if protocol in ("aligned", "moved") else {}
            for name, figures in (alone or row.get("per_set", {})).items():
                fmr, fnmr = (f"{system}|{protocol}|{rate}" + (f"|{name}" if name else "") for rate in ("fmr", "fnmr"))
                yield Measured(label, name or protocol, figures, row["bytes"], name, (fmr, fnmr))


def eer(of: Mapping[str, Any]) -> str:
    """The EER in per cent, with its 95 % interval where one is known."""
    low, high = of.get("eer_low"), of.get("eer_high")
    interval = "" if low is None or high is None else f" ({100 * low:.1f}-{100 * high:.1f})"
    return f"{100 * of['eer']:.2f}{interval}"


def fnmrs(of: Mapping[str, Any]) -> str:
    """The FNMR in per cent at an FMR of 1 % and of 0.1 %; a dash for one that too few non-mated comparisons show."""
    shown = [of.get(key) for key in ("fnmr_at_fmr_1", "fnmr_at_fmr_0_1")]
    texts = ["-" if fnmr is None else f"{100 * fnmr:.1f}" for fnmr in shown]
    return " / ".join(texts) if set(texts) != {"-"} else "-"


def _label(system: str, matcher: str, pixels: int) -> str:
    """A system's name in the tables. Runs and models of ridgecode have their own names, and baselines the size of what
    they compare, since both differ between files."""
    if system in (HEAD, "ridge (ours)"):
        return matcher
    if system == LATENT_VECTORS:
        return f"{system} of {matcher}"
    return f"{system} ({WINDOWS.get(pixels, f'{pixels} pixels')})" if baseline(system) else system


def place(column: str) -> tuple[int, str]:
    """Where a column stands, for sorting."""
    return next((i for i, start in enumerate(COLUMNS) if column.startswith(start)), len(COLUMNS)), column


def _n_non_mated(of: Mapping[str, Any]) -> int:
    return int(of["n_non_mated"])


def _counts(of: Mapping[str, Any]) -> str:
    return f"{of['n_mated']:,} / {of['n_non_mated']:,}"


def _mark(of: Mapping[str, Any], full: str, notes: list[str]) -> str:
    """The mark of a note where the figures rest on fewer comparisons than those of other systems; adds a new note."""
    if (counts := _counts(of)) == full:
        return ""
    note = f"{counts} comparisons"
    if of.get("n_failed_to_enrol"):
        note += f": {of['n_failed_to_enrol']:,} of {of['n_prints']:,} prints failed to enrol"
    if note not in notes:
        notes.append(note)
    return f" {MARKS[notes.index(note)]}"


def _range(sizes: set[int]) -> str:
    return "-".join(f"{size:,}" for size in sorted({min(sizes), max(sizes)}))


def _print(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    for row in (head, ["---"] * len(head), *rows):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main(sys.argv[1:])
