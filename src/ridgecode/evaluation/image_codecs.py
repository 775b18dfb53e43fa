"""Evaluation of an image codec at several qualities: bytes and distortion, comparable with an autoencoder's."""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ridgecode.codec.images.classical import classical_codec
from ridgecode.codec.images.fitted import fitted_codec
from ridgecode.codec.images.image_codec import ImageCodec
from ridgecode.codec.images.names import FITTED
from ridgecode.errors import BadInput
from ridgecode.evaluation.codec_figures import CodecFigures, measure_codec, training_windows, without_margin
from ridgecode.evaluation.names import folder_beside
from ridgecode.evaluation.reconstruction import sheet_prints
from ridgecode.files import whole_file, write_text
from ridgecode.matching.bootstrap import bootstrap_mean
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import VIEWS, View
from ridgecode.runs.progress import with_progress

Reconstructions = Callable[[NDArray[np.uint8]], tuple[NDArray[np.uint8], dict[str, Any]]]
"""uint8 (N, H, W) prints -> reconstructions, uint8 (N, rows, columns), and facts about them for the minutiae JSON."""


def measure_image_codec(
    codec: ImageCodec, qualities: Sequence[float], view: View, store: PrintStore, split: str, out: Path
) -> dict[str, Any]:
    """Measures the split's Real prints at each of Q qualities, writes `out`, x.json, and returns its content.

    Also writes, in the folder x-files beside it, per_print.parquet with a row for each print and quality, and
    sheets/qualities.npz: the prints of an autoencoder's sheet (`truth`, uint8 (12, rows, columns), and `names`) and
    their reconstructions `x_hat`, uint8 (Q, 12, rows, columns), at `qualities` (Q,). Raises BadInput for a split
    without prints, and for prints that the codec can't code.
    """
    rows = store.rows(split)
    if not len(rows):
        raise BadInput(f"--data {store.path} has no Real prints in the split {split}; prepare more")
    names, subjects = (store.column(column)[rows] for column in ("name", "subject"))
    prints = store.stack(rows)
    measured = []
    for quality in qualities:
        which = with_progress(range(len(prints)), f"{codec.name} at {quality:g}")
        measured.append(measure_codec(codec, quality, view, prints, which))

    shape = measured[0].x_hat.shape[1:]
    content = {
        "schema": 1,
        "kind": "codec",
        "codec": codec.name,
        "quality": codec.quality.meaning,
        "view": view.name,
        "split": split,
        "source": store.source,
        "data_digest": store.digest,
        "n_prints": len(prints),
        "n_subjects": len(np.unique(subjects)),
        "coded_shape": list(without_margin(view, prints[:1]).shape[1:]),
        "pixels": math.prod(shape),
        "points": [_point(figures, subjects) for figures in measured],
    }
    folder = folder_beside(out)
    _write_figures(folder / "per_print.parquet", measured, names, subjects)
    _write_sheet(folder / "sheets" / "qualities.npz", measured, view.target(prints), names)
    write_text(out, json.dumps(content, indent=1) + "\n")
    return content


def codec_reconstructions(codec: ImageCodec, quality: float) -> Reconstructions:
    """Reconstructions of whole prints by an image codec at one quality; facts: the mean file size, `bytes`."""
    view = VIEWS["whole"]

    def reconstruct(prints: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        figures = measure_codec(codec, quality, view, prints)
        about = {"codec": codec.name, "quality": quality, "view": view.name}
        return figures.x_hat, about | {"bytes": float(figures.bytes.mean())}

    return reconstruct


def image_codec(name: str, view: View, store: PrintStore) -> ImageCodec:
    """The image codec of that name. A fitted codec is fitted to the view's windows of the store's Real training prints.
    Raises BadInput for an unknown name, a missing package, or too few prints to fit."""
    if name not in FITTED:
        return classical_codec(name)
    return fitted_codec(name, training_windows(view, store.prints("train")))


def qualities_of(text: str, codec: ImageCodec) -> tuple[float, ...]:
    """The numbers in `text`, separated by commas; the codec's default qualities if it is empty. Raises BadInput for a
    quality that the codec does not take."""
    if not text:
        return codec.qualities
    try:
        wanted = tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise BadInput(f"--qualities {text} are no numbers; give some by commas, such as 10,20") from None
    if not wanted or len(set(wanted)) < len(wanted):
        raise BadInput(f"--qualities {text} must name each quality once; give some by commas, such as 10,20")
    for quality in wanted:
        codec.check(quality)
    return wanted


def _point(figures: CodecFigures, subjects: np.ndarray) -> dict[str, float | None]:
    bytes_low, bytes_high = bootstrap_mean(figures.bytes.astype(np.float64), subjects)
    mse_low, mse_high = bootstrap_mean(figures.pixels.mse, subjects)
    return {
        "quality": figures.quality,
        "bytes": float(figures.bytes.mean()),
        "bytes_low": bytes_low,
        "bytes_high": bytes_high,
        "bytes_without_header": float(figures.bytes_without_header.mean()),
        "mse": float(figures.pixels.mse.mean()),
        "mse_low": mse_low,
        "mse_high": mse_high,
        "psnr_db": float(figures.pixels.psnr_db.mean()),
        "ssim": float(figures.pixels.ssim.mean()),
        "encode_ms": figures.encode_ms,
        "decode_ms": figures.decode_ms,
    }


def _write_figures(path: Path, measured: list[CodecFigures], names: np.ndarray, subjects: np.ndarray) -> None:
    columns = {
        "name": np.tile(names.astype(str), len(measured)),
        "subject": np.tile(subjects.astype(str), len(measured)),
        "quality": np.repeat([figures.quality for figures in measured], len(names)),
        "bytes": np.concatenate([figures.bytes for figures in measured]),
        "bytes_without_header": np.concatenate([figures.bytes_without_header for figures in measured]),
    }
    for name in ("mse", "psnr_db", "ssim"):
        columns[name] = np.concatenate([getattr(figures.pixels, name) for figures in measured])
    with whole_file(path) as temporary:
        pq.write_table(pa.table(columns), temporary, compression="zstd")


def _write_sheet(path: Path, measured: list[CodecFigures], truth: np.ndarray, names: np.ndarray) -> None:
    shown = sheet_prints(len(names))
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            truth=truth[shown],
            names=names[shown].astype(str),
            qualities=np.array([figures.quality for figures in measured]),
            x_hat=np.stack([figures.x_hat[shown] for figures in measured]),
        )
