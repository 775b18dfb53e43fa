"""What an evaluation says of reconstruction: figures of the split's prints, PCA beside them, prints for sheets."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ridgecode.autoencoders.saved import SavedAutoencoder
from ridgecode.codec.quantise import latent_bytes
from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.matching.bootstrap import bootstrap_mean
from ridgecode.prints.store import PrintStore
from ridgecode.study.autoencoder_training import windows
from ridgecode.study.coded_figures import coded_part
from ridgecode.study.coded_prints import CodedPrints, through_bytes
from ridgecode.study.evaluation_rows import MeasuredRows
from ridgecode.study.pca_fit import fit_pca
from ridgecode.study.reconstruction_figures import ReconstructionFigures, measure, windows_per_second

SHEET_PRINTS = 12
STATED_BITS = (4, 8)
"""Bits a latent dim that the MSE is stated at in every evaluation, beside `--depth_bits`."""


def reconstruction_part(
    saved: SavedAutoencoder,
    store: PrintStore,
    measured: MeasuredRows,
    train_prints: np.ndarray,
    depth_bits: int,
    folder: Path,
) -> dict[str, Any]:
    """Measures the prints of `measured`, writes per_print.parquet and sheets/validation.npz into `folder`, and returns
    the figures for evaluation.json; train_prints: (N, H, W), what PCA is fitted on.

    Where `measured` has `files`, they get a part `all_files` and per_file.parquet; the prints of an FVC store get one
    `per_set`, by the set's folder that their names start with. Of a model with a codec there is a part `coded`.
    """
    prints = measured.prints(store, measured.real)
    figures = measure(saved, prints, *_depths(depth_bits))
    pca = _pca(saved, train_prints)
    of_pca = None if pca is None else measure(pca, prints)
    names, subjects = (store.column(column)[measured.real] for column in ("name", "subject"))
    _write_figures(folder / "per_print.parquet", figures, depth_bits, {"name": names.astype(str)})
    truth = saved.spec.window.kept(prints)
    coded = through_bytes(saved, prints) if saved.codec else None
    _write_sheet(folder, figures, coded, truth, names)
    part = {
        **_mean_figures(figures, subjects),
        **_about(saved, figures, depth_bits),
        "encode_per_second": round(windows_per_second(saved.net, windows(prints, saved.spec)), 1),
        "pca": _pca_figures(of_pca),
    }
    if coded is not None:
        part["coded"] = coded_part(saved, coded, prints, subjects, names.tolist())
    if store.source == "fvc":
        part["per_set"] = _per_set(figures, of_pca, truth, names, subjects)
    if measured.files is not None:
        part["all_files"] = _all_files(saved, pca, store, measured, depth_bits, folder)
    return part


def _depths(depth_bits: int) -> list[int]:
    return sorted({*STATED_BITS, depth_bits})


def _mean_figures(figures: ReconstructionFigures, subjects: np.ndarray, chosen: Any = slice(None)) -> dict[str, Any]:
    """Means of the `chosen` prints, the MSE with its 95 % interval over subjects."""
    low, high = bootstrap_mean(figures.mse[chosen], subjects[chosen])
    return {
        "n_prints": len(figures.mse[chosen]),
        "n_subjects": len(np.unique(subjects[chosen])),
        "mse": float(figures.mse[chosen].mean()),
        "mse_low": low,
        "mse_high": high,
        "psnr_db": float(figures.psnr_db[chosen].mean()),
        "ssim": float(figures.ssim[chosen].mean()),
        "mse_at_bits": {str(bits): float(mse[chosen].mean()) for bits, mse in figures.mse_at_bits.items()},
    }


def _about(saved: SavedAutoencoder, figures: ReconstructionFigures, depth_bits: int) -> dict[str, Any]:
    """What the network is, and the figures that only a split's own prints have."""
    spec = saved.spec
    size = latent_bytes(spec.latent_dim, depth_bits)
    return {
        "view": spec.view,
        "backbone": spec.backbone,
        "distortion": spec.distortion,
        "latent_dim": spec.latent_dim,
        "bce": float(figures.bce.mean()),
        "bce_above_floor": float((figures.bce - figures.bce_floor).mean()),
        "depth_bits": depth_bits,
        "mse_at_depth": float(figures.mse_at_bits[depth_bits].mean()),
        "bytes": size,
        "bpp": 8 * size / math.prod(figures.x_hat.shape[1:]),
        "parameters": sum(p.numel() for p in saved.net.parameters()) or sum(b.numel() for b in saved.net.buffers()),
    }


