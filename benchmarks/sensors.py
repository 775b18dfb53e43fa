"""Quality and scale of the prints of each data set, as prints/quality.py and prints/ridge_period.py measure them.

    python benchmarks/sensors.py --data STORE [STORE ...] [--every 1]

One row a set: how many prints, percentiles of their quality, the share that fails to enrol, the pixels per inch that
the finest ridges tell (the store's own scale is 200), and the median ridge period. It takes about 10 ms a print.
Without --data it takes synthetic prints.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.quality import LEAST_QUALITY, print_quality
from ridgecode.prints.ridge_period import ppi_by_ridges, ridge_period
from ridgecode.prints.sets import print_sets
from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.synthesise import synthesise

MM_PER_INCH = 25.4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, nargs="+", help="prepared stores; without it, synthetic prints")
    parser.add_argument("--every", type=int, default=1, help="takes every so many prints of a set and a level")
    given = parser.parse_args()
    print("| set | prints | least | 5 % | median | 95 % | fail to enrol | ppi by ridges | median period, mm |")
    print("|---|---|---|---|---|---|---|---|---|")
    for path in given.data or [_synthetic()]:
        store = PrintStore.open(path)
        rows = store.rows(levels=None)
        sets, levels = print_sets(store, rows), store.column("level")[rows]
        for name in sorted(set(sets.tolist())):
            for level in sorted(set(levels[sets == name].tolist())):
                chosen = rows[(sets == name) & (levels == level)][:: given.every]
                print(_row(name or f"{store.source} {level}", [np.asarray(store.image(int(row))) for row in chosen]))


def _synthetic() -> Path:
    folder = Path(tempfile.mkdtemp())
    synthesise(4, 1, folder / "images", progress=False)
    return prepare("synthetic", folder / "images", folder / "store", progress=False).path


def _row(name: str, prints: list[np.ndarray]) -> str:
    quality = np.array([print_quality(one) for one in prints])
    low, middle, high = np.percentile(quality, [5, 50, 95])
    periods = [period for one in prints if (period := ridge_period(one)) > 0]
    found = ppi_by_ridges(prints)
    ppi = f"{found:.0f} ({100 * (found / CANONICAL_PPI - 1):+.1f} %)" if found else "-"
    period = f"{np.median(periods) * MM_PER_INCH / CANONICAL_PPI:.3f}" if periods else "-"
    failed = 100 * (quality < LEAST_QUALITY).mean()
    columns = [f"{one:.0f}" for one in (quality.min(), low, middle, high)]
    return f"| {name} | {len(prints)} | {' | '.join(columns)} | {failed:.2g} % | {ppi} | {period} |"


if __name__ == "__main__":
    main()
