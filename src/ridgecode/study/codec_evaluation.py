"""`ridgecode evaluate --codec`: bytes and distortion of an image codec at several qualities, beside autoencoders'."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ridgecode.codec.classical import classical_codec
from ridgecode.codec.fitted import FITTED, fitted_codec
from ridgecode.codec.image_codec import ImageCodec
from ridgecode.errors import BadInput
from ridgecode.files import whole_file, write_text
from ridgecode.matching.bootstrap import bootstrap_mean
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import VIEWS, View, stack_prints
from ridgecode.study.codec_figures import CodecFigures, inside, measure_codec, training_windows
from ridgecode.study.evaluate_reconstruction import sheet_prints
from ridgecode.study.evaluation import Evaluate, folder_beside
from ridgecode.study.progress import tracked

ReconstructionMaker = Callable[[NDArray[np.uint8]], tuple[NDArray[np.uint8], dict[str, Any]]]
"""uint8 (N, H, W) prints -> reconstructions, uint8 (N, rows, columns), and what the minutiae JSON says of them."""


def evaluate_codec(config: Evaluate) -> dict[str, Any]:
    """Measures the split's Real prints at each quality, writes, prints a line each, and returns what the JSON holds.

    In the folder x-files beside --out x.json: per_print.parquet, a row a print and quality, and sheets/qualities.npz,
    the prints of an autoencoder's sheet (`truth`, uint8 (12, rows, columns), and `names`) with their reconstructions
    `x_hat`, uint8 (Q, 12, rows, columns), at `qualities` (Q,). Raises BadInput for an unusable store, quality or --out,
    for prints that the codec can't code, and where its package is missing.
    """
    out = _out(config)
    codec = codec_of(config)
    qualities = qualities_of(config, codec)
    view = view_of(config)
    store = PrintStore.open(config.data)
    rows = store.rows(config.split)
    if not len(rows):
        raise BadInput(f"--data {config.data} has no Real prints in the split {config.split}; prepare more")
    names, subjects = (store.column(column)[rows] for column in ("name", "subject"))
    prints = stack_prints(store, rows)
    measured = []
    for quality in qualities:
        which = tracked(range(len(prints)), f"{codec.name} at {quality:g}")
        measured.append(measure_codec(codec, quality, view, prints, which))

    shape = measured[0].x_hat.shape[1:]
    content = {
        "schema": 1,
        "kind": "codec",
        "codec": codec.name,
        "quality": codec.quality.meaning,
        "view": view.name,
        "split": config.split,
        "source": store.source,
        "data_digest": store.digest,
        "n_prints": len(prints),
        "n_subjects": len(np.unique(subjects)),
        "coded_shape": list(inside(view, prints[:1]).shape[1:]),
        "pixels": math.prod(shape),
        "points": [_point(figures, subjects) for figures in measured],
    }
    beside = folder_beside(out)
    _write_figures(beside / "per_print.parquet", measured, names, subjects)
    _write_sheet(beside / "sheets" / "qualities.npz", measured, view.kept(prints), names)
    write_text(out, json.dumps(content, indent=1) + "\n")
    for line in headline(content):
        print(line)
    print(f"figures lie in {out}")
    return content


def headline(content: dict[str, Any]) -> list[str]:
    """A line a quality."""
    return [
        f"{content['split']}: {content['n_prints']} prints, {content['codec']} {point['quality']:g}: "
        f"{point['bytes']:.1f} bytes ({point['bytes_without_header']:.1f} without header), mse {point['mse']:.5f} "
        f"[{point['mse_low']:.5f}, {point['mse_high']:.5f}], psnr {point['psnr_db']:.2f} dB, ssim {point['ssim']:.4f}"
        for point in content["points"]
    ]


def coded_maker(config: Evaluate) -> ReconstructionMaker:
    """A function from prints to what --codec makes of them at its one quality, and what the minutiae evaluation's JSON
    says of it: `bytes` is the mean of the files. Raises BadInput where --qualities names none or several, or --view
    less than whole prints."""
    codec = codec_of(config)
    qualities = qualities_of(config, codec) if config.qualities else ()
    if len(qualities) != 1:
        raise BadInput(
            f"--matcher judges --codec {codec.name} at one quality, so give one as --qualities, such as "
            f"{codec.qualities[len(codec.qualities) // 2]:g}"
        )
    view = view_of(config)
    if view.name != "whole":
        raise BadInput(
            f"--view {view.name} is too little for a minutiae matcher, which needs whole prints; leave it out"
        )

    def made(prints: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        figures = measure_codec(codec, qualities[0], view, prints)
        about = {"codec": codec.name, "quality": qualities[0], "view": view.name}
        return figures.x_hat, about | {"bytes": float(figures.bytes.mean())}

    return made


def codec_of(config: Evaluate) -> ImageCodec:
    """The codec that --codec names. Raises BadInput where its package, or the store it is fitted on, is missing."""
    return image_codec(config.codec, view_of(config), config.data)


def image_codec(name: str, view: View, data: Path) -> ImageCodec:
    """The classical codec of that name, or the fitted one, for what the view shows of train subjects' Real prints in
    the store `data`. Raises BadInput for another name, and as `codec_of` does."""
    if name not in FITTED:
        return classical_codec(name)
    store = PrintStore.open(data)
    return fitted_codec(name, training_windows(view, stack_prints(store, store.rows("train"))))


def view_of(config: Evaluate) -> View:
    """What --view names, or whole prints."""
    return VIEWS[config.view or "whole"]


def qualities_of(config: Evaluate, codec: ImageCodec) -> tuple[float, ...]:
    """--qualities, or the codec's own. Raises BadInput for one that the codec does not take."""
    if not config.qualities:
        return codec.qualities
    try:
        wanted = tuple(float(text) for text in config.qualities.split(",") if text.strip())
    except ValueError:
        raise BadInput(f"--qualities {config.qualities} are no numbers; give some by commas, such as 10,20") from None
    if not wanted or len(set(wanted)) < len(wanted):
        raise BadInput(
            f"--qualities {config.qualities} must name each quality once; give some by commas, such as 10,20"
        )
    for quality in wanted:
        codec.check(quality)
    return wanted


