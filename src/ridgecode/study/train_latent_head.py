"""Trains a Siamese head on the latent vectors of a frozen autoencoder."""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import filelock
import numpy as np
import torch

from ridgecode.autoencoders.pretrained import is_pretrained, model_file
from ridgecode.autoencoders.saved import SavedAutoencoder, load_autoencoder
from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.matching.comparisons import comparison_list
from ridgecode.matching.error_rates import error_rates, threshold_at_fmr
from ridgecode.matching.heads import LatentHead
from ridgecode.matching.measured import THRESHOLD_FMR
from ridgecode.matching.saved_matcher import MatcherFacts, load_matcher, save_matcher, sha256_of
from ridgecode.prints.store import PrintStore, read_about
from ridgecode.study.collapse_callback import CollapseCallback
from ridgecode.study.evaluate import Evaluate, evaluate_run
from ridgecode.study.lightning_fit import Hardware, fit
from ridgecode.study.matcher_run import AUTOENCODER_FILE
from ridgecode.study.matcher_training import (
    FingerData,
    FingerPrints,
    MatcherTraining,
    ValidationList,
    constant_floor,
    validation_list,
)
from ridgecode.study.matching_systems import Encoder, ScoredList, protocols_of
from ridgecode.study.recorder import Recorder
from ridgecode.study.run_folder import RunFolder, Stopwatch, default_run_dir, plain
from ridgecode.study.schedule import Budget
from ridgecode.study.tracked_evaluation import log_evaluation
from ridgecode.study.tracking import open_tracker
from ridgecode.study.train_autoencoder import TrainAutoencoder, train_autoencoder

if TYPE_CHECKING:
    from ridgecode.study.train_matcher import TrainMatcher

SHARED_AUTOENCODER = "autoencoder-whole-128"
LEARNING_RATE, BATCH_SIZE, MAX_EPOCHS = 1e-3, 256, 100
"""What 0 stands for in the configuration."""


def train_latent_head(config: "TrainMatcher") -> Path:
    """Runs the training; returns the run's folder. Raises BadInput for data that can't be used."""
    run = RunFolder(config.run_dir or default_run_dir("matcher", config.comparator, config.loss, f"seed{config.seed}"))
    store = PrintStore.open(config.data)
    protocols = protocols_of(store)
    if not protocols:
        raise BadInput(
            f"--data {config.data} has one print a finger; a matcher needs altered prints or several impressions"
        )
    fingers = FingerPrints.of(store, "train")
    if config.threads:
        torch.set_num_threads(config.threads)
    _check_model(config, run)
    with run.held():
        if not run.begun():
            # A refused or killed command may have left the copy of another model.
            (run.path / AUTOENCODER_FILE).unlink(missing_ok=True)
        run.begin("train-matcher", config, store.digest)
        return _train(config, run, store, fingers, protocols)


