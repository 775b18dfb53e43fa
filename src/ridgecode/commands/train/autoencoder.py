"""`ridgecode train-autoencoder`: one autoencoder run."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.autoencoders.pca_fit import check_latent_dim
from ridgecode.codec.fit import fit_codec
from ridgecode.codec.full_codec import FULL_PPI
from ridgecode.commands.settings.train_autoencoder import TrainAutoencoder
from ridgecode.commands.train.autoencoder_spec import check_settings, hardware_of, spec_of
from ridgecode.commands.train.finish import finish_training, print_finished_before
from ridgecode.errors import BadInput
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.names import ViewName
from ridgecode.prints.store import PrintStore, joint_digest
from ridgecode.prints.training_rows import MAX_VALIDATION_FILES, takes_all_levels, training_rows
from ridgecode.prints.views import VIEWS
from ridgecode.runs.default_folders import default_run_dir
from ridgecode.runs.hardware import use_threads
from ridgecode.runs.run_folder import RunFolder, plain
from ridgecode.runs.tracking import Tracker, open_tracker
from ridgecode.training.autoencoder import PrintWindows
from ridgecode.training.autoencoder_fit import TrainingPlan, fit_network, fit_pca_run
from ridgecode.training.full_patches import FullPatches
from ridgecode.training.identity import IdentityPrints, IdentityWindows, identity_prints
from ridgecode.training.machines import is_first_process
from ridgecode.training.repair import RepairPrints, RepairWindows, repair_prints
from ridgecode.training.views.shared_batches import StoreShares, store_paths

BATCH_SIZES: dict[ViewName, int] = {"crop32": 64, "whole": 16, "full": 8}


def train_autoencoder(settings: TrainAutoencoder) -> Path:
    """Runs the training; returns the run's folder. Raises BadInput for settings or data that can't be used."""
    check_settings(settings)
    run_dir = settings.run_dir or default_run_dir(
        *(["repair"] if settings.task == "repair" else []),
        settings.backbone,
        settings.view,
        settings.latent_dim,
        settings.distortion,
        f"seed{settings.seed}",
    )
    run = RunFolder(run_dir)
    if settings.view == "full":
        return _train_full(settings, run)
    store = PrintStore.open(settings.data).at_ppi(CANONICAL_PPI)
    train, val = training_rows(store, settings.split_by, settings.train_levels, settings.seed)
    if takes_all_levels(settings.split_by, settings.train_levels):
        val = val[:MAX_VALIDATION_FILES]
    if not len(train) or not len(val):
        raise BadInput(
            f"--data {settings.data} has {len(train)} Real prints of train subjects and {len(val)} of validation "
            "subjects; prepare a store with more subjects"
        )
    train_prints, val_prints = store.stack(train), store.stack(val)
    view = VIEWS[settings.view]
    if view.print_shape is None and min(train_prints.shape[1:]) < view.height:
        raise BadInput(
            f"--view {settings.view} needs prints of {view.height} pixels a side or more, those of --data "
            f"{settings.data} have {min(train_prints.shape[1:])}; take --view whole, or prepare larger images"
        )
    if settings.backbone == "pca":
        # Before the run begins: a refused command leaves no folder in the way of the right one.
        check_latent_dim(len(train), view, settings.latent_dim, settings.train_crops)
    beside: RepairPrints | IdentityPrints | None = None
    if settings.task == "repair":
        beside = repair_prints(store)
    elif settings.identity_weight:
        beside = identity_prints(store)
    first = is_first_process(hardware_of(settings))
    with run.held() if first else nullcontext():
        if first:
            run.begin("train-autoencoder", settings, store.digest)
        return _train(settings, run, store, train_prints, val_prints, beside, first)


def _train_full(settings: TrainAutoencoder, run: RunFolder) -> Path:
    """Trains on patches of images of any size."""
    stores = [PrintStore.open(path).at_ppi(FULL_PPI) for path in store_paths(settings.data)]
    shares = StoreShares.parse(settings.shares, len(stores)).shares
    for store in stores:
        if not len(store.rows("train")):
            raise BadInput(f"--data {store.path} has no prints of train subjects; prepare a store with more subjects")
    if not any(len(store.rows("val")) for store in stores):
        raise BadInput(f"--data {settings.data} has no prints of validation subjects; add a store that has some")
    first = is_first_process(hardware_of(settings))
    with run.held() if first else nullcontext():
        if first:
            run.begin("train-autoencoder", settings, joint_digest(stores))
        if run.finished():
            print_finished_before(run)
            return run.path
        use_threads(settings.threads)
        torch.manual_seed(settings.seed)
        batch_size = settings.batch_size or BATCH_SIZES[settings.view]
        data = FullPatches(stores, shares.tolist(), spec_of(settings), batch_size, settings.seed)
        validated = next(store for store in stores if len(store.rows("val")))
        return _fit(settings, run, validated, data, first)


def _train(
    settings: TrainAutoencoder,
    run: RunFolder,
    store: PrintStore,
    train_prints: NDArray[np.uint8],
    val_prints: NDArray[np.uint8],
    beside: RepairPrints | IdentityPrints | None,
    first: bool,
) -> Path:
    """Trains and evaluates; only the `first` of several processes writes. beside: the prints that pair with
    those of train and validation, where the training takes pairs."""
    if run.finished():
        print_finished_before(run)
        return run.path
    use_threads(settings.threads)
    torch.manual_seed(settings.seed)
    spec = spec_of(settings)
    batch_size = settings.batch_size or BATCH_SIZES[settings.view]
    how = (spec, batch_size, settings.train_crops, settings.seed)
    if isinstance(beside, RepairPrints):
        data: PrintWindows = RepairWindows(beside, *how)
    elif beside is not None:
        data = IdentityWindows(train_prints, val_prints, beside, *how)
    else:
        data = PrintWindows(train_prints, val_prints, *how)
    return _fit(settings, run, store, data, first)


def _fit(settings: TrainAutoencoder, run: RunFolder, store: PrintStore, data: PrintWindows, first: bool) -> Path:
    name = run.path.name
    tracker = (
        open_tracker(settings.tracker, run.path, plain(settings), name, "train-autoencoder") if first else Tracker()
    )
    with tracker:
        if settings.backbone == "pca":
            seconds, best = fit_pca_run(run, data, settings.train_crops, settings.seed, tracker)
        else:
            seconds, best = fit_network(run, data, _plan(settings), hardware_of(settings), tracker)
        if first:
            if not settings.rate_weight:
                fit_codec(run.model, data.train_prints, run.model)
            end = {"source": store.source, "seconds": round(seconds, 3)}
            finish_training(run, tracker, plain(settings), best, end, store.path if settings.evaluate else None)
            print(f"best epoch {best['epoch']}: val_mse {best['val_mse']:.5f}; the run lies in {run.path}")
    return run.path


def _plan(settings: TrainAutoencoder) -> TrainingPlan:
    return TrainingPlan(
        settings.start_from,
        settings.rate_weight,
        settings.identity_weight,
        settings.identity_head,
        settings.learning_rate,
        settings.schedule,
        settings.max_epochs,
        settings.max_minutes,
        settings.early_stopping_patience,
    )
