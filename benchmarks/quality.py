"""Mated scores by the quality of a print, and what share of prints would fail to enrol.

    OMP_NUM_THREADS=1 python benchmarks/quality.py --data STORE [--matcher orb|bozorth3] [--fingers 100]

Prints one table: the mated comparisons of a store of second impressions in five groups of equal size, by the lower
quality of the two prints, with the mean score and the FNMR at an FMR of 1 %. The threshold is that of 2,000 non-mated
comparisons of all qualities. A quality that says anything has fewer false non-matches from row to row. Without --data
it takes 20 synthetic fingers of three impressions.
"""

import argparse
import time
from collections import defaultdict
from itertools import combinations
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from ridgecode.matching.minutiae.matchers import minutiae_matcher
from ridgecode.matching.names import MatcherName
from ridgecode.prints.quality import LEAST_QUALITY, print_quality
from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.impressions import impression
from ridgecode.prints.synthetic.masters import master_print

NON_MATED = 2000
GROUPS = 5


def prints_by_finger(data: str, n_fingers: int) -> list[list[NDArray[np.uint8]]]:
    if not data:
        return [[impression(master_print(n), seed) for seed in range(3 * n, 3 * n + 3)] for n in range(20)]
    store = PrintStore.open(data)
    rows = defaultdict(list)
    for row in store.rows():
        rows[store.column("finger_id")[row]].append(row)
    several = [rows[finger] for finger in sorted(rows) if len(rows[finger]) > 1]
    chosen = np.random.default_rng(0).permutation(len(several))[:n_fingers]
    return [[np.array(store.image(int(row))) for row in several[number]] for number in sorted(chosen)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="", help="a store of second impressions; synthetic prints without it")
    parser.add_argument("--matcher", default="orb", choices=get_args(MatcherName))
    parser.add_argument("--fingers", type=int, default=100, help="fingers taken from the store, by seed 0")
    args = parser.parse_args()
    fingers = prints_by_finger(args.data, args.fingers)
    prints = [grey for finger in fingers for grey in finger]
    of_finger = np.repeat(np.arange(len(fingers)), [len(finger) for finger in fingers])

    began = time.process_time()
    quality = np.array([print_quality(grey) for grey in prints])
    milliseconds = 1e3 * (time.process_time() - began) / len(prints)

    matcher = minutiae_matcher(args.matcher)
    templates = [matcher.extract(grey) for grey in prints]
    mated = [pair for n in range(len(fingers)) for pair in combinations(np.flatnonzero(of_finger == n), 2)]
    random = np.random.default_rng(0)
    pairs = random.integers(len(prints), size=(2 * NON_MATED, 2))
    non_mated = pairs[of_finger[pairs[:, 0]] != of_finger[pairs[:, 1]]][:NON_MATED]
    threshold = np.quantile([matcher.compare(templates[a], templates[b]) for a, b in non_mated], 0.99)
    scores = np.array([matcher.compare(templates[a], templates[b]) for a, b in mated])
    lower = np.array([min(quality[a], quality[b]) for a, b in mated])

    print(
        f"{len(prints)} prints of {len(fingers)} fingers, {args.matcher}; print_quality: {milliseconds:.1f} ms a print;"
    )
    print(f"below {LEAST_QUALITY:g}: {100 * (quality < LEAST_QUALITY).mean():.2f} % of the prints\n")
    print("| lower quality of the two | mated comparisons | mean score | FNMR at FMR 1 % |\n|---|---|---|---|")
    for group in np.array_split(np.argsort(lower, kind="stable"), GROUPS):
        missed = 100 * (scores[group] <= threshold).mean()
        row = f"{lower[group].min():.0f} to {lower[group].max():.0f}", len(group), f"{scores[group].mean():.3g}"
        print(f"| {row[0]} | {row[1]} | {row[2]} | {missed:.1f} % |")


if __name__ == "__main__":
    main()
