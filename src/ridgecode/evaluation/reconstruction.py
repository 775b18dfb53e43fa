"""The reconstruction part of an evaluation: figures of the split's prints, of PCA on them, and prints for sheets."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.pca_fit import fit_pca
from ridgecode.autoencoders.saved import SavedAutoencoder
from ridgecode.autoencoders.windows import windows
from ridgecode.codec.codec import Codec
from ridgecode.codec.coded_prints import CodedPrints, through_bytes
from ridgecode.codec.quantise import latent_bytes
from ridgecode.errors import BadInput
from ridgecode.evaluation.coded import coded_part
from ridgecode.evaluation.reconstruction_figures import ReconstructionFigures, measure, windows_per_second
from ridgecode.evaluation.rows import MeasuredRows
from ridgecode.files import whole_file
from ridgecode.matching.bootstrap import bootstrap_mean
from ridgecode.prints.sets import has_sets, print_sets
from ridgecode.prints.store import PrintStore

SHEET_PRINTS = 12
"""Prints that a sheet shows at most."""
STATED_BITS = (4, 8)
"""Depths, in bits per latent dim, at which every evaluation states the MSE, beside that of `--depth_bits`."""


def reconstruction_part(
    autoencoder: Autoencoder,
    store: PrintStore,
    measured: MeasuredRows,
    train_prints: np.ndarray,
    depth_bits: int,
    folder: Path,
) -> dict[str, Any]:
    """Measures the prints of `measured`, writes per_print.parquet and sheets/validation.npz into `folder`, and returns
    the figures for evaluation.json.

    train_prints: (N, H, W) uint8, on which PCA is fitted. If `measured` has `files`, there is a part `all_files`, and
    per_file.parquet; for a store of a source with sets a part `per_set`; for a model with a codec a
    part `coded`.
    """
    prints = measured.prints(store, measured.real)
    figures = measure(autoencoder, prints, *_depths(depth_bits))
    pca = _pca(autoencoder, train_prints)
    of_pca = None if pca is None else measure(pca, prints)
    names, subjects = (store.column(column)[measured.real] for column in ("name", "subject"))
    _write_figures(folder / "per_print.parquet", figures, depth_bits, {"name": names.astype(str)})
    truth = autoencoder.view.target(prints)
    codec = Codec(autoencoder) if autoencoder.saved.codec else None
    coded = None if codec is None else through_bytes(codec, prints)
    _write_sheet(folder, figures, coded, truth, names)
    part = {
        **_mean_figures(figures, subjects),
        **_about(autoencoder, figures, depth_bits),
        "encode_per_second": round(windows_per_second(autoencoder.net, windows(prints, autoencoder.view)), 1),
        "pca": _pca_figures(of_pca),
    }
    if codec is not None and coded is not None:
        part["coded"] = coded_part(codec, coded, prints, subjects, names.tolist())
    if has_sets(store.source):
        part["per_set"] = _per_set(figures, of_pca, truth, print_sets(store, measured.real), subjects)
    if measured.files is not None:
        part["all_files"] = _all_files(autoencoder, pca, store, measured, depth_bits, folder)
    return part


def _depths(depth_bits: int) -> list[int]:
    return sorted({*STATED_BITS, depth_bits})


def _mean_figures(figures: ReconstructionFigures, subjects: np.ndarray, chosen: Any = slice(None)) -> dict[str, Any]:
    """Means over the `chosen` prints; the MSE with its 95 % bootstrap interval over subjects."""
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


def _about(autoencoder: Autoencoder, figures: ReconstructionFigures, depth_bits: int) -> dict[str, Any]:
    """Facts about the network, and the figures that are stated for the split's Real prints only."""
    spec, net = autoencoder.spec, autoencoder.net
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
        "parameters": sum(p.numel() for p in net.parameters()) or sum(b.numel() for b in net.buffers()),
    }