def _per_set(
    figures: ReconstructionFigures,
    of_pca: ReconstructionFigures | None,
    truth: np.ndarray,
    names: np.ndarray,
    subjects: np.ndarray,
) -> dict[str, dict[str, Any]]:
    """Figures by data set. `variance` is the mean variance of a window's pixels, which is the MSE of one grey a window:
    sets differ in contrast, and so in how large an MSE can be."""
    variance = (truth / 255).var((1, 2))
    sets = np.array([name.split("/")[0] for name in names])
    found = {}
    for one in np.unique(sets).tolist():
        chosen = sets == one
        own = {"variance": float(variance[chosen].mean()), "pca": _pca_figures(of_pca, chosen)}
        found[one] = _mean_figures(figures, subjects, chosen) | own
    return found


def _all_files(
    saved: SavedAutoencoder,
    pca: SavedAutoencoder | None,
    store: PrintStore,
    measured: MeasuredRows,
    depth_bits: int,
    folder: Path,
) -> dict[str, Any]:
    """Figures of Real and altered prints together, and the MSE by level: altered prints are not Real ones' equals."""
    assert measured.files is not None
    prints = measured.prints(store, measured.files)
    figures = measure(saved, prints, *_depths(depth_bits))
    names, subjects, levels = (store.column(column)[measured.files] for column in ("name", "subject", "level"))
    about = {"name": names.astype(str), "level": levels.astype(str)}
    _write_figures(folder / "per_file.parquet", figures, depth_bits, about)
    by_level = {level: float(figures.mse[levels == level].mean()) for level in np.unique(levels).tolist()}
    of_pca = None if pca is None else measure(pca, prints)
    return {**_mean_figures(figures, subjects), "mse_by_level": by_level, "pca": _pca_figures(of_pca)}


def _pca(saved: SavedAutoencoder, train_prints: np.ndarray) -> SavedAutoencoder | None:
    """PCA of the same dims, fitted on the same kind of windows; None where the prints can't give so many."""
    view = saved.spec.window
    try:
        # Whole prints always lie the same way, so PCA does best on them unmoved.
        pca = fit_pca(train_prints, view, saved.spec.latent_dim, "random" if view.print_shape is None else "centre", 0)
    except BadInput:
        return None
    return SavedAutoencoder(pca, saved.spec, pca.mean.new_zeros(1), pca.mean.new_ones(1), "")


def _pca_figures(figures: ReconstructionFigures | None, chosen: Any = slice(None)) -> dict[str, float | None]:
    """PCA's figures, or nulls where there is none."""
    if figures is None:
        return {"mse": None, "psnr_db": None, "ssim": None}
    return {name: float(getattr(figures, name)[chosen].mean()) for name in ("mse", "psnr_db", "ssim")}


def _write_figures(
    path: Path, figures: ReconstructionFigures, depth_bits: int, about: Mapping[str, np.ndarray]
) -> None:
    """Figures of each print as Parquet, what they are `about` first."""
    columns = {**about, "mse": figures.mse, "psnr_db": figures.psnr_db, "ssim": figures.ssim}
    columns |= {"mse_at_depth": figures.mse_at_bits[depth_bits]}
    columns |= {f"mse_at_{bits}_bits": mse for bits, mse in figures.mse_at_bits.items()}
    columns |= {"bce": figures.bce, "bce_above_floor": figures.bce - figures.bce_floor}
    with whole_file(path) as temporary:
        pq.write_table(pa.table(columns), temporary)


def sheet_prints(n: int) -> np.ndarray:
    """Which of n prints a sheet shows, int (12,) or fewer: evenly spread, so that it has several subjects and
    fingers."""
    return np.linspace(0, n - 1, min(SHEET_PRINTS, n)).astype(int)


def _write_sheet(
    folder: Path, figures: ReconstructionFigures, coded: CodedPrints | None, truth: np.ndarray, names: np.ndarray
) -> None:
    """The first few prints with their reconstructions, and where the model has a codec also with `decoded`: those from
    the bytes of their latent vectors."""
    some = sheet_prints(len(names))
    arrays = {
        "truth": truth[some],
        "x_hat": np.rint(figures.x_hat[some] * 255).astype(np.uint8),
        "names": names[some].astype(str),
    }
    if coded is not None:
        arrays["decoded"] = coded.grey[some]
    with whole_file(folder / "sheets" / "validation.npz") as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
