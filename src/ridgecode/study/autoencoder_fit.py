"""Fits an autoencoder in its run folder: a network step by step, PCA in closed form."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ridgecode.autoencoders.grid_latent import GridWrite
from ridgecode.autoencoders.ridge import RidgeAutoencoder
from ridgecode.autoencoders.saved import Network, build_network, latent_scale, load_autoencoder, save_autoencoder
from ridgecode.autoencoders.start_from import grow_from, start_from
from ridgecode.codec.context_file import context_tensors, has_context, load_context
from ridgecode.codec.context_model import ContextModel
from ridgecode.errors import BadInput
from ridgecode.study.autoencoder_settings import TrainAutoencoder, hardware_of
from ridgecode.study.autoencoder_training import AutoencoderTraining, PrintWindows, Rate, optimiser_defaults, windows
from ridgecode.study.lightning_fit import fit
from ridgecode.study.pca_fit import fit_pca
from ridgecode.study.recorder import Recorder
from ridgecode.study.run_folder import RunFolder, Stopwatch
from ridgecode.study.schedule import Budget
from ridgecode.study.tracking import Tracker
from ridgecode.study.training_sheet import TrainingSheet

SHEET_PRINTS = 8
START_PRINTS = 1024  # on so many training prints --start_from sees which latent dims matter
SCALE_PRINTS = 512  # the scale of latent vectors is measured on so many training prints, each time a model is saved


def fit_network(
    run: RunFolder, data: PrintWindows, config: TrainAutoencoder, tracker: Tracker
) -> tuple[float, dict[str, Any]]:
    """Trains, or goes on training; returns the seconds used and the best epoch's figures."""
    learning_rate, schedule = optimiser_defaults(config.backbone)
    schedule = schedule if config.schedule == "auto" else config.schedule
    net = build_network(data.spec)
    context = None
    if config.start_from:
        context = _take_over(net, config, data)
    if config.rate_weight and context is None:
        context = _fresh_context(net, windows(data.train_prints[:SCALE_PRINTS], data.spec))
    # Convolutions run faster so on a CPU and on tensor cores; the order of a tensor's bytes changes no result's shape.
    for parameter in net.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    budget = Budget(0, config.max_minutes, Stopwatch())
    rate = Rate(config.rate_weight, context)
    learning_rate = config.learning_rate or learning_rate
    module = AutoencoderTraining(net, data.spec, budget, learning_rate, schedule, rate, config.identity_weight)

    def save() -> None:
        some = windows(data.train_prints[:SCALE_PRINTS], data.spec)
        z = torch.cat([net.encode(x.to(module.device)) for x in some.split(256)])
        codec = {} if context is None else context_tensors(context, z)
        save_autoencoder(run.model, net, data.spec, *latent_scale(z.float().cpu()), codec=codec)

    sheet = TrainingSheet(run, tracker, module.reconstruct, *data.sheet_windows(SHEET_PRINTS))
    recorder = Recorder(run, tracker, "val_loss", save, sheet)
    hardware = hardware_of(config)
    seconds = fit(run, module, data, recorder, hardware, config.max_epochs, config.early_stopping_patience)
    return seconds, recorder.best_figures() if module.trainer.is_global_zero else {}


def fit_pca_run(
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


def _take_over(net: Network, config: TrainAutoencoder, data: PrintWindows) -> ContextModel | None:
    """Starts `net` from the model that --start_from names; returns its context model where that goes on with the very
    same latent vectors. Raises BadInput where it does not fit."""
    other = load_autoencoder(config.start_from)
    some = windows(data.train_prints[:START_PRINTS], data.spec)
    try:
        if not isinstance(net, RidgeAutoencoder) or not isinstance(other.net, RidgeAutoencoder):
            raise ValueError("both have to be of --backbone ridge")
        same = replace(other.spec, distortion=data.spec.distortion, blocks=data.spec.blocks) == data.spec
        if config.rate_weight and has_context(other.codec) and same:
            # Turned to other directions, its latent vectors would mean nothing to the context model.
            grow_from(net, other.net)
            return load_context(other.codec)
        start_from(net, other.net, some)
    except ValueError as error:
        raise BadInput(
            f"--start_from {config.start_from} ({other.spec.view}, {other.spec.latent_dim} latent dims) can't start "
            f"this network: {error}; leave it out, or give another model"
        ) from error
    return None


@torch.no_grad()
def _fresh_context(net: Network, some: Tensor) -> ContextModel:
    """A context model for `net`, its steps fitted to the latent vectors of `some` windows."""
    assert isinstance(net, RidgeAutoencoder) and isinstance(net.from_latent, GridWrite)
    context = ContextModel(net.from_latent.shape, net.from_latent.entries)
    net.eval()
    z = torch.cat([net.encode(x) for x in some.split(256)])
    net.train()
    context.start(z, net.from_latent.write.weight.flatten(1).norm(dim=0))
    return context
