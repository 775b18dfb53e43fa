"""`ridgecode train-siamese`: trains an image Siamese system."""

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ridgecode.commands.settings.train_siamese import TrainSiamese
from ridgecode.commands.train.checks import check_at_least
from ridgecode.commands.train.finish import finish_training, print_finished_before
from ridgecode.commands.train.ridge import train_ridge
from ridgecode.commands.train.ridge_settings import check_not_ridge
from ridgecode.errors import BadInput
from ridgecode.files import write_text
from ridgecode.matching.comparisons import Comparisons
from ridgecode.matching.decision_threshold import decision_threshold
from ridgecode.matching.matching_table import THRESHOLD_FMR
from ridgecode.matching.rate_text import eer_phrase
from ridgecode.matching.siamese.images import SiameseImages
from ridgecode.matching.siamese.input_size import check_input_size, chosen_spec
from ridgecode.matching.siamese.lists import save_pair_lists
from ridgecode.matching.siamese.memory import Work, check_training_memory
from ridgecode.matching.siamese.pairs import SiamesePairs, siamese_pairs
from ridgecode.matching.siamese.saved import SiameseFacts, load_siamese, save_siamese
from ridgecode.matching.siamese.store import siamese_store
from ridgecode.matching.siamese.summary import summary
from ridgecode.matching.siamese.systems import RECIPES, Network, build_siamese, constant_floor
from ridgecode.prints.store import PrintStore, read_about
from ridgecode.runs.default_folders import default_run_dir
from ridgecode.runs.hardware import Hardware, use_threads
from ridgecode.runs.memory import free_gpu_memory, free_memory
from ridgecode.runs.run_folder import RunFolder, plain
from ridgecode.runs.tracking import open_tracker
from ridgecode.training.collapse_callback import CollapseCallback
from ridgecode.training.fit import fit
from ridgecode.training.recorder import Recorder
from ridgecode.training.schedule import Budget, Stopwatch
from ridgecode.training.siamese import SiameseData, SiameseTraining

_NAMED = 3
"""Names that a message lists."""


def train_siamese(settings: TrainSiamese) -> Path:
    """Runs the training; returns the run's folder. Raises BadInput for settings or data that can't be used."""
    if settings.system == "ridge":
        return train_ridge(settings)
    check_not_ridge(settings)
    counts = ("max_epochs", "early_stopping_patience", "threads", "seed", "n_pairs", "image_height", "image_width")
    check_at_least(settings, 0, (*counts, "max_minutes", "learning_rate"))
    if settings.batch_size != 0 and settings.batch_size < 2:
        raise BadInput(f"--batch_size is {settings.batch_size}; pairs need 2 or more")
    check_input_size(settings.image_height, settings.image_width)
    hardware = Hardware(settings.device)
    hardware.check()
    run = RunFolder(settings.run_dir or default_run_dir(settings.system, settings.recipe, f"seed{settings.seed}"))
    use_threads(settings.threads)
    with run.held():
        store = siamese_store(settings.source, settings.system, settings.data, run.path, fresh=not run.begun())
        size = settings.image_height, settings.image_width, settings.channels
        spec, note = chosen_spec(settings.system, settings.recipe, store, *size)
        check_input_size(spec.height, spec.width)  # one of them may follow from the other
        if run.finished():
            run.begin("train-siamese", settings, store.digest)  # refuses a run that has other settings
            print_finished_before(run)
            return run.path
        recipe = RECIPES[settings.system, settings.recipe]
        work = Work(settings.batch_size or recipe.batch_size, len(store), settings.n_pairs)
        free = free_gpu_memory if hardware.gpu else free_memory
        check_training_memory(spec, work, free(), warn=True)
        if note:
            print(f"ridgecode: {note}", file=sys.stderr)
        data = SiameseImages(store, spec)
        _print_single_images(data)
        drawn = settings.seed, settings.n_pairs, settings.pair_list, recipe.whole_batch
        pairs = siamese_pairs(data, settings.split_by, recipe.split_by, *drawn)
        n_validated = len(np.unique(pairs.val.probe)) + len(np.unique(pairs.val.reference))
        check_training_memory(spec, work._replace(n_validated=n_validated, whole_batch=pairs.whole_batch), free())
        torch.manual_seed(settings.seed)
        net = build_siamese(spec)
        run.begin("train-siamese", settings, store.digest)
        return _train(settings, run, store, data, pairs, net)


