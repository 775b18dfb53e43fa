"""The settings of `ridgecode train-autoencoder`, and which of them can be used together."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from ridgecode.autoencoders.distortion import DistortionName
from ridgecode.autoencoders.saved import (
    RIDGE_BLOCKS,
    RIDGE_WIDTH,
    AutoencoderSpec,
    Backbone,
    Task,
    check_spec,
    load_autoencoder,
    usual_latent_layer,
)
from ridgecode.errors import BadInput
from ridgecode.prints.training_crops import TrainCrops
from ridgecode.prints.views import ViewName
from ridgecode.study.lightning_fit import Hardware
from ridgecode.study.run_folder import default_data
from ridgecode.study.training_rows import SplitBy, TrainLevels


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
        latent_layer: ridge only: grid (the same weights at every place of the last map), patches (the same for every
            patch of 4x4 places), linear (weights of their own), or auto: patches where the run starts from a model,
            else grid where there is a latent dim or more for each place
        blocks: ridge only: residual blocks at each scale; 0 takes those of the model it starts from, else 1
        width: ridge only: channels at the first scale, twice as many at the others; 0 takes those of the model it
            starts from, else 48
        start_from: ridge only: another run, its model.safetensors, or a pretrained model, whose weights this run
            starts from; it may have more latent dims or fewer, another view or distortion
        rate_weight: ridge only: what a bit a pixel weighs beside the distortion: latent vectors are then rounded and
            coded, and a network that tells their probabilities is trained beside it; 0 trains without
        identity_weight: what a nat of a matching loss on latent vectors weighs beside the distortion, so that a vector
            both decodes and matches; 0 trains without
        seed_size: side of the map that the decoder starts from, stretched to its first map; 0 takes the backbone's own
            (ridge the whole map, ResNets 4)
        first_conv: ResNets only: bolts' 7x7 first convolution of stride 2
        maxpool1: ResNets only: bolts' max-pool after the first convolution
        learning_rate: of the optimiser; 0 takes the backbone's own (ridge 4e-3, ResNets 1e-4)
        schedule: of the learning rate; auto takes the backbone's own (ridge cosine, ResNets constant)
        batch_size: windows a step, in each process; 0 takes the view's own (64 crops, 16 whole prints)
        train_crops: random (shifted and mirrored), warped (half of them turned, scaled and bent as well), near (near
            the middle, unmirrored) or centre (the write-up's)
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
    latent_layer: Literal["auto", "grid", "patches", "linear"] = "auto"
    blocks: int = 0
    width: int = 0
    start_from: str = ""
    rate_weight: float = 0.0
    identity_weight: float = 0.0
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


def hardware_of(config: TrainAutoencoder) -> Hardware:
    """Where it trains."""
    return Hardware(config.device, config.devices, config.strategy, config.num_nodes, config.precision)


def spec_of(config: TrainAutoencoder) -> AutoencoderSpec:
    """What the network will be."""
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
    if config.backbone == "ridge":
        blocks, width = RIDGE_BLOCKS, RIDGE_WIDTH
        if config.start_from:
            other = load_autoencoder(config.start_from).spec
            blocks, width = other.blocks, other.width
        spec = replace(spec, blocks=config.blocks or blocks, width=config.width or width)
    if config.latent_layer != "auto":
        return replace(spec, latent_layer=config.latent_layer)
    return replace(spec, latent_layer=usual_latent_layer(spec, bool(config.start_from)))


def check_settings(config: TrainAutoencoder) -> None:
    """Raises BadInput for values out of range, and flags that don't go together."""
    for name in ("latent_dim", "max_epochs"):
        if getattr(config, name) < 1:
            raise BadInput(f"--{name} is {getattr(config, name)}; give 1 or more")
    counts = ("blocks", "width", "batch_size", "early_stopping_patience", "threads", "seed")
    for name in ("learning_rate", "max_minutes", "rate_weight", "identity_weight", *counts):
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
    if config.identity_weight:
        _check_identity(config)
    if config.backbone == "pca" and config.distortion != "mse":
        raise BadInput(f"--backbone pca minimises mse by its nature, not {config.distortion}; give --distortion mse")
    if config.backbone == "pca" and config.train_crops not in ("random", "centre"):
        raise BadInput(f"--train_crops {config.train_crops} is for networks; with --backbone pca give random or centre")
    if config.backbone != "ridge":
        for name, unset in (("blocks", 0), ("width", 0), ("latent_layer", "auto")):
            if getattr(config, name) != unset:
                raise BadInput(f"--{name} is for --backbone ridge; leave it out with {config.backbone}")
    if config.start_from and config.backbone != "ridge":
        raise BadInput(f"--start_from is for --backbone ridge; leave it out with {config.backbone}")
    spec = spec_of(config)
    check_spec(spec)
    if config.rate_weight and (config.backbone != "ridge" or spec.latent_layer == "linear"):
        raise BadInput(
            "--rate_weight codes latent vectors of a grid; give --backbone ridge with --latent_layer grid or patches, "
            "or leave it out"
        )
    hardware_of(config).check()


def _check_identity(config: TrainAutoencoder) -> None:
    if config.backbone == "pca":
        raise BadInput(
            "--identity_weight needs a network, and --backbone pca is fitted in closed form; give --backbone ridge, or "
            "leave it out"
        )
    if config.task == "repair":
        raise BadInput(
            "--identity_weight compares Real prints with their altered ones, which --task repair makes alike by "
            "decoding; leave out one of them"
        )
    if (config.split_by, config.train_levels) != ("subject", "auto"):
        raise BadInput(
            "--identity_weight takes Real prints by subject, with their fingers' other prints as probes; leave out "
            "--split_by and --train_levels"
        )
    if config.batch_size == 1:
        raise BadInput("--identity_weight picks a mate among the others of a batch; give --batch_size 2 or more")
