"""`ridgecode train-autoencoder`: one autoencoder run."""

import os
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.errors import BadInput
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import VIEWS, ViewName, stack_prints
from ridgecode.study.autoencoder_fit import fit_network, fit_pca_run
from ridgecode.study.autoencoder_settings import TrainAutoencoder, check_settings, spec_of
from ridgecode.study.autoencoder_training import PrintWindows
from ridgecode.study.codec_fit import fit_codec
from ridgecode.study.evaluate import Evaluate, evaluate_run
from ridgecode.study.identity_training import IdentityPrints, IdentityWindows, identity_prints
from ridgecode.study.pca_fit import check_latent_dim
from ridgecode.study.repair_training import RepairPrints, RepairWindows, repair_prints
from ridgecode.study.run_folder import RunFolder, default_run_dir, plain
from ridgecode.study.tracked_evaluation import log_evaluation
from ridgecode.study.tracking import Tracker, open_tracker
from ridgecode.study.training_rows import MOST_FILES, takes_all_levels, training_rows

BATCH_SIZES: dict[ViewName, int] = {"crop32": 64, "whole": 16}


def train_autoencoder(config: TrainAutoencoder) -> Path:
    """Runs the training; returns the run's folder. Raises BadInput for settings or data that can't be used."""
    check_settings(config)
    run_dir = config.run_dir or default_run_dir(
        *(["repair"] if config.task == "repair" else []),
        config.backbone,
        config.view,
        config.latent_dim,
        config.distortion,
        f"seed{config.seed}",
    )
    run = RunFolder(run_dir)
    store = PrintStore.open(config.data)
    train, val = training_rows(store, config.split_by, config.train_levels, config.seed)
    if takes_all_levels(config.split_by, config.train_levels):
        val = val[:MOST_FILES]
    if not len(train) or not len(val):
        raise BadInput(
            f"--data {config.data} has {len(train)} Real prints of train subjects and {len(val)} of validation "
            "subjects; prepare a store with more subjects"
        )
    train_prints, val_prints = stack_prints(store, train), stack_prints(store, val)
    view = VIEWS[config.view]
    if view.print_shape is None and min(train_prints.shape[1:]) < view.height:
        raise BadInput(
            f"--view {config.view} needs prints of {view.height} pixels a side or more, those of --data {config.data} "
            f"have {min(train_prints.shape[1:])}; take --view whole, or prepare larger images"
        )
    if config.backbone == "pca":
        # Before the run begins: a refused command leaves no folder in the way of the right one.
        check_latent_dim(len(train), view, config.latent_dim, config.train_crops)
    beside: RepairPrints | IdentityPrints | None = None
    if config.task == "repair":
        beside = repair_prints(store)
    elif config.identity_weight:
        beside = identity_prints(store)
    first = config.devices * config.num_nodes == 1 or _is_first_process()
    with run.held() if first else nullcontext():
        if first:
            run.begin("train-autoencoder", config, store.digest)
        return _train(config, run, store, train_prints, val_prints, beside, first)


def _train(
    config: TrainAutoencoder,
    run: RunFolder,
    store: PrintStore,
    train_prints: NDArray[np.uint8],
    val_prints: NDArray[np.uint8],
    beside: RepairPrints | IdentityPrints | None,
    first: bool,
) -> Path:
    """Trains, evaluates and tells; only the `first` of several processes writes. beside: the prints that pair with
    those of train and validation, where the training takes pairs."""
    if run.finished():
        print(f"{run.path} is finished already; choose another --run_dir to train again", file=sys.stderr)
        return run.path
    if config.threads:
        torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    spec = spec_of(config)
    batch_size = config.batch_size or BATCH_SIZES[config.view]
    settings = (spec, batch_size, config.train_crops, config.seed)
    if isinstance(beside, RepairPrints):
        data: PrintWindows = RepairWindows(beside, *settings)
    elif beside is not None:
        data = IdentityWindows(train_prints, val_prints, beside, *settings)
    else:
        data = PrintWindows(train_prints, val_prints, *settings)
    name = run.path.name
    tracker = open_tracker(config.tracker, run.path, plain(config), name, "train-autoencoder") if first else Tracker()
    with tracker:
        if config.backbone == "pca":
            seconds, best = fit_pca_run(run, data, config, tracker)
        else:
            seconds, best = fit_network(run, data, config, tracker)
        if first:
            facts = {"source": store.source, "seconds": round(seconds, 3), "best_epoch": best["epoch"]}
            run.write_environment(facts)
            if not config.rate_weight:
                fit_codec(run.model, data.train_prints, run.model)
            if config.evaluate:
                log_evaluation(tracker, run.path, evaluate_run(Evaluate(run=run.path, data=config.data)))
            run.write_environment({"finished": True})
            # Under the metrics' own names: a sweep's search reads the best epoch there, not the last.
            tracker.summary(
                {**{key: value for key, value in best.items() if key.startswith("val_")}, "best_epoch": best["epoch"]}
            )
            tracker.log_model(run.model, f"autoencoder-{name}", {**plain(config), **best})
            print(f"best epoch {best['epoch']}: val_mse {best['val_mse']:.5f}; the run lies in {run.path}")
            if tracker.is_on:
                print(tracker.where, file=sys.stderr)
    return run.path


def _is_first_process() -> bool:
    """Whether this process of several writes the run's folder, as torchrun (RANK), SLURM or Lightning's own launcher
    numbers them; asked before there is a trainer to tell."""
    names = ("RANK",) if "RANK" in os.environ else ("NODE_RANK", "LOCAL_RANK", "SLURM_PROCID")
    return all(int(os.environ.get(name) or 0) == 0 for name in names)
