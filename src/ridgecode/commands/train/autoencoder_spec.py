"""What a train-autoencoder command asks for: the network and the hardware; and which settings go together."""

from dataclasses import replace

from ridgecode.autoencoders.saved import (
    RIDGE_BLOCKS,
    RIDGE_WIDTH,
    AutoencoderSpec,
    check_spec,
    load_autoencoder,
    usual_latent_layer,
)
from ridgecode.commands.settings.train_autoencoder import TrainAutoencoder
from ridgecode.commands.train.checks import check_at_least
from ridgecode.errors import BadInput
from ridgecode.runs.hardware import Hardware
from ridgecode.training.identity import identity_head


def hardware_of(settings: TrainAutoencoder) -> Hardware:
    """Where it trains."""
    return Hardware(settings.device, settings.devices, settings.strategy, settings.num_nodes, settings.precision)


def spec_of(settings: TrainAutoencoder) -> AutoencoderSpec:
    """What the network will be."""
    spec = AutoencoderSpec(
        settings.backbone,
        settings.view,
        settings.latent_dim,
        settings.distortion,
        settings.task,
        settings.pooling,
        settings.seed_size,
        settings.first_conv,
        settings.maxpool1,
    )
    if settings.backbone == "ridge":
        blocks, width = RIDGE_BLOCKS, RIDGE_WIDTH
        if settings.start_from:
            other = load_autoencoder(settings.start_from).spec
            blocks, width = other.blocks, other.width
        spec = replace(spec, blocks=settings.blocks or blocks, width=settings.width or width)
    if settings.latent_layer != "auto":
        return replace(spec, latent_layer=settings.latent_layer)
    return replace(spec, latent_layer=usual_latent_layer(spec, bool(settings.start_from)))


def check_settings(settings: TrainAutoencoder) -> None:
    """Raises BadInput for values out of range, and flags that don't go together."""
    check_at_least(settings, 1, ("latent_dim", "max_epochs"))
    counts = ("blocks", "width", "batch_size", "early_stopping_patience", "threads", "seed")
    check_at_least(settings, 0, ("learning_rate", "max_minutes", "rate_weight", "identity_weight", *counts))
    if settings.backbone == "pca" and settings.task == "repair":
        raise BadInput(
            "--task repair needs a network, and --backbone pca is fitted in closed form; give --backbone ridge"
        )
    if settings.task == "repair" and (settings.split_by, settings.train_levels) != ("subject", "auto"):
        raise BadInput(
            "--task repair takes Real and altered prints by subject; leave out --split_by and --train_levels"
        )
    if settings.distortion == "ridge" and settings.view != "full":
        raise BadInput("--distortion ridge is made for prints at 500 ppi; give --view full, or another distortion")
    if settings.view == "full":
        _check_full(settings)
    elif settings.shares:
        raise BadInput("--shares is of several stores, which --view full takes; leave it out with another view")
    if settings.identity_weight:
        _check_identity(settings)
    elif settings.identity_head:
        raise BadInput(f"--identity_head {settings.identity_head} is for --identity_weight; give it too, such as 0.01")
    if settings.backbone == "pca" and settings.distortion != "mse":
        raise BadInput(f"--backbone pca minimises mse by its nature, not {settings.distortion}; give --distortion mse")
    if settings.backbone == "pca" and settings.train_crops not in ("random", "centre"):
        raise BadInput(
            f"--train_crops {settings.train_crops} is for networks; with --backbone pca give random or centre"
        )
    if settings.backbone != "ridge":
        for name, unset in (("blocks", 0), ("width", 0), ("latent_layer", "auto")):
            if getattr(settings, name) != unset:
                raise BadInput(f"--{name} is for --backbone ridge; leave it out with {settings.backbone}")
    if settings.start_from and settings.backbone != "ridge":
        raise BadInput(f"--start_from is for --backbone ridge; leave it out with {settings.backbone}")
    spec = spec_of(settings)
    check_spec(spec)
    if settings.rate_weight and (settings.backbone != "ridge" or spec.latent_layer == "linear"):
        raise BadInput(
            "--rate_weight codes latent vectors of a grid; give --backbone ridge with --latent_layer grid or patches, "
            "or leave it out"
        )
    hardware_of(settings).check()


def _check_full(settings: TrainAutoencoder) -> None:
    if not settings.rate_weight:
        raise BadInput("--view full codes latent maps; give --rate_weight, such as 0.04")
    for name, default in (("task", "reconstruct"), ("identity_weight", 0.0), ("train_crops", "random")):
        if getattr(settings, name) != default:
            raise BadInput(f"--{name} is not of --view full; leave it out, or take --view whole")
    if (settings.split_by, settings.train_levels) != ("subject", "auto"):
        raise BadInput("--view full takes Real prints by subject; leave out --split_by and --train_levels")


def _check_identity(settings: TrainAutoencoder) -> None:
    if settings.backbone == "pca":
        raise BadInput(
            "--identity_weight needs a network, and --backbone pca is fitted in closed form; give --backbone ridge, or "
            "leave it out"
        )
    if settings.task == "repair":
        raise BadInput(
            "--identity_weight compares Real prints with their altered ones, which --task repair makes alike by "
            "decoding; leave out one of them"
        )
    if (settings.split_by, settings.train_levels) != ("subject", "auto"):
        raise BadInput(
            "--identity_weight takes Real prints by subject, with their fingers' other prints as probes; leave out "
            "--split_by and --train_levels"
        )
    if settings.batch_size == 1:
        raise BadInput("--identity_weight picks a mate among the others of a batch; give --batch_size 2 or more")
    if settings.identity_head:
        identity_head(settings.identity_head, settings.latent_dim)  # refused before the run begins