def _train(
    config: "TrainMatcher", run: RunFolder, store: PrintStore, fingers: FingerPrints, protocols: list[str]
) -> Path:
    if run.finished():
        print(f"{run.path} is finished already; choose another --run_dir to train again", file=sys.stderr)
        return run.path
    saved = _autoencoder(config, run)
    run.write_environment({"source": store.source, "ppi": read_about(config.data)["request"]["ppi"]})
    torch.manual_seed(config.seed)
    size = (saved.spec.latent_dim, config.hidden, config.embedding_dim)
    head = LatentHead(*size, config.comparator, saved.latent_mean, saved.latent_std)
    encoder = Encoder(saved)
    # The lists of `evaluate`, so that the threshold is the one that it finds.
    lists = {
        protocol: validation_list(encoder, ScoredList.of(store, comparison_list(store, "val", protocol)))
        for protocol in protocols
    }
    # What the head is meant for decides which epoch is best.
    judged = "moved" if "moved" in lists and config.movement else protocols[0]
    pairs = config.pairs if config.pairs != "auto" else ("mined" if config.loss == "triplet" else "random")
    budget = Budget(0, config.max_minutes, Stopwatch())
    learning_rate, batch_size = config.learning_rate or LEARNING_RATE, config.batch_size or BATCH_SIZE
    module = MatcherTraining(head, config.loss, pairs, lists, budget, learning_rate, config.seed)
    data = FingerData(fingers, encoder, batch_size, config.movement, config.seed)
    with open_tracker(config.tracker, run.path, plain(config), run.path.name, "train-matcher") as tracker:

        def save() -> None:
            save_matcher(run.model, head, _facts(head, config.loss, judged, lists[judged], saved))

        recorder = Recorder(run, tracker, f"val_eer_{judged}", save, rate="probes_per_second")
        hardware = Hardware(config.device, precision="32")
        # Mined pairs are chosen to stay hard, so that their loss tells nothing of a stall.
        floor = 0.0 if pairs == "mined" else constant_floor(config.loss, min(batch_size, len(fingers.reference)))
        watch = CollapseCallback(run, tracker, head, floor, config.stop_on_collapse)
        max_epochs = config.max_epochs or MAX_EPOCHS
        seconds = fit(run, module, data, recorder, hardware, max_epochs, config.early_stopping_patience, [watch])
        best = recorder.best_figures()
        facts = load_matcher(run.model).facts
        done = {"seconds": round(seconds, 3), "best_epoch": recorder.best_epoch}
        run.write_environment({**done, "threshold": facts.threshold, "threshold_fmr": facts.fmr})
        figures = {key: value for key, value in best.items() if key.startswith("val_")}
        tracker.summary({**figures, "best_epoch": recorder.best_epoch, "threshold": facts.threshold})
        tracker.log_model(run.model, f"matcher-{run.path.name}", {**plain(config), **figures})
        if config.evaluate:
            log_evaluation(tracker, run.path, evaluate_run(Evaluate(run=run.path, data=config.data)))
        run.write_environment({"finished": True})
        if tracker.is_on:
            print(tracker.where, file=sys.stderr)
    told = ", ".join(f"{name} {100 * value:.2f} %" for name, value in figures.items())
    print(f"best epoch {recorder.best_epoch}: {told}; the run lies in {run.path}")
    return run.path


def _autoencoder(config: "TrainMatcher", run: RunFolder) -> SavedAutoencoder:
    """Copies the autoencoder into the run, which then is all one needs; trains a shared one where none is named."""
    own = run.path / AUTOENCODER_FILE
    if own.is_file():
        return load_autoencoder(own)
    source = config.model
    if source is None:
        source = run.path.parent / SHARED_AUTOENCODER
        source.parent.mkdir(parents=True, exist_ok=True)
        # Runs of a sweep start together: the first trains, the others wait and share.
        with filelock.FileLock(source.parent / f".{SHARED_AUTOENCODER}.lock"):
            train_autoencoder(
                TrainAutoencoder(
                    data=config.data,
                    run_dir=source,
                    view="whole",
                    latent_dim=128,
                    max_minutes=config.autoencoder_minutes,
                    device=config.device,
                    tracker="none",
                    threads=config.threads,
                    evaluate=False,
                )
            )
    saved = load_autoencoder(source)
    with whole_file(own) as temporary:
        shutil.copyfile(model_file(source), temporary)
    return saved


def _check_model(config: "TrainMatcher", run: RunFolder) -> None:
    """Raises BadInput for a --model that can't be used, or is not the one that a broken or finished run has copied."""
    own = run.path / AUTOENCODER_FILE
    has_own = run.begun() and own.is_file()
    if config.model is None or (has_own and not (config.model.exists() or is_pretrained(config.model))):
        return
    load_autoencoder(config.model)
    if has_own and sha256_of(model_file(config.model)) != sha256_of(own):
        raise BadInput(
            f"--run_dir {run.path} holds a run on another autoencoder than --model {config.model}; choose another "
            "--run_dir or delete that folder"
        )


def _facts(
    head: LatentHead, loss: str, protocol: str, validation: ValidationList, saved: SavedAutoencoder
) -> MatcherFacts:
    # As the threshold is compared elsewhere: in float32 it would be rounded down to the score that it must reject.
    scores, mated = validation.scores(head).astype(np.float64), validation.scored.comparisons.mated
    threshold = threshold_at_fmr(error_rates(scores[mated], scores[~mated]), THRESHOLD_FMR)
    fmr = float((scores[~mated] >= threshold).mean())
    return MatcherFacts(loss, threshold, fmr, protocol, saved.sha256)
