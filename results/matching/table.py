"""Prints the table of results/matching: the EER of each system on each comparison list, from evaluation files.

    python results/matching/table.py results/matching/evaluations/*.json

A file is what `ridgecode evaluate --out FILE` wrote. Of a store with several sets each set is a column of its own.
"""

import json
import sys
from pathlib import Path
from typing import Any

ORDER = ("aligned", "moved", "FCJ2020", "Lindex101", "Rindex28", "UareU", "FVC2000", "FVC2002")


def main(files: list[str]) -> None:
    cells: dict[str, dict[str, str]] = {}
    sizes: dict[str, int] = {}
    counts: dict[str, str] = {}
    for file in files:
        content = json.loads(Path(file).read_text(encoding="utf-8"))
        for row in content["matching"]:
            if row["level"] != "all" or row["alteration"] != "all" or " at " in row["system"]:
                continue
            sizes.setdefault(row["system"], row["bytes"])
            for column, of in columns(row).items():
                cells.setdefault(row["system"], {})[column] = cell(of)
                counts[column] = f"{of['n_mated']:,} / {of['n_non_mated']:,}"
    names = sorted(counts, key=lambda name: (next(i for i, start in enumerate(ORDER) if name.startswith(start)), name))
    print(f"| system | bytes | {' | '.join(names)} |\n|{'---|' * (len(names) + 2)}")
    for system in sorted(cells, key=lambda name: sizes[name]):
        found = [cells[system].get(name, "-") for name in names]
        print(f"| {system} | {sizes[system]:,} | {' | '.join(found)} |")
    print(f"| mated / non-mated | | {' | '.join(counts[name] for name in names)} |")


def columns(row: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The figures of a row by column: those of each set where the list has several, else of the protocol."""
    if row["protocol"] in ("aligned", "moved"):
        return {row["protocol"]: row}
    return row.get("per_set") or {}


def cell(of: dict[str, Any]) -> str:
    """The EER in per cent, with its 95 % interval where one is known."""
    low, high = of.get("eer_low"), of.get("eer_high")
    interval = "" if low is None or high is None else f" ({100 * low:.1f}-{100 * high:.1f})"
    return f"{100 * of['eer']:.2f}{interval}"


if __name__ == "__main__":
    main(sys.argv[1:])