def _per_set(
    figures: ReconstructionFigures,
    of_pca: ReconstructionFigures | None,
    truth: np.ndarray,
    sets: np.ndarray,
    subjects: np.ndarray,
) -> dict[str, dict[str, Any]]:
    """Figures by data set. `variance`, the mean variance of a print's pixels, is the MSE of a print in its mean grey: a
    scale for the MSE of sets that differ in contrast."""
    variance = (truth / 255).var((1, 2))
    found = {}
    for name in np.unique(sets).tolist():
        chosen = sets == name
        more = {"variance": float(variance[chosen].mean()), "pca": _pca_figures(of_pca, chosen)}
        found[name] = _mean_figures(figures, subjects, chosen) | more
    return found


def _all_files(
    autoencoder: Autoencoder,
    pca: Autoencoder | None,
    store: PrintStore,
    measured: MeasuredRows,
    depth_bits: int,
    folder: Path,
) -> dict[str, Any]:
    """Figures of Real and altered prints together, and the MSE by level."""
    assert measured.files is not None
    prints = measured.prints(store, measured.files)
    figures = measure(autoencoder, prints, *_depths(depth_bits))
    names, subjects, levels = (store.column(column)[measured.files] for column in ("name", "subject", "level"))
    about = {"name": names.astype(str), "level": levels.astype(str)}
    _write_figures(folder / "per_file.parquet", figures, depth_bits, about)
    by_level = {level: float(figures.mse[levels == level].mean()) for level in np.unique(levels).tolist()}
    of_pca = None if pca is None else measure(pca, prints)
    return {**_mean_figures(figures, subjects), "mse_by_level": by_level, "pca": _pca_figures(of_pca)}


def _pca(autoencoder: Autoencoder, train_prints: np.ndarray) -> Autoencoder | None:
    """PCA with the model's view and latent_dim; None if there are too few prints for so many dims."""
    view, spec = autoencoder.view, autoencoder.spec
    try:
        # Whole prints are aligned with each other, so PCA is best on unmoved ones.
        pca = fit_pca(train_prints, view, spec.latent_dim, "random" if view.print_shape is None else "centre", 0)
    except BadInput:
        return None
    return Autoencoder(SavedAutoencoder(pca, spec, pca.mean.new_zeros(1), pca.mean.new_ones(1), ""))


def _pca_figures(figures: ReconstructionFigures | None, chosen: Any = slice(None)) -> dict[str, float | None]:
    """PCA's mean figures, or None for each if there is no PCA."""
    if figures is None:
        return {"mse": None, "psnr_db": None, "ssim": None}
    return {name: float(getattr(figures, name)[chosen].mean()) for name in ("mse", "psnr_db", "ssim")}


def _write_figures(
    path: Path, figures: ReconstructionFigures, depth_bits: int, about: Mapping[str, np.ndarray]
) -> None:
    """Writes the figures of each print as Parquet; the columns of `about` come first."""
    columns = {**about, "mse": figures.mse, "psnr_db": figures.psnr_db, "ssim": figures.ssim}
    columns |= {"mse_at_depth": figures.mse_at_bits[depth_bits]}
    columns |= {f"mse_at_{bits}_bits": mse for bits, mse in figures.mse_at_bits.items()}
    columns |= {"bce": figures.bce, "bce_above_floor": figures.bce - figures.bce_floor}
    with whole_file(path) as temporary:
        pq.write_table(pa.table(columns), temporary)


def sheet_prints(n: int) -> np.ndarray:
    """Which of n prints a sheet shows, int (12,) or fewer; evenly spread, to show several subjects and fingers."""
    return np.linspace(0, n - 1, min(SHEET_PRINTS, n)).astype(int)


def _write_sheet(
    folder: Path, figures: ReconstructionFigures, coded: CodedPrints | None, truth: np.ndarray, names: np.ndarray
) -> None:
    """Writes the sheet's prints with their reconstructions, and if the model has a codec, with those decoded from
    coded bytes, `decoded`."""
    shown = sheet_prints(len(names))
    arrays = {
        "truth": truth[shown],
        "x_hat": np.rint(figures.x_hat[shown] * 255).astype(np.uint8),
        "names": names[shown].astype(str),
    }
    if coded is not None:
        arrays["decoded"] = coded.grey[shown]
    with whole_file(folder / "sheets" / "validation.npz") as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
