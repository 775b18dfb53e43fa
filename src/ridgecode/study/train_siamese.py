"""Trains an image Siamese system: the networks that match pixels, with the write-ups' recipes and ours."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from ridgecode.files import write_text
from ridgecode.matching.error_rates import error_rates, threshold_at_fmr
from ridgecode.matching.measured import THRESHOLD_FMR
from ridgecode.matching.siamese.saved import SiameseFacts, load_siamese, save_siamese
from ridgecode.matching.siamese.summary import summary
from ridgecode.matching.siamese.systems import RECIPES, Network, build_siamese, constant_floor, siamese_spec
from ridgecode.prints.store import PrintStore, read_about
from ridgecode.study.collapse_callback import CollapseCallback
from ridgecode.study.evaluate import Evaluate, evaluate_run
from ridgecode.study.lightning_fit import Hardware, fit
from ridgecode.study.recorder import Recorder
from ridgecode.study.run_folder import RunFolder, Stopwatch, default_run_dir, plain
from ridgecode.study.schedule import Budget
from ridgecode.study.siamese_lists import save_pair_lists
from ridgecode.study.siamese_pairs import SiameseImages, SiamesePairs, siamese_pairs
from ridgecode.study.siamese_store import siamese_store
from ridgecode.study.siamese_training import SiameseData, SiameseTraining
from ridgecode.study.tracked_evaluation import log_evaluation
from ridgecode.study.tracking import open_tracker

if TYPE_CHECKING:
    from ridgecode.study.train_matcher import TrainMatcher


def train_siamese(config: "TrainMatcher") -> Path:
    """Runs the training; returns the run's folder. Raises BadInput for data that can't be used."""
    assert config.system != "latent"
    run = RunFolder(config.run_dir or default_run_dir(config.system, config.recipe, f"seed{config.seed}"))
    if config.threads:
        torch.set_num_threads(config.threads)
    with run.held():
        store = siamese_store(config.source, config.system, config.data, run.path, fresh=not run.begun())
        shape = int(store.column("height")[0]), int(store.column("width")[0])
        size = config.image_height, config.image_width, config.channels
        spec = siamese_spec(config.system, config.recipe, shape, *size)
        torch.manual_seed(config.seed)
        net = build_siamese(spec)
        if run.finished():
            run.begin("train-matcher", config, store.digest)  # tells where it was trained with other settings
            print(f"{run.path} is finished already; choose another --run_dir to train again", file=sys.stderr)
            return run.path
        data = SiameseImages(store, spec)
        default = RECIPES[config.system, config.recipe].split_by
        pairs = siamese_pairs(data, config.split_by, default, config.seed, config.n_pairs, config.pair_list)
        run.begin("train-matcher", config, store.digest)
        return _train(config, run, store, data, pairs, net)


def _train(
    config: "TrainMatcher", run: RunFolder, store: PrintStore, data: SiameseImages, pairs: SiamesePairs, net: Network
) -> Path:
    spec, recipe = data.spec, RECIPES[config.system, config.recipe]
    parameters = sum(p.numel() for p in net.parameters())
    about = {"source": store.source, "ppi": read_about(store.path)["request"]["ppi"], "input": spec.input}
    run.write_environment({**about, "parameters": parameters, "split_by": pairs.split_by})
    write_text(run.path / "summary.md", summary(net, spec))
    val = save_pair_lists(run.path, data, pairs)
    budget = Budget(0, config.max_minutes, Stopwatch())
    module = SiameseTraining(net, spec, recipe, val, budget, config.learning_rate or recipe.learning_rate)
    batches = SiameseData(data, pairs, config.batch_size or recipe.batch_size, recipe.movement, config.seed)
    with open_tracker(config.tracker, run.path, plain(config), run.path.name, "train-matcher") as tracker:

        def save() -> None:
            # The scores of the validation that has just chosen this epoch.
            save_siamese(run.model, net, spec, _facts(module.scores, val.comparisons.mated, pairs.augment))

        recorder = Recorder(run, tracker, "val_loss", save, rate="pairs_per_second")
        floor = constant_floor(net, float(pairs.train(0).mated.mean()))
        watch = CollapseCallback(run, tracker, net, floor, config.stop_on_collapse)
        hardware = Hardware(config.device, precision="32")
        epochs = config.max_epochs or recipe.max_epochs
        seconds = fit(run, module, batches, recorder, hardware, epochs, config.early_stopping_patience, [watch])
        facts = load_siamese(run.model).facts
        done = {"seconds": round(seconds, 3), "best_epoch": recorder.best_epoch}
        run.write_environment({**done, "threshold": facts.threshold, "threshold_fmr": facts.fmr})
        figures = {key: value for key, value in recorder.best_figures().items() if key.startswith("val_")}
        tracker.summary({**figures, "best_epoch": recorder.best_epoch, "threshold": facts.threshold})
        tracker.log_model(run.model, f"matcher-{run.path.name}", {**plain(config), **figures})
        if config.evaluate:
            log_evaluation(tracker, run.path, evaluate_run(Evaluate(run=run.path, data=store.path)))
        run.write_environment({"finished": True})
        if tracker.is_on:
            print(tracker.where, file=sys.stderr)
    told = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
    print(f"best epoch {recorder.best_epoch}: {told} (pairs split by {pairs.split_by}); the run lies in {run.path}")
    return run.path


def _facts(scores: np.ndarray, mated: np.ndarray, augment: bool) -> SiameseFacts:
    # As the threshold is compared elsewhere: in float32 it would be rounded down to the score that it must reject.
    scores = scores.astype(np.float64)
    threshold = threshold_at_fmr(error_rates(scores[mated], scores[~mated]), THRESHOLD_FMR)
    return SiameseFacts(threshold, float((scores[~mated] >= threshold).mean()), augment)
