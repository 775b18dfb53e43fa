"""Draws the figures of results/full_size: PSNR and EER against bytes, and a print at equal bytes with a magnified core.

    python results/full_size/figures.py --files compare.json --data STORE --model ridge-full-500 --out FOLDER \\
        [--set all] [--print NAME]

--files are those that compare.py wrote. The sheet shows the print NAME of the store at 500 ppi (the first one if it is
left out), coded by the model and by each image codec at the setting whose file is nearest in size. Its second row has
the middle of the ridge area, three times as large.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import table
from numpy.typing import NDArray

from ridgecode.codec.full_codec import FullCodec
from ridgecode.codec.images.classical import classical_codec
from ridgecode.figures.rate import RateLine, rate_figure
from ridgecode.figures.sheets import reconstruction_sheet
from ridgecode.files import whole_file
from ridgecode.prints.canonical import CANONICAL_PPI, to_canonical_scale
from ridgecode.prints.foreground import ridge_area
from ridgecode.prints.store import PrintStore

SHEET = {"avif": range(0, 30, 2), "webp": range(0, 40), "jpegxl": range(4, 20), "jpeg2000": range(16, 30)}
"""The settings that the sheet chooses from."""
MAGNIFIED = 3
PPI = 500.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", nargs="+", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--set", default="all")
    parser.add_argument("--print", dest="name", default="")
    given = parser.parse_args()
    rows = [row for path in given.files for row in json.loads(path.read_text())["rows"] if row["set"] == given.set]
    if not rows:
        raise SystemExit(f"no file has rows of the set {given.set}")
    where = "six sensors never trained on" if given.set == "all" else given.set
    for key, title, label, factor in (
        ("psnr_db", "Fidelity", "PSNR, dB", 1.0),
        ("eer", "bozorth3 on decoded prints", "EER, % (log scale)", 100.0),
    ):
        drawing = rate_figure(list(lines(rows, key, factor)), f"{title}: {where}", label, log=key == "eer")
        with whole_file(given.out / f"{key}.png") as temporary:
            temporary.write_bytes(drawing.png)
    store = PrintStore.open(given.data).at_ppi(PPI)
    names = store.column("name").tolist()
    if given.name and given.name not in names:
        raise SystemExit(f"{given.data} has no print {given.name}; there are {', '.join(names[:5])}, ...")
    image = np.asarray(store.image(names.index(given.name) if given.name else 0))
    sheet(image, given.model, given.out / "sheet.png")


def lines(rows: Sequence[table.Row], key: str, factor: float) -> Iterator[RateLine]:
    """A line for each codec, and one level line for the images themselves."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for row in sorted(rows, key=lambda row: row["bytes"]):
        if row["codec"] != "uncompressed":
            curves.setdefault(table.curve(row["codec"]), []).append((row["bytes"], factor * row[key]))
        elif key != "psnr_db":
            ends = [one["bytes"] for one in rows if one["codec"] != "uncompressed"]
            curves["uncompressed"] = [(end, factor * row[key]) for end in (min(ends), max(ends))]
    for name, points in curves.items():
        yield RateLine(name, name not in table.CLASSICAL, tuple(points), tuple(points))


def sheet(image: NDArray[np.uint8], model: str, out: Path) -> None:
    full = FullCodec.load(model)
    data = full.encode(image)[0]
    columns = {_label(Path(model).stem, data): full.decode([data])[0]}
    for name, qualities in SHEET.items():
        codec = classical_codec(name)
        files = [codec.encode(image, float(quality)) for quality in qualities]
        nearest = min(files, key=lambda one: abs(len(one) - len(data)))
        columns[_label(name, nearest)] = codec.decode(nearest)
    columns["truth"] = image
    place = _core(image)
    both = {label: np.stack([one, _magnified(one, place)]) for label, one in columns.items()}
    reconstruction_sheet(both, out)


def _label(name: str, data: bytes) -> str:
    return f"{name}\n{len(data):,} bytes"


def _core(image: NDArray[np.uint8]) -> tuple[int, int]:
    """Row and column of the top left pixel of what is magnified, around the centroid of the ridge area."""
    side_y, side_x = (-(-n // MAGNIFIED) for n in image.shape)
    ridges = np.nonzero(ridge_area(to_canonical_scale(image, PPI)))
    row, column = (float(places.mean()) * PPI / CANONICAL_PPI for places in ridges)
    top, left = row - side_y / 2, column - side_x / 2
    return round(min(max(top, 0), image.shape[0] - side_y)), round(min(max(left, 0), image.shape[1] - side_x))


def _magnified(image: NDArray[np.uint8], place: tuple[int, int]) -> NDArray[np.uint8]:
    """As large as the image."""
    large = image[place[0] :, place[1] :].repeat(MAGNIFIED, axis=0).repeat(MAGNIFIED, axis=1)
    return large[: image.shape[0], : image.shape[1]]


if __name__ == "__main__":
    main()
