"""Mirrors an evaluation to the tracker: figures, sheets, the matching table and error curves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ridgecode.figures.error_curves import ErrorCurve, det_figure, precision_recall_figure, roc_figure
from ridgecode.figures.sheets import TRUTH, reconstruction_sheet
from ridgecode.files import whole_file
from ridgecode.matching.system_names import baseline
from ridgecode.runs.tracking import Tracker

SUMMARY = ("mse", "psnr_db", "ssim", "bce_above_floor", "mse_at_depth", "bytes", "bpp", "encode_per_second")


def log_evaluation(tracker: Tracker, folder: Path, content: Mapping[str, Any]) -> None:
    """Logs an evaluation: its JSON `content`, and curves.npz and sheets/validation.npz in `folder`."""
    if not tracker.is_on:
        return
    split = content["split"]
    tracker.summary({f"{split}_{name}": content[name] for name in SUMMARY if content.get(name) is not None})
    if "mse" in content:
        _log_sheet(tracker, folder, content)
    if "repair" in content:
        caption = "altered, its altered region, repaired, truth"
        tracker.log_image(f"{split}_repair", folder / "sheets" / "repair.png", caption)
        tracker.log_table(f"{split}_repair_pixels", *_table(content["repair"]["pixels"]))
    rows = content["matching"]
    if not rows:
        return
    tracker.log_table(f"{split}_matching", *_table(rows))
    overall = {(row["system"], row["protocol"]): row["eer"] for row in rows if _is_overall(row)}
    own = {of: eer for of, eer in overall.items() if baseline(of[0]) is None and eer is not None}
    tracker.summary({f"{split}_eer_{p}_{s.replace(' ', '_')}": eer for (s, p), eer in own.items()})
    numbers = ("n_mated", "n_non_mated")  # of a protocol, for every system alike
    tracker.summary({f"{split}_{n}_{row['protocol']}": row[n] for row in rows if _is_overall(row) for n in numbers})
    with np.load(folder / "curves.npz") as lines:
        for protocol in dict.fromkeys(protocol for _, protocol in overall):
            # A system's rows at further thresholds have no curve.
            systems = [system for system, of in overall if of == protocol and f"{system}|{of}|fmr" in lines]
            curves = [
                ErrorCurve(s, lines[f"{s}|{protocol}|fmr"], lines[f"{s}|{protocol}|fnmr"], baseline(s) is not None)
                for s in systems
            ]
            points = [(c.label, float(x), float(y)) for c in curves for x, y in zip(c.fmr, c.fnmr, strict=True)]
            first = next(row for row in rows if row["protocol"] == protocol)
            share = first["n_mated"] / (first["n_mated"] + first["n_non_mated"])
            where = f"{protocol}, {split}: {first['n_mated']:,} mated, {first['n_non_mated']:,} non-mated"
            drawings = {
                "roc": roc_figure(curves, f"ROC, {where}"),
                "det": det_figure(curves, f"DET, {where}"),
                "pr": precision_recall_figure(curves, share, f"Precision and recall, {where}"),
            }
            for name, drawing in drawings.items():
                path = folder / "figures" / f"{name}_{protocol}_{split}.png"
                with whole_file(path) as temporary:
                    temporary.write_bytes(drawing.png)
                tracker.log_curve(f"{split}_{name}_{protocol}", path, ["system", "fmr", "fnmr"], points)


def _log_sheet(tracker: Tracker, folder: Path, content: Mapping[str, Any]) -> None:
    split = content["split"]
    sheet = folder / "sheets" / f"evaluation_{split}.png"
    with np.load(folder / "sheets" / "validation.npz") as prints:
        label = f"{content['latent_dim']} dims"
        reconstruction_sheet({label: prints["x_hat"], TRUTH: prints["truth"]}, sheet, "Reconstructions")
    tracker.log_image(f"{split}_reconstructions", sheet, f"{label}, {content['distortion']}, truth last")


def _is_overall(row: Mapping[str, Any]) -> bool:
    return bool(row["level"] == row["alteration"] == "all")


def _table(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """The columns and rows of a table: after a row of several data sets, one for each of them, named in `set`."""
    flat = []
    for row in rows:
        flat.append({key: value for key, value in row.items() if key != "per_set"})
        flat += [{**flat[-1], "n_sets": 1, **of_set, "set": name} for name, of_set in row.get("per_set", {}).items()]
    columns = list(dict.fromkeys(key for row in flat for key in row))
    return columns, [[row.get(column) for column in columns] for row in flat]
