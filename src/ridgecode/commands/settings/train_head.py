"""The settings of `ridgecode train-head`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ridgecode.matching.names import Comparator, LossName, PairsName
from ridgecode.runs.default_folders import default_data


@dataclass(frozen=True)
class TrainHead:
    """Trains a Siamese head, which compares latent vectors of a frozen autoencoder.

    A finger's Real print is the reference; its altered prints and other impressions are probes. The best epoch is the
    one with the lowest equal error rate on validation subjects, where the decision threshold is chosen too. The same
    command again resumes a run that was killed.

    Args:
        data: prepared store (default: the environment variable RIDGECODE_DATA, else ./store)
        run_dir: folder of the run (default: runs/ with the W&B agent's run id or a name from the settings)
        model: train-autoencoder run, model file or pretrained model's name, whose latent vectors are compared (default:
            autoencoder-whole-128 beside run_dir, trained first where it is not there)
        autoencoder_minutes: minutes of training for an autoencoder that has to be trained first
        comparator: how two embeddings are compared
        loss: on pairs (bce, contrastive), triplets, or a batch's whole table of scores (infonce)
        pairs: random or mined (semi-hard in the batch); auto: mined for triplet, random for bce and contrastive;
            infonce takes all pairs of a batch
        movement: whether probes are turned, shifted, scaled and blurred before encoding
        hidden: units of the two hidden layers
        embedding_dim: numbers in an embedding
        learning_rate: of AdamW with a cosine schedule; 0 takes 1e-3
        batch_size: fingers a step; 0 takes 256
        max_epochs: epochs at most, of 50 steps each; 0 takes 100
        max_minutes: minutes of training at most; 0 for no limit
        early_stopping_patience: epochs without a better equal error rate before training ends; 0 never ends it
        stop_on_collapse: whether a run that has collapsed ends; the collapse is reported in either case
        device: cpu, cuda, or auto: a GPU where there is one
        seed: of weights, pairs, batches and movements
        tracker: wandb (online with a login, else offline) or none
        threads: processor threads; 0 takes all
        evaluate: whether the best epoch is evaluated on the val split at the end, as `ridgecode evaluate` does
    """

    data: Path = field(default_factory=default_data)
    run_dir: Path | None = None
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
