"""Made-up files and runs whose rate-distortion curves are known in closed form."""

import json
from pathlib import Path
from typing import Any

import numpy as np

JPEG_2000 = {200: 0.08, 400: 0.04, 800: 0.02, 1600: 0.01}
"""MSE by bytes: half the MSE at twice the bytes, so bytes at an MSE are 16 / MSE."""
TRUTH = np.arange(8 * 97 * 90, dtype=np.uint32).reshape(8, 97, 90).astype(np.uint8)
NAMES = [f"Real/{401 + i}__M_Left_index_finger" for i in range(8)]


def codec_file(path: Path, codec: str, points: dict[float, float], header: float = 100, **changes: Any) -> Path:
    """A file of `ridgecode evaluate --codec` with its sheet; points: MSE by bytes, the n-th at quality n."""
    rows = [
        {
            **{"quality": i, "bytes": size, "bytes_low": size, "bytes_high": size},
            **{"bytes_without_header": size - header, "mse": mse, "mse_low": 0.9 * mse, "mse_high": 1.1 * mse},
            **{"psnr_db": float(-10 * np.log10(mse)), "ssim": 1 - mse, "encode_ms": 1.5, "decode_ms": 0.25},
        }
        for i, (size, mse) in enumerate(points.items())
    ]
    about = {"view": "whole", "split": "val", "source": "socofing", "n_prints": 800, "n_subjects": 80}
    content = {"schema": 1, "kind": "codec", "codec": codec, **about, "points": rows, **changes}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    sheets = path.with_name(f"{path.stem}-files") / "sheets"
    sheets.mkdir(parents=True)
    x_hat = np.stack([TRUTH // (2 + i) for i in range(len(points))])
    np.savez(sheets / "qualities.npz", truth=TRUTH, names=NAMES, qualities=np.arange(len(points)), x_hat=x_hat)
    return path


def coded_runs(fake_runs: Any, points: dict[float, float], archive: bool = True) -> list[Path]:
    """A run a point: MSE by bytes in an archive, of which the payload is 6 bytes less."""
    runs = []
    for i, (size, mse) in enumerate(points.items()):
        coded: dict[str, float] = {"payload_bytes": size - 6, "mse": mse, "mse_low": 0.9 * mse, "mse_high": 1.1 * mse}
        coded |= {"psnr_db": 20.0, "ssim": 0.9, "encode_ms": 3.0, "decode_ms": 4.0, "bpp": 0.5}
        coded |= {"bytes": size + 10, "archive_bytes": size} if archive else {}
        settings = {"rate_weight": 0.01 * (i + 1), "start_from": f"runs/{i}"}
        run = fake_runs.autoencoder(f"coded-{i}", view="whole", settings=settings, figures={"coded": coded})
        arrays = {"truth": TRUTH, "x_hat": TRUTH // 9, "names": NAMES, "decoded": TRUTH // 8}
        np.savez(run / "sheets" / "validation.npz", **arrays)
        runs.append(run)
    return runs


def minutiae_file(path: Path, **about: Any) -> Path:
    row = {
        "tar_at_fmr_1": 0.75,
        "tar_at_fmr_0_1": 0.5,
        "tar_at_fmr_0_1_low": 0.4,
        "tar_at_fmr_0_1_high": 0.6,
        "eer": 0.1,
    }
    row |= {"n_mated": 200, "n_non_mated": 4_000}
    agreed = {"f1": 0.625, "f1_low": 0.6, "f1_high": 0.65, "precision": 0.7, "recall": 0.6}
    content = {"schema": 1, "kind": "minutiae", "matcher": "orb", "protocol": "reconstruction", "split": "val"}
    content |= {"source": "socofing", "n_prints": 40, "levels": [], "matching": [row], "agreement": agreed}
    path.write_text(json.dumps(content | about))
    return path


def table(text: str, start: str) -> list[list[str]]:
    """The cells of the first table whose caption begins so, without its head."""
    rows = text[text.index(start) :].split("\n\n")[1].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
