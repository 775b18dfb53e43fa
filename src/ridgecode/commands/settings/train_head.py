"""The settings of `ridgecode train-head`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ridgecode.matching.names import Comparator, HeadName, LossName, PairsName
from ridgecode.runs.default_folders import default_data


@dataclass(frozen=True)
class TrainHead:
    """Trains a Siamese head, which compares latent vectors of a frozen autoencoder.

    The head `places` reads a latent vector through the decoder's own latent layer and sees where on the print each part
    lies; it is trained on two varied views of each finger (turned, shifted, bent, partly covered, wet, dry, differently
    lit). The head `mlp` reads the latent vector's numbers as they are; a finger's Real print is the reference, its
    altered prints and other impressions are probes. The best epoch is the one with the lowest equal error rate on
    validation subjects, where the decision threshold is chosen too. The same command again resumes a run that was
    killed.

    Args:
        data: prepared store (default: the environment variable RIDGECODE_DATA, else ./store); for places also several,
            STORE1,STORE2: each batch is of one data set, and the first store has the validation subjects that count
        shares: with several stores, the share of the steps that each gets, such as 0.7,0.3; empty gives all the same
        run_dir: folder of the run (default: runs/ with the W&B agent's run id or a name from the settings)
        model: train-autoencoder run, model file or pretrained model's name, whose latent vectors are compared (default:
            autoencoder-whole-128 beside run_dir, trained first where it is not there)
        autoencoder_minutes: minutes of training for an autoencoder that has to be trained first
        start_from: another head's run, its model.safetensors or a shipped matcher's name, whose weights this run starts
            from; its latent vectors and templates must be of the same sizes
        head: places, mlp, or auto: places, but mlp where a flag of mlp's is given (another comparator or loss, pairs,
            movement, hidden, embedding_dim) and where the model is a PCA, whose decoder has no map
        comparator: how two embeddings are compared; places has the cosine
        loss: on pairs (bce, contrastive), triplets, or a batch's whole table of scores (infonce)
        pairs: random or mined (semi-hard in the batch); auto: mined for triplet, random for bce and contrastive;
            infonce takes all pairs of a batch
        movement: mlp only: whether probes are turned, shifted, scaled and blurred before encoding
        hidden: mlp only: units of the two hidden layers
        embedding_dim: mlp only: numbers in an embedding
        template_dim: places only: numbers in a template
        template_bytes: size of a stored template, 16, 32, 64 or 128; 0 stores floats; -1 takes 4 bits a number for
            places, so 64 bytes for a template_dim of 128, and floats for mlp and where that is no such size
        template_bits: bits of a number in a template, 8, 4 or 1; 0 takes those that fit
        bank_views: places only: encoded views of each finger that are kept in memory, 2 bytes for each latent dim
        teacher: places only: a train-siamese run of the system ridge, or a shipped matcher of it, whose templates the
            head learns to give too, beside its loss; so that both can be compared with each other
        teacher_weight: with teacher: weight of one minus the cosine of the head's template and the teacher's
        renewals: places only: views that are encoded anew at each step and replace the oldest ones
        learning_rate: of AdamW with a cosine schedule; 0 takes 2e-3 for places, 1e-3 for mlp
        batch_size: fingers a step; 0 takes 128 for places, 256 for mlp
        max_steps: steps at most, over which the learning rate falls; 0 leaves it to max_epochs
        max_epochs: epochs at most, of 250 steps each for places, 50 for mlp; 0 takes 40 for places, 100 for mlp
        max_minutes: minutes of training at most; 0 for no limit
        early_stopping_patience: epochs without a better equal error rate before training ends; 0 never ends it
        precision: places only: 32, bf16 (mixed, in training alone), or auto: bf16 on GPUs that have it and on
            processors with AMX, else 32
        stop_on_collapse: whether a run that has collapsed ends; the collapse is reported in either case
        device: cpu, cuda, or auto: a GPU where there is one
        seed: of weights, pairs, batches and movements
        tracker: wandb (online with a login, else offline) or none
        threads: processor threads; 0 takes all
        evaluate: whether the best epoch is evaluated on the val split at the end, as `ridgecode evaluate` does
    """

    data: Path = field(default_factory=default_data)
    shares: str = ""
    run_dir: Path | None = None
    model: Path | None = None
    autoencoder_minutes: float = 5.0
    start_from: str = ""
    head: HeadName = "auto"
    comparator: Comparator = "cosine"
    loss: LossName = "infonce"
    pairs: PairsName = "auto"
    movement: bool = True
    hidden: int = 512
    embedding_dim: int = 128
    template_dim: int = 128
    template_bytes: int = -1
    template_bits: int = 0
    bank_views: int = 4
    teacher: str = ""
    teacher_weight: float = 1.0
    renewals: int = 256
    learning_rate: float = 0.0
    batch_size: int = 0
    max_steps: int = 0
    max_epochs: int = 0
    max_minutes: float = 0.0
    early_stopping_patience: int = 0
    precision: Literal["auto", "32", "bf16"] = "auto"
    stop_on_collapse: bool = False
    device: Literal["auto", "cpu", "cuda"] = "auto"
    seed: int = 0
    tracker: Literal["wandb", "none"] = "wandb"
    threads: int = 0
    evaluate: bool = True
