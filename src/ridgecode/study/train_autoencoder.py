"""`ridgecode train-autoencoder`: one autoencoder run."""

import os
import sys
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.autoencoders.distortion import DistortionName
from ridgecode.autoencoders.ridge import RidgeAutoencoder
from ridgecode.autoencoders.saved import (
    AutoencoderSpec,
    Backbone,
    Network,
    Task,
    build_network,
    check_spec,
    latent_scale,
    load_autoencoder,
    save_autoencoder,
    usual_latent_layer,
)
from ridgecode.autoencoders.start_from import start_from
from ridgecode.errors import BadInput
from ridgecode.prints.store import PrintStore
from ridgecode.prints.training_crops import TrainCrops
from ridgecode.prints.views import VIEWS, ViewName, stack_prints
from ridgecode.study.autoencoder_training import AutoencoderTraining, PrintWindows, optimiser_defaults, windows
from ridgecode.study.evaluate import Evaluate, evaluate_run
from ridgecode.study.lightning_fit import Hardware, fit
from ridgecode.study.pca_fit import check_latent_dim, fit_pca
from ridgecode.study.recorder import Recorder
from ridgecode.study.repair_training import RepairPrints, RepairWindows, repair_prints
from ridgecode.study.run_folder import RunFolder, Stopwatch, default_data, default_run_dir, plain
from ridgecode.study.schedule import Budget
from ridgecode.study.tracked_evaluation import log_evaluation
from ridgecode.study.tracking import Tracker, open_tracker
from ridgecode.study.training_rows import MOST_FILES, SplitBy, TrainLevels, takes_all_levels, training_rows
from ridgecode.study.training_sheet import TrainingSheet

SHEET_PRINTS = 8
BATCH_SIZES: dict[ViewName, int] = {"crop32": 64, "whole": 16}
START_PRINTS = 1024  # on so many training prints --start_from sees which latent dims matter
SCALE_PRINTS = 512  # the scale of latent vectors is measured on so many training prints, each time a model is saved


@dataclass(frozen=True)
class TrainAutoencoder:
    """Trains an autoencoder on the train split of a prepared store, validates it on the val split.

    The same command again resumes a run that was killed, and leaves a finished one as it is.

    Args:
        data: prepared store (default: the environment variable RIDGECODE_DATA, else ./store)
        run_dir: folder of the run (default: runs/ with the W&B agent's run id or a name from the settings)
        task: reconstruct (each print from itself) or repair (each Real print from its altered ones)
        backbone: ridge (ours), resnet18 or resnet50 (the bolts autoencoder), or pca
        view: crop32 (32x32 pixels from the middle) or whole (97x90 in a 96x96 window)
        latent_dim: numbers in a latent vector
        distortion: what training minimises; bce reads the decoder's output as logits
        pooling: of the encoder's last map: mean (one value a channel), none (all of it), or auto: the backbone's own
            (ridge none, ResNets mean)
        latent_layer: ridge only: grid (the same weights at every place of the last map), linear (weights of their own),
            or auto: grid where there is a latent dim or more for each place
        start_from: ridge only: another run, its model.safetensors, or a pretrained model, whose weights this run
            starts from; it may have more latent dims or fewer, another view or distortion
        seed_size: side of the map that the decoder starts from, stretched to its first map; 0 takes the backbone's own
            (ridge the whole map, ResNets 4)
        first_conv: ResNets only: bolts' 7x7 first convolution of stride 2
        maxpool1: ResNets only: bolts' max-pool after the first convolution
        learning_rate: of the optimiser; 0 takes the backbone's own (ridge 4e-3, ResNets 1e-4)
        schedule: of the learning rate; auto takes the backbone's own (ridge cosine, ResNets constant)
        batch_size: windows a step, in each process; 0 takes the view's own (64 crops, 16 whole prints)
        train_crops: random (shifted and mirrored) or centre (as the write-up had it)
        split_by: subject, or file: Real and altered prints of train and validation subjects shuffled, one file in six
            held out; its figures leak, and show what such a split hides
        train_levels: Real prints alone, all (altered ones too, in training and validation), or auto: Real by subject,
            all by file
        max_epochs: an epoch is every training print once, or as often as makes 4,096 crops
        max_minutes: minutes of training at most; 0 for no limit
        early_stopping_patience: epochs without a better val_loss before training ends; 0 never ends it
        precision: 32, bf16 (mixed), or auto: bf16 on GPUs that have it and on processors with AMX, else 32
        device: cpu, cuda, or auto: a GPU where there is one
        devices: processes or GPUs on each machine
        strategy: Lightning's strategy for several devices, such as ddp
        num_nodes: machines
        seed: of weights, crops and order
        tracker: wandb (online with a login, else offline) or none
        threads: processor threads; 0 takes all
        evaluate: whether the best model is evaluated on the val split at the end, as `ridgecode evaluate` does
    """

    data: Path = field(default_factory=default_data)
    run_dir: Path | None = None
    task: Task = "reconstruct"
    backbone: Backbone = "ridge"
    view: ViewName = "crop32"
    latent_dim: int = 128
    distortion: DistortionName = "mse"
    pooling: Literal["auto", "mean", "none"] = "auto"
    latent_layer: Literal["auto", "grid", "linear"] = "auto"
    start_from: str = ""
    seed_size: int = 0
    first_conv: bool = False
    maxpool1: bool = False
    learning_rate: float = 0.0
    schedule: Literal["auto", "cosine", "constant"] = "auto"
    batch_size: int = 0
    train_crops: TrainCrops = "random"
    split_by: SplitBy = "subject"
    train_levels: TrainLevels = "auto"
    max_epochs: int = 500
    max_minutes: float = 0.0
    early_stopping_patience: int = 0
    precision: Literal["auto", "32", "bf16"] = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    devices: int = 1
    strategy: str = "auto"
    num_nodes: int = 1
    seed: int = 0
    tracker: Literal["wandb", "none"] = "wandb"
    threads: int = 0
    evaluate: bool = True


