"""`ridgecode evaluate`: reconstruction and matching figures of a run, on a split and its protocols."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ridgecode.autoencoders.saved import SavedAutoencoder, load_autoencoder
from ridgecode.errors import BadInput
from ridgecode.matching.heads import LatentHead
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import stack_prints
from ridgecode.study.codec_evaluation import check_codec_flags, evaluate_codec
from ridgecode.study.evaluate_matching import MatchingPart, comparisons_per_second, judged_lists
from ridgecode.study.evaluate_reconstruction import reconstruction_part
from ridgecode.study.evaluate_siamese import evaluate_siamese
from ridgecode.study.evaluation import (
    Evaluate,
    check_out,
    check_run,
    check_store,
    finish,
    folder_of,
    is_model,
    json_of,
    protocols_wanted,
)
from ridgecode.study.evaluation_lists import scored_list
from ridgecode.study.evaluation_rows import LEAK, measured_rows
from ridgecode.study.matcher_run import is_siamese_run, load_matcher_run
from ridgecode.study.matching_systems import Encoder, baselines, latent_cosine, latent_head, protocols_of
from ridgecode.study.minutiae_evaluation import evaluate_minutiae
from ridgecode.study.repair_evaluation import repair_headline, repair_part
from ridgecode.study.run_folder import RunFolder
from ridgecode.study.tracked_evaluation import log_evaluation
from ridgecode.study.tracking import open_tracker

__all__ = ["Evaluate", "evaluate_command", "evaluate_run", "folder_of", "json_of"]


def evaluate_command(config: Evaluate) -> None:
    """Prints the headline of what `evaluate_run` found, or `evaluate_codec` of an image codec, or `evaluate_minutiae`
    where a minutiae matcher judges."""
    check_codec_flags(config)
    if config.matcher != "none":
        evaluate_minutiae(config)
        return
    if config.codec != "none":
        evaluate_codec(config)
        return
    found = evaluate_run(config)
    beside = folder_of(config)
    with open_tracker(config.tracker, config.run_path, {}, config.run_path.name, "evaluate") as tracker:
        log_evaluation(tracker, beside, found)
        if tracker.is_on:
            print(tracker.where, file=sys.stderr)
    if "mse" in found:
        pca = found["pca"]["mse"]
        print(
            f"{found['split']}: {found['n_prints']} prints, mse {found['mse']:.5f} [{found['mse_low']:.5f}, "
            f"{found['mse_high']:.5f}], psnr {found['psnr_db']:.2f} dB, ssim {found['ssim']:.4f}; "
            + ("too few prints for PCA" if pca is None else f"PCA mse {pca:.5f}")
        )
    for line in _parts(found):
        print(line)
    if (coded := found.get("coded")) is not None:
        print(
            f"coded: {coded['archive_bytes']:.1f} bytes a print in an archive, {coded['bytes']:.1f} as a file, of "
            f"which the payload is {coded['payload_bytes']:.1f} [{coded['payload_bytes_low']:.1f}, "
            f"{coded['payload_bytes_high']:.1f}], by the tables {coded['estimated_bytes']:.1f}; mse {coded['mse']:.5f} "
            f"[{coded['mse_low']:.5f}, {coded['mse_high']:.5f}], psnr {coded['psnr_db']:.2f} dB, ssim "
            f"{coded['ssim']:.4f}; {coded['encode_ms']:.1f} ms to code a print, {coded['decode_ms']:.1f} to decode"
        )
    for row in found["matching"]:
        if row["level"] == row["alteration"] == "all":
            print(
                f"{row['protocol']}, {row['system']}: EER {100 * row['eer']:.3f} % [{100 * row['eer_low']:.3f}, "
                f"{100 * row['eer_high']:.3f}], {row['n_mated']} mated, {row['n_non_mated']} non-mated"
            )
    for line in repair_headline(found):
        print(line)
    print(f"figures lie in {json_of(config)}")


def _parts(found: dict[str, Any]) -> list[str]:
    """A line for Real and altered prints together, and one for each data set, where they were measured."""
    parts = {"all files": found["all_files"]} if "all_files" in found else {}
    parts |= found.get("per_set", {})
    return [
        f"{name}: {part['n_prints']} prints, mse {part['mse']:.5f}, psnr {part['psnr_db']:.2f} dB, ssim "
        f"{part['ssim']:.4f}" + ("" if part["pca"]["mse"] is None else f"; PCA mse {part['pca']['mse']:.5f}")
        for name, part in parts.items()
    ]


def evaluate_run(config: Evaluate) -> dict[str, Any]:
    """Measures and writes; returns what the JSON holds. Raises BadInput for a run, store or list that can't be used."""
    if not 1 <= config.depth_bits <= 8:
        raise BadInput(f"--depth_bits is {config.depth_bits}; give 1 to 8")
    for flag, unset in (("levels", "all"), ("max_prints", 100), ("jobs", 0)):
        if getattr(config, flag) != unset:
            raise BadInput(f"--{flag} is for --matcher orb or bozorth3; leave it out without a minutiae matcher")
    run = config.run_path
    check_run(config)
    check_out(config)
    if config.window == "print" and config.protocols != "none":
        raise BadInput(
            "--window print is for reconstruction alone, since matchers compare frames; add --protocols none"
        )
    if config.threads:
        torch.set_num_threads(config.threads)
    if _is_matcher(run) and is_siamese_run(run):
        return evaluate_siamese(config)
    saved, head = _load(run)
    store = PrintStore.open(config.data)
    other_store = check_store(config, store)
    measured = measured_rows(config, store, saved.spec.window)
    by_file = measured.split == "file"
    if by_file and config.protocols not in ("auto", "none"):
        raise BadInput(f"--protocols {config.protocols} compares subjects, and {run} was split by file; give none")
    wanted = [] if by_file else protocols_wanted(config, store, protocols_of(store))
    beside = folder_of(config)

    train_prints = stack_prints(store, measured.train)
    about: dict[str, str] = {}
    fitted_on = train_prints
    if config.pca_data is not None:
        fitted_on, about = _prints_for_pca(config.pca_data)
    if by_file:
        print(f"ridgecode: {run} was {LEAK}", file=sys.stderr)
    content = {
        "schema": 1,
        "kind": "matcher" if head else "autoencoder",
        "split": measured.split,
        **({"leak": LEAK} if by_file else {}),
        "source": store.source,
        "data_digest": store.digest,
        "other_store": other_store,
        **({"window": "print"} if config.window == "print" else {}),
        **about,
        **reconstruction_part(saved, store, measured, fitted_on, config.depth_bits, beside),
    }
    if head is not None:
        content["parameters"] += sum(p.numel() for p in head.parameters())
    encoder = Encoder(saved)
    own = [latent_cosine(encoder), *([latent_head(encoder, head)] if head else [])]
    systems = [*own, *baselines(saved, train_prints)] if wanted else own
    part = MatchingPart()
    lists = config.comparisons or beside / "comparisons"
    for judged in judged_lists(store, config.split, wanted, lists, config.comparisons is not None):
        for system in systems:
            part.add(judged, system)
        if "comparisons_per_second" not in content:
            content["comparisons_per_second"] = round(comparisons_per_second(own[-1], judged.measured))
    if saved.spec.task == "repair" and head is None:
        given = config.comparisons is not None
        aligned = scored_list(store, config.split, "aligned", lists, given) if "aligned" in wanted else None
        content |= repair_part(saved, store, config.split, beside, systems, aligned)
    return finish(config, content, part)


def _prints_for_pca(path: Path) -> tuple[np.ndarray, dict[str, str]]:
    """The train prints of another store, and what evaluation.json says of it."""
    store = PrintStore.open(path)
    train = store.rows(split="train")
    if not len(train):
        raise BadInput(f"--pca_data {path} has no Real prints of train subjects; prepare more")
    return stack_prints(store, train), {"pca_source": store.source}


def _load(run: Path) -> tuple[SavedAutoencoder, LatentHead | None]:
    """The run's autoencoder, and its head where it is a matcher run."""
    if _is_matcher(run):
        matcher = load_matcher_run(run)
        return matcher.autoencoder, matcher.saved.head
    return load_autoencoder(run), None


def _is_matcher(run: Path) -> bool:
    """Whether it is a matcher run. Raises BadInput for a folder that is no run."""
    return not is_model(run) and RunFolder(run).read_config().get("verb") == "train-matcher"
