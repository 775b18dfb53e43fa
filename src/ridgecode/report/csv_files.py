"""A report's figures as CSV: latent_sizes.csv has a row for each run, matching.csv for each system and group of probes,
rate_distortion.csv for each point of each curve."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from ridgecode.report.matching import Entry, own_entry
from ridgecode.report.numbers import finite
from ridgecode.report.rate_curves import RatePlot
from ridgecode.report.runs import Run, published_bce, published_mse

CODED = ("bytes", "archive_bytes", "payload_bytes", "mse", "psnr_db", "ssim")
CSV_START = ("latent_dim", "backbone", "distortion", "bytes", "bpp", "mse", "psnr_db", "ssim")
RATE_START = ("view", "codec", "setting", "bytes", "file_bytes", "archive_bytes", "bare_bytes", "bpp", "mse")
MATCHING_START = ("system", "run", "latent_dim", "protocol", "level", "alteration", "bytes", "eer")


def latent_sizes_csv(runs: Sequence[Run], protocols: Sequence[str]) -> str:
    """A row for each run, ordered by kind, backbone, distortion, latent size and seed. Error rates are fractions."""
    rows = [_csv_row(run, protocols) for run in sorted(runs, key=_csv_order)]
    columns = list(dict.fromkeys((*CSV_START, *(key for row in rows for key in row))))
    return _csv(columns, rows)


def matching_csv(entries: Sequence[Entry]) -> str:
    """A row for each of `entries`, and after one of several data sets a row for each `set`; error rates are
    fractions."""
    rows = []
    for entry in entries:
        owner = {} if entry.baseline else {"run": entry.run.name, "latent_dim": entry.run.latent_dim}
        rows.append({**{key: value for key, value in entry.row.items() if key != "per_set"}, **owner})
        rows += [{**rows[-1], "n_sets": 1, **of_set, "set": name} for name, of_set in entry.per_set.items()]
    return _csv(list(dict.fromkeys((*MATCHING_START, *(key for row in rows for key in row)))), rows)


def rate_distortion_csv(plots: Sequence[RatePlot]) -> str:
    """A row for each point of each curve: bytes and milliseconds a print, bits a pixel, and as a fraction the TAR at an
    FMR of 0.1 %."""
    rows = []
    for plot in plots:
        for curve in plot.curves:
            for point in curve.points:
                row = {**plot.prints._asdict(), "codec": curve.name}
                row |= {key: value for key, value in vars(point).items() if key not in ("losses", "minutiae", "prints")}
                row |= point.losses._asdict()
                for matcher, result in point.minutiae.items():
                    row |= {f"{key}_{matcher}": value for key, value in result._asdict().items()}
                rows.append(row)
    return _csv(list(dict.fromkeys((*RATE_START, *(key for row in rows for key in row)))), rows)


def _csv_order(run: Run) -> tuple[Any, ...]:
    return (run.kind, run.setting("backbone"), run.setting("distortion"), run.latent_dim, run.setting("seed"), run.name)


def _csv_row(run: Run, protocols: Sequence[str]) -> dict[str, Any]:
    losses = [loss for entry in run.metrics if (loss := finite(entry.get("val_mse"))) is not None]
    row: dict[str, Any] = {key: run.figure(key) for key in ("bpp", "mse", "psnr_db", "ssim")}
    row |= {
        "latent_dim": run.latent_dim or None,
        "backbone": run.setting("backbone"),
        "distortion": run.setting("distortion"),
        **({"task": "repair"} if run.setting("task") == "repair" else {}),
        "bytes": _whole(run.figure("bytes")),
        **{f"coded_{key}": run.coded(key) for key in CODED if run.bytes_on_disk is not None},
        "depth_bits": _whole(run.figure("depth_bits")),
        "mse_at_depth": run.figure("mse_at_depth"),
        **{f"mse_at_{bits}_bits": run.mse_at(bits) for bits in run.depths},
        "mse_low": run.figure("mse_low"),
        "mse_high": run.figure("mse_high"),
        "pca_mse": run.figure("pca", "mse"),
        "published_mse": published_mse(run),
        "bce": run.figure("bce"),
        "bce_above_floor": run.figure("bce_above_floor"),
        "published_bce": published_bce(run) if run.trained_on_bce else None,
    }
    for protocol in protocols:
        entry, key = own_entry(run, protocol), f"eer_{protocol}".replace("-", "_")
        for end in ("", "_low", "_high"):
            row[key + end] = entry.figure(f"eer{end}") if entry else None
        for number in ("n_mated", "n_non_mated"):
            row[key.replace("eer", number)] = _whole(entry.figure(number)) if entry else None
    return row | {
        "encode_per_second": run.figure("encode_per_second"),
        "train_seconds": run.seconds,
        "epochs": run.epochs,
        "best_val_mse": min(losses, default=None),
        "parameters": _whole(run.figure("parameters")),
        "view": run.setting("view"),
        "split": run.setting("split"),
        "n_prints": _whole(run.figure("n_prints")),
        "n_subjects": _whole(run.figure("n_subjects")),
        "source": run.source,
        "seed": run.setting("seed"),
        "kind": run.kind,
        "run": run.name,
    }


def _whole(value: float | None) -> int | float | None:
    return int(value) if value is not None and value == int(value) else value


def _csv(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
