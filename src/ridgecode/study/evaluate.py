"""`ridgecode evaluate`: reconstruction and matching figures of a run, on a split and its protocols."""

import json
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from ridgecode.autoencoders.saved import SavedAutoencoder, load_autoencoder
from ridgecode.codec.quantise import latent_bytes
from ridgecode.errors import BadInput
from ridgecode.files import whole_file, write_text
from ridgecode.matching.bootstrap import bootstrap_mean
from ridgecode.matching.comparisons import PROTOCOLS
from ridgecode.matching.error_rates import error_rates, threshold_at_fmr
from ridgecode.matching.heads import LatentHead
from ridgecode.matching.measured import THRESHOLD_FMR, curves, matching_table
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import stack_prints
from ridgecode.study.autoencoder_training import windows
from ridgecode.study.evaluation_lists import has_non_mated, scored_list
from ridgecode.study.matcher_run import AUTOENCODER_FILE, load_matcher_run
from ridgecode.study.matching_systems import (
    Encoder,
    baselines,
    latent_cosine,
    latent_head,
    protocols_of,
)
from ridgecode.study.minutiae_evaluation import evaluate_minutiae
from ridgecode.study.pca_fit import fit_pca
from ridgecode.study.reconstruction_figures import ReconstructionFigures, measure, windows_per_second
from ridgecode.study.run_folder import RunFolder, default_data
from ridgecode.study.tracked_evaluation import log_evaluation
from ridgecode.study.tracking import open_tracker

SHEET_PRINTS = 12
_RUN_FILES = (
    *("config.yaml", "environment.json", "metrics.jsonl", "tracker.json", "last.ckpt"),
    *("model.safetensors", AUTOENCODER_FILE, "per_print.parquet", "curves.npz"),
)


@dataclass(frozen=True)
class Evaluate:
    """Measures a run: what its reconstructions lose, and how well its latent vectors match.

    per_print.parquet, curves.npz, sheets/ and the comparison lists go to the run's folder, or for a split other than
    val to evaluation-SPLIT in it. With --out x.json they go to the folder x-files beside it, and the run's own are left
    as they are.

    With --matcher a minutiae matcher judges instead: the run's reconstructions (--protocol reconstruction, which takes
    a run on whole prints), or the store's own prints in any other protocol, which takes no run but --out then. The
    figures go to minutiae-MATCHER-PROTOCOL.json; templates are kept beside it, and a stopped command goes on with them.

    Args:
        run: folder of a train-autoencoder or train-matcher run
        data: prepared store (default: the environment variable RIDGECODE_DATA, else ./store)
        split: which subjects: train, val, test, or all
        out: JSON file for the figures (default: evaluation.json in that folder)
        protocols: of matching, by commas: aligned, moved, fvc, fvc-all; auto for those the store allows, none for none;
            with --matcher one of them or reconstruction, which auto stands for where there is a run
        matcher: none, or a minutiae matcher: orb (scikit-image), or bozorth3 (NIST's; needs the extra minutiae)
        levels: of the altered probes that --matcher judges, by commas: Easy, Medium, Hard; or all
        max_prints: Real prints that --matcher judges, spread evenly over the subjects
        jobs: processes that --matcher takes, one thread each; 0 takes all processors
        comparisons: folder of comparison lists, read where they are there, written where not (default: comparisons/
            in that folder)
        depth_bits: bits a latent dim at which bytes and mse_at_depth are stated, 1 to 8
        tracker: wandb (adds the figures to the run's own W&B run; online with a login, else offline) or none
        threads: processor threads; 0 takes all
    """

    run: Path | None = None
    data: Path = field(default_factory=default_data)
    split: Literal["train", "val", "test", "all"] = "val"
    out: Path | None = None
    protocols: str = "auto"
    matcher: Literal["none", "orb", "bozorth3"] = "none"
    levels: str = "all"
    max_prints: int = 100
    jobs: int = 0
    comparisons: Path | None = None
    depth_bits: int = 8
    tracker: Literal["wandb", "none"] = "none"
    threads: int = 0

    @property
    def run_path(self) -> Path:
        """The run's folder. Raises BadInput where none was given."""
        if self.run is None:
            raise BadInput("--run is missing: give the folder of a train-autoencoder or train-matcher run")
        return self.run


