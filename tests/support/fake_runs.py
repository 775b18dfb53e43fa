"""Made-up folders of finished runs, with the files that trainings and evaluations write and a report reads."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy.stats import norm

HARDER = {"aligned": 0.1, "moved": 1.0}
LEVELS = {"Easy": 0.6, "Medium": 0.9, "Hard": 1.5, "all": 1.0}


class FakeRuns:
    """Writes run folders under `root`. Every figure is a function of the arguments, so that a test can compute it."""

    def __init__(self, root: Path, protocols: tuple[str, ...] = ("aligned", "moved")) -> None:
        self.root, self.protocols = root, protocols

    def autoencoder(
        self,
        name: str = "",
        *,
        backbone: str = "ridge",
        distortion: str = "mse",
        latent_dim: int = 128,
        view: str = "crop32",
        seed: int = 0,
        source: str = "socofing",
        mse: float | None = None,
        pca_mse: float | None = None,
        leave_out: tuple[str, ...] = (),
        settings: dict[str, Any] | None = None,
        figures: dict[str, Any] | None = None,
    ) -> Path:
        """One autoencoder run; `leave_out` names files it lacks, `settings` and `figures` change its figures."""
        folder = self.root / (name or f"{backbone}-{view}-{distortion}-{latent_dim}-{seed}")
        mse = mse_of(latent_dim, seed) if mse is None else mse
        config = {
            "verb": "train-autoencoder",
            "data": str(self.root / "store"),
            "run_dir": str(folder),
            "backbone": backbone,
            "view": view,
            "latent_dim": latent_dim,
            "distortion": distortion,
            "learning_rate": 0.002,
            "batch_size": 128,
            "max_epochs": 20,
            "seed": seed,
            **(settings or {}),
        }
        side = (32, 32) if view == "crop32" else (97, 90)
        evaluation = {
            "kind": "autoencoder",
            **reconstruction(backbone, view, distortion, latent_dim, mse, pca_mse, source),
            "matching": matching_rows("cosine on z", latent_dim, 3.0 if distortion == "mse" else 2.5, self.protocols),
            **(figures or {}),
        }
        self._write(folder, config, evaluation, leave_out, seed)
        if "sheets/validation.npz" not in leave_out:
            truth = ridges(12, side)
            noise = np.random.default_rng(latent_dim).normal(0, 255 * mse**0.5 / 2, truth.shape)
            (folder / "sheets").mkdir(parents=True)
            np.savez_compressed(
                folder / "sheets" / "validation.npz",
                truth=truth,
                x_hat=(truth + noise).clip(0, 255).astype(np.uint8),
                names=np.array([f"Real/{401 + i}__M_Left_index_finger" for i in range(12)]),
            )
        if "curves.npz" not in leave_out:
            np.savez_compressed(folder / "curves.npz", **curves("cosine on z", latent_dim, 3.0, self.protocols))
        return folder

    def matcher(
        self,
        name: str = "",
        *,
        latent_dim: int = 128,
        distortion: str = "mse",
        leave_out: tuple[str, ...] = (),
        settings: dict[str, Any] | None = None,
    ) -> Path:
        """One matcher run on a latent vector of `latent_dim` dims."""
        folder = self.root / (name or f"head-{distortion}-{latent_dim}")
        config = {
            "verb": "train-matcher",
            "data": str(self.root / "store"),
            "run_dir": str(folder),
            "model": str(self.root / f"ridge-{latent_dim}"),
            "comparator": "cosine",
            "loss": "infonce",
            "pairs": "mined",
            "movement": True,
            "seed": 0,
            **(settings or {}),
        }
        evaluation = {
            "kind": "matcher",
            **reconstruction("ridge", "crop32", distortion, latent_dim, mse_of(latent_dim, 0), None, "socofing"),
            "matching": matching_rows("head", latent_dim, 1.0, self.protocols),
        }
        self._write(folder, config, evaluation, leave_out, 0)
        if "curves.npz" not in leave_out:
            np.savez_compressed(folder / "curves.npz", **curves("head", latent_dim, 1.0, self.protocols))
        return folder

    def _write(
        self, folder: Path, config: dict[str, Any], evaluation: dict[str, Any], leave_out: tuple[str, ...], seed: int
    ) -> None:
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        environment = {
            "versions": {"python": "3.11.9", "torch": "2.13.0", "ridgecode": "0.1.0"},
            "commit": "18fc4b2d1c",
            "machine": {"system": "Linux x86_64", "cpu": "Imaginary CPU", "cores": 2, "threads": 2, "gpu": None},
            "seed": seed,
            "seconds": 303.4,
            "finished": True,
        }
        floor = evaluation["mse"] or 0.05
        metrics = [
            {
                "epoch": epoch,
                "step": 100 * (epoch + 1),
                "seconds": 15.0 * (epoch + 1),
                "train_loss": 0.85 * floor + 0.08 * 0.7**epoch,
                "val_loss": floor * (1 + 0.8 * 0.75**epoch),
                "val_mse": floor * (1 + 0.8 * 0.75**epoch),
                "learning_rate": 0.002,
                "crops_per_second": 1240.0,
            }
            for epoch in range(20)
        ]
        contents = {
            "environment.json": json.dumps(environment),
            "metrics.jsonl": "".join(json.dumps(entry) + "\n" for entry in metrics),
            "evaluation.json": json.dumps(evaluation),
        }
        for file, text in contents.items():
            if file not in leave_out:
                (folder / file).write_text(text)


def mse_of(latent_dim: int, seed: int) -> float:
    """An MSE that falls by a quarter with each doubling of the latent size, about as in real runs."""
    return 0.12 * (latent_dim / 8) ** -0.40 * (1 + 0.02 * seed)


def pca_mse_of(latent_dim: int) -> float:
    return 0.0145 + 0.11 * float(np.exp(-latent_dim / 190))


def reconstruction(
    backbone: str, view: str, distortion: str, latent_dim: int, mse: float, pca_mse: float | None, source: str
) -> dict[str, Any]:
    pca_mse = pca_mse_of(latent_dim) if pca_mse is None else pca_mse
    bce = 0.284 + 1.9 * mse if distortion.startswith("bce") else None
    return {
        "schema": 1,
        "split": "val",
        "source": source,
        "n_prints": 800,
        "n_subjects": 80,
        "view": view,
        "backbone": backbone,
        "distortion": distortion,
        "latent_dim": latent_dim,
        "mse": mse,
        "mse_low": mse * 0.98,
        "mse_high": mse * 1.02,
        "psnr_db": float(-10 * np.log10(mse)),
        "ssim": 1 - 5 * mse,
        "bce": bce,
        "bce_above_floor": bce - 0.284 if bce else None,
        "depth_bits": 8,
        "mse_at_depth": mse * 1.003,
        "mse_at_bits": {"4": mse * 1.1, "8": mse * 1.003},
        "bytes": latent_dim,
        "bpp": latent_dim * 8 / (1024 if view == "crop32" else 8730),
        "encode_per_second": 9123.0,
        "parameters": 2_034_567,
        "pca": {"mse": pca_mse, "psnr_db": float(-10 * np.log10(pca_mse)), "ssim": 0.4},
    }


def matching_rows(system: str, latent_dim: int, difficulty: float, protocols: tuple[str, ...]) -> list[dict[str, Any]]:
    """The rows of `system` and of two baselines on `protocols`, by level and by alteration."""
    rows = []
    systems = ((system, eer_of(latent_dim) * difficulty, latent_dim), ("pixels", 0.20, 8730), ("pca16", 0.25, 16))
    for protocol in protocols:
        for one, eer, size in systems:
            groups = [(level, "all", factor) for level, factor in LEVELS.items()]
            groups += [("all", alteration, factor) for alteration, factor in (("CR", 1.2), ("Obl", 0.7), ("Zcut", 1.1))]
            rows += [
                matching_row(one, protocol, *names, eer * HARDER[protocol] * factor, size) for *names, factor in groups
            ]
    return rows


def matching_row(system: str, protocol: str, level: str, alteration: str, eer: float, size: int) -> dict[str, Any]:
    return {
        "system": system,
        "protocol": protocol,
        "level": level,
        "alteration": alteration,
        "eer": eer,
        "eer_low": eer * 0.8,
        "eer_high": eer * 1.25,
        "fnmr_at_fmr_1": min(1.0, eer * 1.5),
        "fnmr_at_fmr_0_1": min(1.0, eer * 4),
        "fnmr_at_fmr_0_01": min(1.0, eer * 8),
        "auc": 1 - eer / 3,
        "d_prime": 2 / (0.1 + eer),
        "threshold": 0.731,
        "threshold_from": "val",
        "accuracy": 1 - eer,
        "precision": 0.98,
        "recall": 1 - 1.2 * eer,
        "tp": 2300,
        "fp": 40,
        "tn": 119_000,
        "fn": 100,
        "n_mated": 2400,
        "n_non_mated": 119_040,
        "n_subjects": 80,
        "bytes": size,
    }


def eer_of(latent_dim: int) -> float:
    return 0.06 * (latent_dim / 8) ** -0.3


def curves(system: str, latent_dim: int, difficulty: float, protocols: tuple[str, ...]) -> dict[str, np.ndarray]:
    """FMR and FNMR of two normal distributions that meet at the system's EER."""
    arrays = {}
    for protocol in protocols:
        for one, eer in ((system, eer_of(latent_dim) * difficulty), ("pixels", 0.20), ("pca16", 0.25)):
            half = -norm.ppf(eer * HARDER[protocol])
            thresholds = np.linspace(-half - 4, half + 4, 500)
            arrays[f"{one}|{protocol}|fmr"] = norm.sf(thresholds + half)
            arrays[f"{one}|{protocol}|fnmr"] = norm.cdf(thresholds - half)
    return arrays


def ridges(n: int, side: tuple[int, int]) -> np.ndarray:
    """(n, h, w) uint8 stripes of a ridge's period in n directions."""
    y, x = np.mgrid[: side[0], : side[1]]
    angles = np.linspace(0, np.pi, n, endpoint=False)[:, None, None]
    return np.rint(127.5 + 127.5 * np.sin(2 * np.pi / 4.5 * (x * np.cos(angles) + y * np.sin(angles)))).astype(np.uint8)
