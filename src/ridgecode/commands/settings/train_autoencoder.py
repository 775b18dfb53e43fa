"""The settings of `ridgecode train-autoencoder`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ridgecode.autoencoders.names import Backbone, DistortionName, Task
from ridgecode.prints.names import SplitBy, TrainCrops, TrainLevels, ViewName
from ridgecode.runs.default_folders import default_data


@dataclass(frozen=True)
class TrainAutoencoder:
    """Trains an autoencoder on the train split of a prepared store, validates it on the val split.

    The same command again resumes a run that was killed, and leaves a finished one as it is.

    Args:
        data: prepared store (default: the environment variable RIDGECODE_DATA, else ./store); with --view full several,
            with commas between them
        shares: --view full only: how often a patch comes from each store, such as 0.7,0.3; the same for all if left out
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
        rate_weight: ridge only: weight of the bit rate (bits a pixel) in the loss; latent vectors are then rounded and
            coded, and a network that predicts their probabilities is trained as well; 0 trains without
        identity_weight: weight of a matching loss on latent vectors (nats) in the loss, so that a vector both decodes
            and matches; 0 trains without
        identity_head: with identity_weight: a train-head run on the model that this run starts from, whose templates
            the matching loss compares, and which is trained along; empty compares latent vectors themselves
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
        max_epochs: epochs at most; an epoch shows every training print once, or often enough for 4,096 crops
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
    shares: str = ""
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
    identity_head: str = ""
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
