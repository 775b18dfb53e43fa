"""Trains a network, or fits PCA, and writes the run's folder."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ridgecode.autoencoders.full import FullAutoencoder
from ridgecode.autoencoders.grid_latent import GridWrite
from ridgecode.autoencoders.pca_fit import fit_pca
from ridgecode.autoencoders.ridge import RidgeAutoencoder
from ridgecode.autoencoders.saved import (
    Network,
    SavedAutoencoder,
    build_network,
    latent_scale,
    load_autoencoder,
    save_autoencoder,
)
from ridgecode.autoencoders.start_from import grow_from, start_from
from ridgecode.autoencoders.windows import windows
from ridgecode.codec.context_codec import context_tensors, has_context, load_context
from ridgecode.codec.context_model import ContextModel
from ridgecode.codec.full_context import FullContext, load_full_context
from ridgecode.errors import BadInput
from ridgecode.prints.names import TrainCrops
from ridgecode.runs.hardware import Hardware
from ridgecode.runs.run_folder import RunFolder
from ridgecode.runs.tracking import Tracker
from ridgecode.training.autoencoder import AutoencoderTraining, PrintWindows, Rate, optimiser_defaults
from ridgecode.training.fit import fit
from ridgecode.training.identity import identity_head
from ridgecode.training.last_look import LastLook
from ridgecode.training.recorder import Recorder
from ridgecode.training.schedule import Budget, Stopwatch
from ridgecode.training.sheet import TrainingSheet

SHEET_PRINTS = 8
LAST_PRINTS = 64
"""Validation prints that the look at the end of a training compares with each other."""
START_PRINTS = 1024
"""Training prints on which --start_from measures which latent dims matter."""
SCALE_PRINTS = 512
"""Training prints on which the scale of latent vectors is measured, each time a model is saved."""


@dataclass(frozen=True)
class TrainingPlan:
    """How a network is trained.

    start_from: the run, model file or pretrained model whose weights it starts from, or ""
    rate_weight, identity_weight: weights in the loss of a bit per pixel and of a nat of the matching loss; 0 for none
    identity_head: the run, model file or shipped matcher of the head whose templates the matching loss compares, or ""
    learning_rate, schedule: 0 and "auto" take the backbone's defaults; a schedule is "cosine" or "constant"
    max_epochs, max_minutes: the budget; 0 minutes for no limit
    patience: epochs without a lower loss before training ends; 0 for no such end
    """

    start_from: str
    rate_weight: float
    identity_weight: float
    identity_head: str
    learning_rate: float
    schedule: str
    max_epochs: int
    max_minutes: float
    patience: int


def fit_network(
    run: RunFolder, data: PrintWindows, plan: TrainingPlan, hardware: Hardware, tracker: Tracker
) -> tuple[float, dict[str, Any]]:
    """Trains, or resumes training; returns the seconds used and the best epoch's figures ({} in processes other than
    the first). Raises BadInput if `plan.start_from` does not fit."""
    learning_rate, schedule = optimiser_defaults(data.spec.backbone)
    schedule = schedule if plan.schedule == "auto" else plan.schedule
    net = build_network(data.spec)
    context = None
    if plan.start_from:
        context = _start_from_model(net, plan, data)
    if plan.rate_weight and context is None:
        context = _fresh_context(net, windows(data.train_prints[:SCALE_PRINTS], data.spec.window))
    # Convolutions are faster with channels last, on a CPU and on tensor cores.
    for parameter in net.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    budget = Budget(0, plan.max_minutes, Stopwatch())
    rate = Rate(plan.rate_weight, context)
    learning_rate = plan.learning_rate or learning_rate
    head = identity_head(plan.identity_head, net.latent_dim) if plan.identity_head else None
    module = AutoencoderTraining(net, data.spec, budget, learning_rate, schedule, rate, plan.identity_weight, head)

    def save() -> None:
        sample = windows(data.train_prints[:SCALE_PRINTS], data.spec.window)
        z = torch.cat([net.encode(x.to(module.device)) for x in sample.split(256)])
        codec = {} if context is None else context_tensors(context, z)
        dims = z.float().cpu() if z.ndim == 2 else z.float().cpu().movedim(1, -1).flatten(0, -2)
        save_autoencoder(run.model, net, data.spec, *latent_scale(dims), codec=codec)

    sheet = TrainingSheet(run, tracker, module.reconstruct, *data.sheet_windows(SHEET_PRINTS))
    recorder = Recorder(run, tracker, "val_loss", save, sheet)
    look = LastLook(run, tracker, data.val_windows[:LAST_PRINTS], net.encode, module.reconstruct)
    seconds = fit(run, module, data, recorder, hardware, plan.max_epochs, plan.patience, [look])
    return seconds, recorder.best_figures() if module.trainer.is_global_zero else {}


def fit_pca_run(
    run: RunFolder, data: PrintWindows, train_crops: TrainCrops, seed: int, tracker: Tracker
) -> tuple[float, dict[str, Any]]:
    """Fits PCA in closed form; returns the seconds used and the figures, which are those of a network's epoch."""
    watch = Stopwatch()
    net = fit_pca(data.train_prints, data.spec.window, data.spec.latent_dim, train_crops, seed)
    rows, columns = data.spec.window.inside  # without the white margin, as in a network's validation
    mse = (net.decode(net.encode(data.val_windows)) - data.val_windows)[..., rows, columns].square().flatten(1).mean(1)
    row: dict[str, Any] = {"epoch": 0, "step": 0, "seconds": round(watch.seconds(), 3)}
    row |= {
        "val_loss": float(mse.mean()),
        "val_mse": float(mse.mean()),
        "val_psnr_db": float(-10 * mse.log10().mean()),
    }
    run.write_metrics([row])
    tracker.log(row, step=0)
    sample = windows(data.train_prints[:SCALE_PRINTS], data.spec.window)
    save_autoencoder(run.model, net, data.spec, *latent_scale(net.encode(sample)))
    return watch.seconds(), row


