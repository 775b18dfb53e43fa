"""The reconstruction part of an evaluation of a model of the view `full`: prints at their own size."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ridgecode.autoencoders.saved import SavedAutoencoder
from ridgecode.codec.full_codec import FullCodec, codable_size
from ridgecode.codec.ridge_file import FULL_PRINT_OVERHEAD, pack_full_archive
from ridgecode.evaluation.reconstruction import sheet_prints
from ridgecode.evaluation.reconstruction_figures import PixelFigures, pixel_figures
from ridgecode.files import whole_file
from ridgecode.matching.bootstrap import bootstrap_mean
from ridgecode.prints.crops.patches import middle_patch
from ridgecode.prints.sets import has_sets, print_sets
from ridgecode.prints.store import PrintStore
from ridgecode.runs.progress import with_progress

SHOWN_SIDE = 256
"""Pixels a side of the middle of a print that a sheet shows."""
_ABOUT = ("n_prints", "n_subjects")
_NO_PCA: Mapping[str, None] = {"mse": None, "psnr_db": None, "ssim": None}


class FullPrintFigures(NamedTuple):
    """Figures of N prints. whole: of reconstructions from latent maps that were not rounded; coded: of prints decoded
    from their bytes; payload_bytes, pixels: int64 (N,); encode_ms, decode_ms: means of a print, network and coding
    together, with torch's present threads; archive_bytes: of an archive of all; shown: the middles of some prints, of
    their reconstructions and of the decoded ones, uint8 (n, 256, 256) each"""

    whole: PixelFigures
    coded: PixelFigures
    payload_bytes: NDArray[np.int64]
    pixels: NDArray[np.int64]
    encode_ms: float
    decode_ms: float
    archive_bytes: int
    shown: Mapping[str, NDArray[np.uint8]]


def full_part(saved: SavedAutoencoder, store: PrintStore, rows: NDArray[np.int64], folder: Path) -> dict[str, Any]:
    """Measures the prints at `rows`, writes per_print.parquet and sheets/validation.npz into `folder`, and returns the
    figures for evaluation.json, under the names that `reconstruction_part` gives them. There is no PCA of images whose
    sizes differ."""
    names, subjects = (store.column(column)[rows].astype(str) for column in ("name", "subject"))
    figures = measure_full(saved, store, rows, names.tolist())
    columns: dict[str, Any] = {"name": names, **figures.whole._asdict(), "payload_bytes": figures.payload_bytes}
    with whole_file(folder / "per_print.parquet") as temporary:
        pq.write_table(pa.table(columns | {"coded_mse": figures.coded.mse}), temporary)
    with whole_file(folder / "sheets" / "validation.npz") as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **figures.shown, names=names[sheet_prints(len(rows))])
    part = {
        **_means(figures.whole, subjects),
        "view": saved.spec.view,
        "backbone": saved.spec.backbone,
        "distortion": saved.spec.distortion,
        "latent_dim": saved.spec.latent_dim,
        "parameters": sum(p.numel() for p in saved.net.parameters()),
        "pca": _NO_PCA,
        "coded": _coded(figures, subjects),
    }
    if has_sets(store.source):
        sets = print_sets(store, rows)
        part["per_set"] = {
            name: _means(figures.whole, subjects, sets == name)
            | {"pca": _NO_PCA, "payload_bytes": float(figures.payload_bytes[sets == name].mean())}
            for name in np.unique(sets).tolist()
        }
    return part


def measure_full(
    saved: SavedAutoencoder, store: PrintStore, rows: NDArray[np.int64], names: Sequence[str]
) -> FullPrintFigures:
    """Codes and decodes the prints one by one."""
    codec = FullCodec(saved)
    whole, coded, payloads, sizes = list[PixelFigures](), list[PixelFigures](), list[bytes](), []
    shown: dict[str, list[NDArray[np.uint8]]] = {"truth": [], "x_hat": [], "decoded": []}
    on_sheet = set(sheet_prints(len(rows)).tolist())
    encode_s = decode_s = 0.0
    for number, row in enumerate(with_progress(rows, "evaluating", len(rows))):
        image = np.asarray(store.image(int(row)))
        size = codable_size(image, store.canonical_ppi)
        began = time.perf_counter()
        payload = codec.payload(image, size)
        middle = time.perf_counter()
        decoded = codec.image(payload, size)
        encode_s, decode_s = encode_s + middle - began, decode_s + time.perf_counter() - middle
        x_hat = codec.unrounded(image, size)
        whole.append(_figures(image, x_hat))
        coded.append(_figures(image, decoded))
        payloads.append(payload)
        sizes.append(size)
        if number in on_sheet:
            for name, one in (("truth", image), ("x_hat", x_hat), ("decoded", decoded)):
                shown[name].append(middle_patch(one, SHOWN_SIDE))
    ms = 1000 / len(rows)
    return FullPrintFigures(
        _stacked(whole),
        _stacked(coded),
        np.array([len(payload) for payload in payloads]),
        np.array([size.height * size.width for size in sizes]),
        encode_s * ms,
        decode_s * ms,
        len(pack_full_archive(codec.model, names, sizes, payloads)),
        {name: np.stack(images) for name, images in shown.items()},
    )


def _figures(image: NDArray[np.uint8], x_hat: NDArray[np.uint8]) -> PixelFigures:
    truth, drawn = (np.divide(one, 255, dtype=np.float32)[None] for one in (image, x_hat))
    return pixel_figures(truth, drawn)


def _stacked(parts: Sequence[PixelFigures]) -> PixelFigures:
    return PixelFigures(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _means(figures: PixelFigures, subjects: NDArray[np.str_], chosen: Any = slice(None)) -> dict[str, Any]:
    low, high = bootstrap_mean(figures.mse[chosen], subjects[chosen])
    return {
        "n_prints": len(figures.mse[chosen]),
        "n_subjects": len(np.unique(subjects[chosen])),
        **{name: float(getattr(figures, name)[chosen].mean()) for name in ("mse", "psnr_db", "ssim")},
        "mse_low": low,
        "mse_high": high,
    }


def _coded(figures: FullPrintFigures, subjects: NDArray[np.str_]) -> dict[str, Any]:
    sizes, n = figures.payload_bytes.astype(float), len(figures.payload_bytes)
    low, high = bootstrap_mean(sizes, subjects)
    found = _means(figures.coded, subjects)
    return {
        "bytes": float(sizes.mean()) + FULL_PRINT_OVERHEAD,
        "archive_bytes": figures.archive_bytes / n,
        "payload_bytes": float(sizes.mean()),
        "payload_bytes_low": low,
        "payload_bytes_high": high,
        "payload_bytes_most": int(sizes.max()),
        "bpp": 8 * figures.archive_bytes / float(figures.pixels.sum()),
        **{name: value for name, value in found.items() if name not in _ABOUT},
        "encode_ms": round(figures.encode_ms, 3),
        "decode_ms": round(figures.decode_ms, 3),
    }