def train_autoencoder(config: TrainAutoencoder) -> Path:
    """Runs the training; returns the run's folder. Raises BadInput for settings or data that can't be used."""
    _check(config)
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
    repair = repair_prints(store) if config.task == "repair" else None
    first = config.devices * config.num_nodes == 1 or _is_first_process()
    with run.held() if first else nullcontext():
        if first:
            run.begin("train-autoencoder", config, store.digest)
        return _train(config, run, store, train_prints, val_prints, repair, first)


def _train(
    config: TrainAutoencoder,
    run: RunFolder,
    store: PrintStore,
    train_prints: NDArray[np.uint8],
    val_prints: NDArray[np.uint8],
    repair: RepairPrints | None,
    first: bool,
) -> Path:
    """Trains, evaluates and tells; only the `first` of several processes writes."""
    if run.finished():
        print(f"{run.path} is finished already; choose another --run_dir to train again", file=sys.stderr)
        return run.path
    if config.threads:
        torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    spec = _spec(config)
    batch_size = config.batch_size or BATCH_SIZES[config.view]
    data = PrintWindows(train_prints, val_prints, spec, batch_size, config.train_crops, config.seed)
    if repair is not None:
        data = RepairWindows(repair, spec, batch_size, config.train_crops, config.seed)
    name = run.path.name
    tracker = open_tracker(config.tracker, run.path, plain(config), name, "train-autoencoder") if first else Tracker()
    with tracker:
        if config.backbone == "pca":
            seconds, best = _fit_pca(run, data, config, tracker)
        else:
            seconds, best = _fit_network(run, data, config, tracker)
        if first:
            facts = {"source": store.source, "seconds": round(seconds, 3), "best_epoch": best["epoch"]}
            run.write_environment(facts)
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


def _fit_network(
    run: RunFolder, data: PrintWindows, config: TrainAutoencoder, tracker: Tracker
) -> tuple[float, dict[str, Any]]:
    """Trains, or goes on training; returns the seconds used and the best epoch's figures."""
    learning_rate, schedule = optimiser_defaults(config.backbone)
    schedule = schedule if config.schedule == "auto" else config.schedule
    net = build_network(data.spec)
    if config.start_from:
        _take_over(net, config, data)
    # Convolutions run faster so on a CPU and on tensor cores; the order of a tensor's bytes changes no result's shape.
    for parameter in net.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    budget = Budget(0, config.max_minutes, Stopwatch())
    module = AutoencoderTraining(net, data.spec, budget, config.learning_rate or learning_rate, schedule)

    def save() -> None:
        some = windows(data.train_prints[:SCALE_PRINTS], data.spec)
        z = torch.cat([net.encode(x.to(module.device)) for x in some.split(256)])
        save_autoencoder(run.model, net, data.spec, *latent_scale(z.float().cpu()))

    sheet = TrainingSheet(run, tracker, net, *data.sheet_windows(SHEET_PRINTS))
    recorder = Recorder(run, tracker, "val_loss", save, sheet)
    hardware = _hardware(config)
    seconds = fit(run, module, data, recorder, hardware, config.max_epochs, config.early_stopping_patience)
    return seconds, recorder.best_figures() if module.trainer.is_global_zero else {}