def check_codec_flags(config: Evaluate) -> None:
    """Raises BadInput for flags that say nothing without --codec, or to it."""
    if config.codec == "none":
        for flag, is_given in {"view": config.view is not None, "qualities": bool(config.qualities)}.items():
            if is_given:
                raise BadInput(f"--{flag} is for --codec; leave it out without an image codec")
        return
    if config.run is not None:
        raise BadInput(f"--codec {config.codec} is measured in a run's place; leave out --run, or --codec")
    if config.matcher != "none":
        if config.protocols not in ("auto", "reconstruction"):
            raise BadInput(
                f"--protocol {config.protocols} compares the store's own prints, whatever --codec is; give "
                "--protocol reconstruction, or leave out --codec"
            )
        return
    given = {
        "protocols": config.protocols not in ("auto", "none"),
        "levels": config.levels != "all",
        "max_prints": config.max_prints != 100,
        "jobs": config.jobs != 0,
        "comparisons": config.comparisons is not None,
        "depth_bits": config.depth_bits != 8,
        "all_files": config.all_files,
        "window": config.window != "frame",
        "pca_data": config.pca_data is not None,
        "tracker": config.tracker != "none",
        "threads": config.threads > 1,
    }
    for flag, is_given in given.items():
        if is_given:
            raise BadInput(f"--{flag} says nothing to an image codec; leave it out with --codec {config.codec}")


def _out(config: Evaluate) -> Path:
    if config.out is None:
        raise BadInput(f"--out is missing: name a JSON file for the figures of --codec {config.codec}")
    if not config.out.name or config.out.is_dir():
        raise BadInput(f"--out {config.out} is a folder; give a file, such as {config.codec}.json")
    if (config.out.parent / "config.yaml").is_file():
        raise BadInput(f"--out {config.out} lies in a run's folder; give a place of its own")
    return config.out


def _point(figures: CodecFigures, subjects: np.ndarray) -> dict[str, float]:
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
    some = sheet_prints(len(names))
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            truth=truth[some],
            names=names[some].astype(str),
            qualities=np.array([figures.quality for figures in measured]),
            x_hat=np.stack([figures.x_hat[some] for figures in measured]),
        )
