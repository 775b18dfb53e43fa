"""Draws DET curves (ISO/IEC 19795-1): the FNMR against the FMR of each system, a panel for each comparison list.

    python results/matching/det.py results/matching/figures/det.png evaluations/*.json

The first argument is the PNG file to write. The others are files that `ridgecode evaluate --out FILE` or `ridgecode
evaluate-minutiae --out FILE` wrote, with the error curves or the scores that these put beside them. A line ends where
the FMR is too low for the number of its non-mated comparisons to show (the rule of three).
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import table
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from ridgecode.figures.error_curves import ErrorCurve
from ridgecode.figures.style import GRID, MUTED, SERIES, rendered, styled
from ridgecode.files import whole_file
from ridgecode.matching.error_rates import shows_fmr
from ridgecode.matching.matching_table import curves
from ridgecode.matching.system_names import LATENT_VECTORS, baseline

BASELINES = ("pca16 (97x90)", "pixels (97x90)")
"""The baselines that are drawn; the tables have the others."""
FMRS, FNMRS = (1e-4, 0.5), (1e-3, 1.0)
"""The ranges of the axes."""
PANELS = 4  # a row


def main(out: str, files: Sequence[str]) -> None:
    panels: dict[str, dict[str, ErrorCurve]] = {}
    for path in map(Path, files):
        arrays = read_curves(path)
        for one in table.measured([path]):
            if not _is_drawn(one.system):
                continue
            fmr, fnmr = (arrays.get(name) for name in one.curve)
            if fmr is None or fnmr is None:
                raise SystemExit(f"{path}: no error curve of {one.system} on {one.column} beside it; evaluate it again")
            shown = np.array([rate > 0 and shows_fmr(one.figures["n_non_mated"], rate) for rate in fmr.tolist()])
            curve = ErrorCurve(one.system, fmr[shown], fnmr[shown], one.system in BASELINES)
            panels.setdefault(one.column, {}).setdefault(one.system, curve)
    if not panels:
        raise SystemExit("no file has figures: name those that `ridgecode evaluate --out FILE` wrote")
    with whole_file(Path(out)) as temporary:
        temporary.write_bytes(det_panels(panels))


def read_curves(path: Path) -> Mapping[str, np.ndarray]:
    """FMR and FNMR by their names in curves.npz, of the evaluation in the JSON file `path`; of a minutiae matcher they
    are computed from its scores."""
    beside = path.parent if path.stem == "evaluation" else path.with_name(f"{path.stem}-files")
    scores = path.with_name(f"{path.stem}-comparisons.parquet")
    if (beside / "curves.npz").is_file():
        with np.load(beside / "curves.npz") as lines:
            return dict(lines)
    if not scores.is_file():
        raise SystemExit(f"{path}: neither {beside / 'curves.npz'} nor {scores} lies beside it; evaluate it again")
    pairs = {name: column.to_numpy() for name, column in zip(*_columns(scores), strict=True)}
    found: dict[str, np.ndarray] = {}
    for one in table.measured([path]):
        here = pairs["set"] == one.set
        rates = curves(pairs["score"][here], pairs["mated"][here])
        found |= dict(zip(one.curve, (rates.fmr, rates.fnmr), strict=True))
    return found


def det_panels(panels: Mapping[str, Mapping[str, ErrorCurve]]) -> bytes:
    """The PNG of a panel for each list, with one legend after the last panel."""
    systems = {system: curve.reference for of in panels.values() for system, curve in of.items()}
    own = [system for system, is_reference in systems.items() if not is_reference]
    looks: dict[str, dict[str, Any]] = {
        system: {"color": SERIES[i % len(SERIES)], "linestyle": "-" if i < len(SERIES) else "--"}
        for i, system in enumerate(own)
    }
    looks |= {name: {"color": MUTED, "linestyle": style} for name, style in zip(BASELINES, ("--", ":"), strict=True)}
    names = sorted(panels, key=table.place)
    rows = -(-(len(names) + 1) // PANELS)
    with styled():
        figure = Figure(figsize=(2.75 * PANELS, 2.55 * rows))
        grid = figure.subplots(rows, PANELS, squeeze=False)
        for axes, name in zip(grid.flat, names, strict=False):
            _panel(axes, name, panels[name], looks)
        for axes in grid.flat[len(names) :]:
            axes.axis("off")
        lines = [axes.get_legend_handles_labels() for axes in grid.flat]
        handle_of = {label: handle for handles, labels in lines for handle, label in zip(handles, labels, strict=True)}
        order = [system for system in (*own, *BASELINES) if system in handle_of]
        grid.flat[len(names)].legend([handle_of[system] for system in order], order, loc="center left")
        figure.supxlabel("FMR in %", fontsize=10)
        figure.supylabel("FNMR in %", fontsize=10)
        return rendered(figure).png


def _panel(axes: Axes, name: str, of: Mapping[str, ErrorCurve], looks: Mapping[str, Mapping[str, Any]]) -> None:
    axes.set_title(name, fontsize=10)
    for system, curve in of.items():
        axes.plot(100 * curve.fmr, 100 * curve.fnmr, label=system, linewidth=1.4, **looks[system])
    axes.plot((1e-3, 100), (1e-3, 100), color=GRID)  # where FMR and FNMR are equal
    for axis, (low, high) in ((axes.xaxis, FMRS), (axes.yaxis, FNMRS)):
        axis.axes.set(**{f"{axis.axis_name}scale": "log", f"{axis.axis_name}lim": (100 * low, 100 * high)})
        axis.set_major_locator(LogLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def _is_drawn(system: str) -> bool:
    is_baseline = baseline(system.split(" (")[0]) is not None
    return system in BASELINES if is_baseline else not system.startswith(LATENT_VECTORS)


def _columns(path: Path) -> tuple[list[str], list[Any]]:
    read = pq.read_table(path)
    return read.column_names, read.columns


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2:])