def _fit_pca(
    run: RunFolder, data: PrintWindows, config: TrainAutoencoder, tracker: Tracker
) -> tuple[float, dict[str, Any]]:
    """Fits PCA in closed form; its one "epoch" has the metrics of a network's."""
    watch = Stopwatch()
    net = fit_pca(data.train_prints, data.spec.window, config.latent_dim, config.train_crops, config.seed)
    rows, columns = data.spec.window.inside  # as a network is validated: without the white margin
    each = (net.decode(net.encode(data.val_windows)) - data.val_windows)[..., rows, columns].square().flatten(1).mean(1)
    row: dict[str, Any] = {"epoch": 0, "step": 0, "seconds": round(watch.seconds(), 3)}
    row |= {
        "val_loss": float(each.mean()),
        "val_mse": float(each.mean()),
        "val_psnr_db": float(-10 * each.log10().mean()),
    }
    run.write_metrics([row])
    tracker.log(row, step=0)
    some = windows(data.train_prints[:SCALE_PRINTS], data.spec)
    save_autoencoder(run.model, net, data.spec, *latent_scale(net.encode(some)))
    return watch.seconds(), row


def _take_over(net: Network, config: TrainAutoencoder, data: PrintWindows) -> None:
    """Starts `net` from the model that --start_from names. Raises BadInput where it does not fit."""
    other = load_autoencoder(config.start_from)
    some = windows(data.train_prints[:START_PRINTS], data.spec)
    try:
        if not isinstance(net, RidgeAutoencoder) or not isinstance(other.net, RidgeAutoencoder):
            raise ValueError("both have to be of --backbone ridge")
        start_from(net, other.net, some)
    except ValueError as error:
        raise BadInput(
            f"--start_from {config.start_from} ({other.spec.view}, {other.spec.latent_dim} latent dims) can't start "
            f"this network: {error}; leave it out, or give another model"
        ) from error


def _is_first_process() -> bool:
    """Whether this process of several writes the run's folder, as torchrun (RANK), SLURM or Lightning's own launcher
    numbers them; asked before there is a trainer to tell."""
    names = ("RANK",) if "RANK" in os.environ else ("NODE_RANK", "LOCAL_RANK", "SLURM_PROCID")
    return all(int(os.environ.get(name) or 0) == 0 for name in names)


def _hardware(config: TrainAutoencoder) -> Hardware:
    return Hardware(config.device, config.devices, config.strategy, config.num_nodes, config.precision)


def _spec(config: TrainAutoencoder) -> AutoencoderSpec:
    spec = AutoencoderSpec(
        config.backbone,
        config.view,
        config.latent_dim,
        config.distortion,
        config.task,
        config.pooling,
        config.seed_size,
        config.first_conv,
        config.maxpool1,
    )
    layer = usual_latent_layer(spec) if config.latent_layer == "auto" else config.latent_layer
    return replace(spec, latent_layer=layer)


def _check(config: TrainAutoencoder) -> None:
    for name in ("latent_dim", "max_epochs"):
        if getattr(config, name) < 1:
            raise BadInput(f"--{name} is {getattr(config, name)}; give 1 or more")
    for name in ("batch_size", "learning_rate", "max_minutes", "early_stopping_patience", "threads", "seed"):
        if getattr(config, name) < 0:
            raise BadInput(f"--{name} is {getattr(config, name)}; give 0 or more")
    if config.backbone == "pca" and config.task == "repair":
        raise BadInput(
            "--task repair needs a network, and --backbone pca is fitted in closed form; give --backbone ridge"
        )
    if config.task == "repair" and (config.split_by, config.train_levels) != ("subject", "auto"):
        raise BadInput(
            "--task repair takes Real and altered prints by subject; leave out --split_by and --train_levels"
        )
    if config.backbone == "pca" and config.distortion != "mse":
        raise BadInput(f"--backbone pca minimises mse by its nature, not {config.distortion}; give --distortion mse")
    check_spec(_spec(config))
    if config.start_from:
        if config.backbone != "ridge":
            raise BadInput(f"--start_from is for --backbone ridge; leave it out with {config.backbone}")
        load_autoencoder(config.start_from)
    _hardware(config).check()