def _print_single_images(data: SiameseImages) -> None:
    """Prints which identities have a single image, which only non-mated pairs can take."""
    alone = data.alone()
    if len(alone):
        names = ", ".join(alone[:_NAMED]) + (", .." if len(alone) > _NAMED else "")
        print(
            f"ridgecode: {len(alone)} of {data.identity.max() + 1} identities have one image and are in non-mated "
            f"pairs only: {names}",
            file=sys.stderr,
        )


def _train(
    settings: TrainSiamese, run: RunFolder, store: PrintStore, data: SiameseImages, pairs: SiamesePairs, net: Network
) -> Path:
    spec, recipe = data.spec, RECIPES[settings.system, settings.recipe]
    parameters = sum(p.numel() for p in net.parameters())
    about = {"source": store.source, "ppi": read_about(store.path)["request"]["ppi"], "input": spec.input}
    run.write_environment({**about, "parameters": parameters, "split_by": pairs.split_by})
    write_text(run.path / "summary.md", summary(net, spec))
    val = save_pair_lists(run.path, data, pairs)
    budget = Budget(0, settings.max_minutes, Stopwatch())
    learning_rate = settings.learning_rate or recipe.learning_rate
    module = SiameseTraining(net, spec, recipe, pairs.whole_batch, val, budget, learning_rate)
    batches = SiameseData(data, pairs, settings.batch_size or recipe.batch_size, recipe.movement, settings.seed)
    with open_tracker(settings.tracker, run.path, plain(settings), run.path.name, "train-siamese") as tracker:

        def save() -> None:
            # The scores of the validation that has just chosen this epoch.
            save_siamese(run.model, net, spec, _facts(module.scores, val.comparisons, pairs.augment))

        recorder = Recorder(run, tracker, "val_loss", save, rate="pairs_per_second")
        floor = constant_floor(net, float(pairs.train(0).mated.mean()))
        if pairs.whole_batch:
            floor = math.log(2) + math.log(batches.batch_size)  # cross-entropy of both kinds, and InfoNCE
        watch = CollapseCallback(run, tracker, net, floor, settings.stop_on_collapse)
        hardware = Hardware(settings.device, precision="32")
        epochs = settings.max_epochs or recipe.max_epochs
        seconds = fit(run, module, batches, recorder, hardware, epochs, settings.early_stopping_patience, [watch])
        facts = load_siamese(run.model).facts
        end = {"seconds": round(seconds, 3), "threshold": facts.threshold, "threshold_fmr": facts.fmr}
        end["threshold_n_non_mated"] = int((~val.comparisons.mated).sum())
        best = recorder.best_figures()
        finish_training(run, tracker, plain(settings), best, end, store.path if settings.evaluate else None)
    print(f"best epoch {best['epoch']}: {best_text(best, pairs)}; the run lies in {run.path}")
    return run.path


def best_text(best: Mapping[str, Any], pairs: SiamesePairs) -> str:
    """The figures of the best epoch, and the pairs that they are of."""
    n_mated, n_non_mated = int(pairs.val.mated.sum()), int((~pairs.val.mated).sum())
    figures = {name: f"{value:.4f}" for name, value in best.items() if name.startswith("val_")}
    figures["val_eer"] = eer_phrase(best["val_eer"], n_mated, n_non_mated)
    text = ", ".join(f"{name} {value}" for name, value in figures.items())
    return f"{text} (on {n_mated:,} mated and {n_non_mated:,} non-mated pairs, split by {pairs.split_by})"


def _facts(scores: np.ndarray, comparisons: Comparisons, augment: bool) -> SiameseFacts:
    threshold, fmr, counts = decision_threshold(scores, comparisons, THRESHOLD_FMR)
    return SiameseFacts(threshold, fmr, augment, counts)
