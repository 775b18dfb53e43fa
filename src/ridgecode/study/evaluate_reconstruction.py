"""What an evaluation says of reconstruction: figures of the split's prints, PCA beside them, prints for sheets."""

import math
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
from ridgecode.prints.views import stack_prints
from ridgecode.study.autoencoder_training import windows
from ridgecode.study.pca_fit import fit_pca
from ridgecode.study.reconstruction_figures import ReconstructionFigures, measure, windows_per_second

SHEET_PRINTS = 12


def reconstruction_part(
    saved: SavedAutoencoder,
    store: PrintStore,
    rows: np.ndarray,
    train_prints: np.ndarray,
    depth_bits: int,
    folder: Path,
) -> dict[str, Any]:
    """Measures the prints of `rows`, writes per_print.parquet and sheets/validation.npz into `folder`, and returns the
    figures for evaluation.json. train_prints: (N, H, W), what PCA is fitted on."""
    prints = stack_prints(store, rows)
    figures = measure(saved, prints, depth_bits)
    names, subjects = store.column("name")[rows], store.column("subject")[rows]
    _write_prints(folder, figures, saved.spec.window.kept(prints), names)
    return _figures_part(saved, figures, subjects, depth_bits) | {
        "encode_per_second": round(windows_per_second(saved.net, windows(prints, saved.spec)), 1),
        "pca": _pca_part(saved, train_prints, prints),
    }


def _figures_part(
    saved: SavedAutoencoder, figures: ReconstructionFigures, subjects: np.ndarray, depth_bits: int
) -> dict[str, Any]:
    low, high = bootstrap_mean(figures.mse, subjects)
    spec = saved.spec
    size = latent_bytes(spec.latent_dim, depth_bits)
    pixels = math.prod(figures.x_hat.shape[1:])
    return {
        "n_prints": len(figures.mse),
        "n_subjects": len(np.unique(subjects)),
        "view": spec.view,
        "backbone": spec.backbone,
        "distortion": spec.distortion,
        "latent_dim": spec.latent_dim,
        "mse": float(figures.mse.mean()),
        "mse_low": low,
        "mse_high": high,
        "psnr_db": float(figures.psnr_db.mean()),
        "ssim": float(figures.ssim.mean()),
        "bce": float(figures.bce.mean()),
        "bce_above_floor": float((figures.bce - figures.bce_floor).mean()),
        "depth_bits": depth_bits,
        "mse_at_depth": float(figures.mse_at_depth.mean()),
        "bytes": size,
        "bpp": 8 * size / pixels,
        "parameters": sum(p.numel() for p in saved.net.parameters()) or sum(b.numel() for b in saved.net.buffers()),
    }


def _pca_part(saved: SavedAutoencoder, train_prints: np.ndarray, prints: np.ndarray) -> dict[str, float | None]:
    """PCA of the same dims on the same windows, fitted on the same prints; nulls where these can't give so many."""
    view = saved.spec.window
    try:
        # Whole prints always lie the same way, so PCA does best on them unmoved.
        pca = fit_pca(train_prints, view, saved.spec.latent_dim, "random" if view.print_shape is None else "centre", 0)
    except BadInput:
        return {"mse": None, "psnr_db": None, "ssim": None}
    twin = SavedAutoencoder(pca, saved.spec, pca.mean.new_zeros(1), pca.mean.new_ones(1), "")
    found = measure(twin, prints, 8)
    return {"mse": float(found.mse.mean()), "psnr_db": float(found.psnr_db.mean()), "ssim": float(found.ssim.mean())}


def _write_prints(folder: Path, figures: ReconstructionFigures, truth: np.ndarray, names: np.ndarray) -> None:
    """Figures per print as Parquet, and the first few prints with their reconstructions for sheets."""
    columns: dict[str, Any] = {"name": names.astype(str), "mse": figures.mse, "psnr_db": figures.psnr_db}
    columns |= {"ssim": figures.ssim, "mse_at_depth": figures.mse_at_depth}
    columns |= {"bce": figures.bce, "bce_above_floor": figures.bce - figures.bce_floor}
    with whole_file(folder / "per_print.parquet") as temporary:
        pq.write_table(pa.table(columns), temporary)
    # Evenly spread over the split, so that a sheet shows several subjects and fingers.
    some = np.linspace(0, len(names) - 1, min(SHEET_PRINTS, len(names))).astype(int)
    with whole_file(folder / "sheets" / "validation.npz") as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            truth=truth[some],
            x_hat=np.rint(figures.x_hat[some] * 255).astype(np.uint8),
            names=names[some].astype(str),
        )
