"""`ridgecode train-matcher`: a Siamese head on latent vectors, or an image Siamese system."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

from ridgecode.errors import BadInput
from ridgecode.matching.heads import Comparator
from ridgecode.matching.siamese.systems import RecipeName
from ridgecode.study.lightning_fit import Hardware
from ridgecode.study.matcher_training import LossName, PairsName
from ridgecode.study.run_folder import default_data
from ridgecode.study.siamese_store import SourceName
from ridgecode.study.train_latent_head import train_latent_head
from ridgecode.study.train_siamese import train_siamese

LATENT_ONLY = ("model", "autoencoder_minutes", "comparator", "loss", "pairs", "movement", "hidden", "embedding_dim")
IMAGES_ONLY = ("source", "split_by", "pair_list", "n_pairs", "image_height", "image_width", "channels")


@dataclass(frozen=True)
class TrainMatcher:
    """Trains a matcher: a Siamese head on latent vectors, or a Siamese network on images.

    `--system latent` is the head, which reads the latent vectors of a frozen autoencoder; the other systems see pixels.
    A head's reference is a finger's Real print; its altered prints and other impressions are probes. Its best epoch is
    the one with the lowest equal error rate on validation subjects; that of an image system has the lowest loss on its
    validation pairs. The decision threshold comes from there too. The same command again resumes a run that was killed.

    Args:
        system: latent (a head), subtract, subtract-conv, stripes, contrastive or l1 (networks on images)
        recipe: of an image system: ours, or published, as its write-up has it
        data: prepared store, or for image systems a folder of identity folders (s1/, s2/, ..) or of anchor/, positive/
            and negative/ (default: the environment variable RIDGECODE_DATA, else ./store)
        source: of the images of an image system: socofing (a prepared store), folder (identity folders), stripes
            (generated); auto takes stripes for the system stripes, else what data holds
        run_dir: folder of the run (default: runs/ with the W&B agent's run id or a name from the settings)
        split_by: how pairs of images are held out: pair (images recur on both sides), subject, or auto: the recipe's
        pair_list: CSV file with the columns probe, reference, mated (1 or 0) that names the pairs of an image system
        n_pairs: pairs that an image system draws in all; 0 takes its own number
        image_height: pixels that images are brought to; 0 takes the system's own
        image_width: pixels that images are brought to; 0 takes the system's own
        channels: of the network's input, 1 or 3; 0 takes the recipe's own
        model: train-autoencoder run, model file or pretrained model's name, whose latent vectors are matched (default:
            autoencoder-whole-128 beside run_dir, trained first where it is not there)
        autoencoder_minutes: minutes of training for an autoencoder that has to be trained first
        comparator: how two embeddings of latent vectors are compared
        loss: of a head, on pairs (bce, contrastive), triplets, or a batch's whole table of scores (infonce)
        pairs: of a head, random or mined (semi-hard in the batch); auto mines triplets and draws pairs; infonce takes
            all pairs
        movement: whether a head's probes are turned, shifted, scaled and blurred before encoding
        hidden: units of the two hidden layers of a head
        embedding_dim: numbers in an embedding of a head
        learning_rate: 0 takes the system's own (a head 1e-3, with AdamW and a cosine schedule)
        batch_size: fingers a step of a head, pairs a step of an image system; 0 takes the system's own (a head 256)
        max_epochs: epochs at most, of a head 50 steps each; 0 takes the system's own (a head 100)
        max_minutes: minutes of training at most; 0 for no limit
        early_stopping_patience: epochs without a better figure before training ends; 0 never ends it
        stop_on_collapse: whether a run that has collapsed ends; it is told of in either case
        device: cpu, cuda, or auto: a GPU where there is one
        seed: of weights, pairs, batches and movements
        tracker: wandb (online with a login, else offline) or none
        threads: processor threads; 0 takes all
        evaluate: whether the best epoch is evaluated on the val split at the end, as `ridgecode evaluate` does
    """

    system: Literal["latent", "subtract", "subtract-conv", "stripes", "contrastive", "l1"] = "latent"
    recipe: RecipeName = "ours"
    data: Path = field(default_factory=default_data)
    source: SourceName = "auto"
    run_dir: Path | None = None
    split_by: Literal["auto", "pair", "subject"] = "auto"
    pair_list: Path | None = None
    n_pairs: int = 0
    image_height: int = 0
    image_width: int = 0
    channels: Literal[0, 1, 3] = 0
    model: Path | None = None
    autoencoder_minutes: float = 5.0
    comparator: Comparator = "cosine"
    loss: LossName = "infonce"
    pairs: PairsName = "auto"
    movement: bool = True
    hidden: int = 512
    embedding_dim: int = 128
    learning_rate: float = 0.0
    batch_size: int = 0
    max_epochs: int = 0
    max_minutes: float = 0.0
    early_stopping_patience: int = 0
    stop_on_collapse: bool = False
    device: Literal["auto", "cpu", "cuda"] = "auto"
    seed: int = 0
    tracker: Literal["wandb", "none"] = "wandb"
    threads: int = 0
    evaluate: bool = True


def train_matcher(config: TrainMatcher) -> Path:
    """Runs the training; returns the run's folder. Raises BadInput for settings or data that can't be used."""
    _check(config)
    return train_latent_head(config) if config.system == "latent" else train_siamese(config)


def _check(config: TrainMatcher) -> None:
    for name in ("hidden", "embedding_dim"):
        if getattr(config, name) < 1:
            raise BadInput(f"--{name} is {getattr(config, name)}; give 1 or more")
    for name in (
        *("max_epochs", "max_minutes", "early_stopping_patience", "threads", "seed", "learning_rate"),
        *("n_pairs", "image_height", "image_width"),
    ):
        if getattr(config, name) < 0:
            raise BadInput(f"--{name} is {getattr(config, name)}; give 0 or more")
    if config.autoencoder_minutes <= 0:
        raise BadInput(f"--autoencoder_minutes is {config.autoencoder_minutes}; give more than 0")
    if config.batch_size != 0 and config.batch_size < 2:
        raise BadInput(f"--batch_size is {config.batch_size}; pairs need 2 or more")
    if config.loss == "infonce" and config.pairs != "auto":
        raise BadInput(f"--pairs {config.pairs} says nothing to --loss infonce, which takes all pairs; leave it out")
    if config.system == "latent" and config.recipe != "ours":
        raise BadInput(f"--recipe {config.recipe}: no write-up has a recipe for latent vectors; leave it out")
    others, kind = (IMAGES_ONLY, "latent vectors") if config.system == "latent" else (LATENT_ONLY, "images")
    default = {one.name: one.default for one in fields(TrainMatcher)}
    for name in others:
        if getattr(config, name) != default[name]:
            raise BadInput(f"--{name} says nothing to --system {config.system}, which matches {kind}; leave it out")
    Hardware(config.device).check()