def _start_from_model(net: Network, plan: TrainingPlan, data: PrintWindows) -> ContextModel | FullContext | None:
    """Starts `net` from the model that --start_from names; returns that model's context model if the latent vectors
    stay the same. Raises BadInput for a model that does not fit."""
    other = load_autoencoder(plan.start_from)
    if isinstance(net, FullAutoencoder):
        return _start_full(net, other, plan)
    sample = windows(data.train_prints[:START_PRINTS], data.spec.window)
    try:
        if not isinstance(net, RidgeAutoencoder) or not isinstance(other.net, RidgeAutoencoder):
            raise ValueError("both have to be of --backbone ridge")
        same = replace(other.spec, distortion=data.spec.distortion, blocks=data.spec.blocks) == data.spec
        if plan.rate_weight and has_context(other.codec) and same:
            # `start_from` would rotate the latent vectors, and the context model would no longer fit them.
            grow_from(net, other.net)
            return load_context(other.codec)
        start_from(net, other.net, sample)
    except ValueError as error:
        raise BadInput(
            f"--start_from {plan.start_from} ({other.spec.view}, {other.spec.latent_dim} latent dims) can't start "
            f"this network: {error}; leave it out, or give another model"
        ) from error
    return None


def _start_full(net: FullAutoencoder, other: SavedAutoencoder, plan: TrainingPlan) -> FullContext | None:
    try:
        net.load_state_dict(other.net.state_dict())
    except RuntimeError as error:
        raise BadInput(
            f"--start_from {plan.start_from} is another network than this one; leave it out, or give a model of the "
            "view full with the same --latent_dim, --width and --blocks"
        ) from error
    return load_full_context(other.codec) if other.codec else None


@torch.no_grad()
def _fresh_context(net: Network, sample: Tensor) -> ContextModel | FullContext:
    """A new context model for `net`; its quantisation steps are fitted to latent vectors of the `sample` windows."""
    net.eval()
    z = torch.cat([net.encode(x) for x in sample.split(64)])
    net.train()
    if isinstance(net, FullAutoencoder):
        full = FullContext(net.latent_dim)
        full.start(z, net.from_latent.weight.flatten(1).norm(dim=0))
        return full
    assert isinstance(net, RidgeAutoencoder) and isinstance(net.from_latent, GridWrite)
    context = ContextModel(net.from_latent.shape, net.from_latent.entries)
    context.start(z, net.from_latent.write.weight.flatten(1).norm(dim=0))
    return context
