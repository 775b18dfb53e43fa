"""Prints the tables of results/full_size in Markdown, from the files that compare.py wrote.

    python results/full_size/table.py compare.json [MORE.json ...] [--sets all,FVC2002_DB1_B]

A table for each set, of the set's prints at each codec and quality, and Bjontegaard's difference in bytes of each codec
against JPEG 2000 and AVIF at equal PSNR. A model with several files, trained for several rates, is one curve where
their names differ in what follows the last dash.
"""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ridgecode.codec.rate_distortion import RateDistortion, bjontegaard_rate

ANCHORS = ("jpeg2000", "avif")
CLASSICAL = ("uncompressed", "wsq", "jpeg2000", "jpegxl", "webp", "avif")
Row = Mapping[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--sets", default="all,FVC2002_DB1_B", help="with commas between")
    given = parser.parse_args()
    rows = [row for path in given.files for row in json.loads(path.read_text())["rows"]]
    for name in given.sets.split(","):
        of_set = [row for row in rows if row["set"] == name]
        if not of_set:
            raise SystemExit(f"no file has rows of the set {name}; there are {', '.join({row['set'] for row in rows})}")
        print(table(name, of_set), differences(of_set), sep="\n\n", end="\n\n")


def table(name: str, rows: Sequence[Row]) -> str:
    """Bytes, distortion and the verdict of bozorth3, the smallest files first; rates in %, with 95 % intervals."""
    first = rows[0]
    n = f"{first['n_prints']} prints, {first['n_mated']:,} mated and {first['n_non_mated']:,} non-mated comparisons"
    head = ["codec", "bytes", "bits a pixel", "PSNR, dB", "SSIM", "minutiae F1", "quality"]
    head += ["EER", "TAR at FMR 1 %", "at 0.1 %"]
    lines = [f"**{name}**: {n}", "", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in sorted(rows, key=lambda row: -row["bytes"]):
        exact = row["codec"] == "uncompressed"
        cells = [label(row), f"{row['bytes']:,.0f}", f"{row['bpp']:.3f}"]
        cells += ["" if exact else f"{row['psnr_db']:.2f}", "" if exact else f"{row['ssim']:.3f}"]
        cells += ["" if exact else f"{row['f1']:.2f}", f"{row['quality_after']:.1f}"]
        cells += [percent(row, key) for key in ("eer", "tar_1", "tar_0_1")]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def differences(rows: Sequence[Row]) -> str:
    """Bytes at equal PSNR, relative to each anchor; blank where the curves share no PSNR."""
    curves: dict[str, list[Row]] = {}
    for row in rows:
        if row["codec"] != "uncompressed":
            curves.setdefault(curve(row["codec"]), []).append(row)
    lines = [f"| bytes at equal PSNR | {' | '.join(f'against {name}' for name in ANCHORS)} |", "|---|---|---|"]
    for name, points in curves.items():
        found = [bjontegaard_rate(_curve(curves.get(anchor, [])), _curve(points)).percent for anchor in ANCHORS]
        if not all(map(math.isnan, found)):
            shown = ["" if math.isnan(value) else f"{value:+.0f} %" for value in found]
            lines.append(f"| {name} | {' | '.join(shown)} |")
    return "\n".join(lines)


def curve(codec: str) -> str:
    """The name of the curve that a codec's points belong to."""
    return codec if codec in CLASSICAL else codec.rpartition("-")[0] or codec


def label(row: Row) -> str:
    """The codec with its quality setting, if it has one."""
    return row["codec"] if row["codec"] not in CLASSICAL[2:] else f"{row['codec']} {row['quality']:g}"


def percent(row: Row, key: str) -> str:
    """A rate in percent with its interval; blank where it is not known."""
    value, low, high = (row[f"{key}{end}"] for end in ("", "_low", "_high"))
    if value is None:
        return ""
    return f"{100 * value:.1f}" + ("" if low is None or high is None else f" ({100 * low:.1f}-{100 * high:.1f})")


def _curve(points: Sequence[Row]) -> RateDistortion:
    """With the MSE that stands for the mean PSNR of the prints."""
    psnr = np.array([row["psnr_db"] for row in points], float)
    return RateDistortion(np.array([row["bytes"] for row in points], float), 10 ** (-psnr / 10))


if __name__ == "__main__":
    main()