def evaluate_command(config: Evaluate) -> None:
    """Prints the headline of what `evaluate_run` found, or `evaluate_minutiae` where a minutiae matcher judges."""
    if config.matcher != "none":
        evaluate_minutiae(config)
        return
    found = evaluate_run(config)
    beside = folder_of(config)
    with open_tracker(config.tracker, config.run_path, {}, config.run_path.name, "evaluate") as tracker:
        log_evaluation(tracker, beside, found)
        if tracker.is_on:
            print(tracker.where, file=sys.stderr)
    pca = found["pca"]["mse"]
    print(
        f"{config.split}: {found['n_prints']} prints, mse {found['mse']:.5f} [{found['mse_low']:.5f}, "
        f"{found['mse_high']:.5f}], psnr {found['psnr_db']:.2f} dB, ssim {found['ssim']:.4f}; "
        + ("too few prints for PCA" if pca is None else f"PCA mse {pca:.5f}")
    )
    for row in found["matching"]:
        if row["level"] == row["alteration"] == "all":
            print(
                f"{row['protocol']}, {row['system']}: EER {100 * row['eer']:.3f} % [{100 * row['eer_low']:.3f}, "
                f"{100 * row['eer_high']:.3f}], {row['n_mated']} mated, {row['n_non_mated']} non-mated"
            )
    print(f"figures lie in {json_of(config)}")


def evaluate_run(config: Evaluate) -> dict[str, Any]:
    """Measures and writes; returns what the JSON holds. Raises BadInput for a run, store or list that can't be used."""
    if not 1 <= config.depth_bits <= 8:
        raise BadInput(f"--depth_bits is {config.depth_bits}; give 1 to 8")
    for flag, unset in (("levels", "all"), ("max_prints", 100), ("jobs", 0)):
        if getattr(config, flag) != unset:
            raise BadInput(f"--{flag} is for --matcher orb or bozorth3; leave it out without a minutiae matcher")
    _check_out(config)
    if config.threads:
        torch.set_num_threads(config.threads)
    saved, head = _load(config.run_path)
    store = PrintStore.open(config.data)
    trained_on = RunFolder(config.run_path).read_environment()
    other_store = store.source != "socofing" and trained_on.get("data_digest") != store.digest
    if other_store and trained_on.get("source", store.source) == store.source:
        print(
            f"ridgecode: {config.run_path} was not trained on {config.data}, whose subjects are split by chance: some "
            f"of the split {config.split} may have been trained on",
            file=sys.stderr,
        )
    wanted = _protocols(config.protocols, store, config.split)
    train, rows = store.rows(split="train"), store.rows(split=config.split)
    if not len(rows) or not len(train):
        raise BadInput(f"--data {config.data} has no Real prints in the split {config.split} or in train; prepare more")
    beside = folder_of(config)

    train_prints, prints = stack_prints(store, train), stack_prints(store, rows)
    x = windows(prints, saved.spec)
    figures = measure(saved, prints, config.depth_bits)
    names, subjects = store.column("name")[rows], store.column("subject")[rows]
    content = _reconstruction_part(saved, figures, subjects, config) | {
        "kind": "matcher" if head else "autoencoder",
        "source": store.source,
        "other_store": other_store,
        "encode_per_second": round(windows_per_second(saved.net, x), 1),
        "pca": _pca_part(saved, train_prints, prints),
    }
    _write_prints(beside, figures, saved.spec.window.kept(prints), names)

    encoder = Encoder(saved)
    systems = [latent_cosine(encoder), *([latent_head(encoder, head)] if head else [])]
    if wanted:
        systems += baselines(saved, train_prints)
    table: list[dict[str, Any]] = []
    lines: dict[str, np.ndarray] = {}
    # Every choice comes from validation, the threshold too; a set of one validation subject gives none, and then the
    # table says that the threshold was chosen on the comparisons that it is measured on.
    lists = config.comparisons or beside / "comparisons"
    chosen_on = "val" if has_non_mated(store, "val") else config.split
    for protocol in wanted:
        scored = scored_list(store, config.split, protocol, lists, config.comparisons is not None)
        on_val = None
        if config.split != chosen_on:
            on_val = scored_list(store, chosen_on, protocol, lists, config.comparisons is not None)
        for system in systems:
            scores = scored.scores(system)
            threshold = None
            if on_val is not None:
                val_scores, mated = on_val.scores(system), on_val.comparisons.mated
                threshold = threshold_at_fmr(error_rates(val_scores[mated], val_scores[~mated]), THRESHOLD_FMR)
            found = matching_table(scores, scored.comparisons, system.name, system.bytes, threshold, chosen_on)
            table += [row.as_json() for row in found]
            curve = curves(scores, scored.comparisons.mated)
            lines |= {f"{system.name}|{protocol}|fmr": curve.fmr, f"{system.name}|{protocol}|fnmr": curve.fnmr}
    content["matching"] = table
    with whole_file(beside / "curves.npz") as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **lines)
    write_text(json_of(config), json.dumps(content, indent=1) + "\n")
    return content


def folder_of(config: Evaluate) -> Path:
    """Where an evaluation's files go: figures on validation subjects are the run's own, others have their folder."""
    own = config.run_path if config.split == "val" else config.run_path / f"evaluation-{config.split}"
    if config.out is None or config.out.resolve() == (own / "evaluation.json").resolve():
        return own
    return config.out.with_name(f"{config.out.name.removesuffix('.json')}-files")


def json_of(config: Evaluate) -> Path:
    """The evaluation's JSON."""
    return config.out or folder_of(config) / "evaluation.json"


def _load(run: Path) -> tuple[SavedAutoencoder, LatentHead | None]:
    """The run's autoencoder, and its head where it is a matcher run."""
    if RunFolder(run).read_config().get("verb") == "train-matcher":
        matcher = load_matcher_run(run)
        return matcher.autoencoder, matcher.saved.head
    return load_autoencoder(run), None


def _protocols(text: str, store: PrintStore, split: str) -> list[str]:
    if text == "none":
        return []
    if text == "auto":
        # One subject gives no non-mated comparison: a small set is still worth its reconstruction figures.
        return protocols_of(store) if has_non_mated(store, split) else []
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    for name in wanted:
        if name == "reconstruction":
            raise BadInput("--protocol reconstruction is judged by a minutiae matcher; add --matcher orb or bozorth3")
        if name not in PROTOCOLS:
            raise BadInput(f"--protocols {name} is unknown; give auto, none, or some of {', '.join(PROTOCOLS)}")
    return wanted


def _check_out(config: Evaluate) -> None:
    """Raises BadInput, before anything is measured, for an --out that is a folder or one of the run's own files."""
    if config.out is None:
        return
    if not config.out.name or config.out.is_dir():
        raise BadInput(f"--out {config.out} is a folder; give a file, such as metrics.json")
    if config.out.resolve().parent == config.run_path.resolve() and (
        config.out.name in _RUN_FILES or (config.out.name == "evaluation.json" and config.split != "val")
    ):
        raise BadInput(f"--out {config.out} is a file of the run with other content; give another --out")


def _reconstruction_part(
    saved: SavedAutoencoder, figures: ReconstructionFigures, subjects: np.ndarray, config: Evaluate
) -> dict[str, Any]:
    low, high = bootstrap_mean(figures.mse, subjects)
    spec = saved.spec
    size = latent_bytes(spec.latent_dim, config.depth_bits)
    pixels = math.prod(figures.x_hat.shape[1:])
    return {
        "schema": 1,
        "kind": "autoencoder",
        "split": config.split,
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
        "depth_bits": config.depth_bits,
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
