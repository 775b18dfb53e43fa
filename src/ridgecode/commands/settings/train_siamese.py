"""The settings of `ridgecode train-siamese`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ridgecode.matching.names import RecipeName, SourceName, SystemName
from ridgecode.runs.default_folders import default_data


@dataclass(frozen=True)
class TrainSiamese:
    """Trains an image Siamese system: a network that compares the pixels of two images.

    The system ridge is the one to match prints with: it finds the finger's pose, and its templates are short. The
    others are published systems.

    The best epoch is the one with the lowest loss on validation pairs, where the decision threshold is chosen too. The
    same command again resumes a run that was killed.

    Args:
        system: ridge, or one of subtract, subtract-conv, stripes, contrastive, l1
        recipe: ours, or published, as the system's write-up has it
        data: prepared store, or a folder of identity folders (s1/, s2/, ..) or of anchor/, positive/ and negative/
            (default: the environment variable RIDGECODE_DATA, else ./store); for ridge also several stores,
            STORE1,STORE2: each batch is of one data set
        shares: ridge only: with several stores, the share of the steps that each gets, such as 0.7,0.3; empty gives all
            the same
        source: of the images: socofing (a prepared store), folder (identity folders), stripes (generated); auto takes
            stripes for the system stripes, else what data holds
        run_dir: folder of the run (default: runs/ with the W&B agent's run id or a name from the settings)
        split_by: how pairs are held out: pair (images recur on both sides), subject, or auto: the recipe's
        pair_list: CSV file with the columns probe, reference, mated (1 or 0) that names the pairs
        n_pairs: pairs that are drawn in all; 0 takes the system's own number
        image_height: pixels that images of any size are brought to; 0 takes the system's own
        image_width: pixels that images of any size are brought to; 0 takes the system's own
        channels: of the network's input, 1 or 3; 0 takes the recipe's own
        template_bytes: ridge only: size of a stored template, 16, 32, 64 or 128; 0 for floats
        template_bits: ridge only: of one number in it, 8, 4 or 1; 0 takes 4
        template_dim: ridge only: numbers in an embedding; 0 takes as many as a template holds, 128 where those are bits
            or floats
        start_from: ridge only: a run, model file or shipped matcher's name, whose weights this run starts from
        learning_rate: 0 takes the recipe's own
        batch_size: pairs a step, for ridge views; 0 takes the recipe's own
        max_steps: ridge only: steps in all, over which the learning rate falls; 0 leaves it to max_epochs
        max_epochs: epochs at most, for ridge of 250 steps; 0 takes the recipe's own
        max_minutes: minutes of training at most; 0 for no limit
        early_stopping_patience: epochs without a lower loss before training ends; 0 never ends it
        precision: ridge only: 32, bf16 (mixed, in training), or auto: bf16 on GPUs that have it and on processors with
            AMX, else 32
        stop_on_collapse: whether a run that has collapsed ends; the collapse is reported in either case
        device: cpu, cuda, or auto: a GPU where there is one
        seed: of weights, pairs, batches and movements
        tracker: wandb (online with a login, else offline) or none
        threads: processor threads; 0 takes all
        evaluate: whether the best epoch is evaluated on the val split at the end, as `ridgecode evaluate` does
    """

    system: SystemName
    recipe: RecipeName = "ours"
    data: Path = field(default_factory=default_data)
    shares: str = ""
    source: SourceName = "auto"
    run_dir: Path | None = None
    split_by: Literal["auto", "pair", "subject"] = "auto"
    pair_list: Path | None = None
    n_pairs: int = 0
    image_height: int = 0
    image_width: int = 0
    channels: Literal[0, 1, 3] = 0
    template_bytes: int = 64
    template_bits: int = 0
    template_dim: int = 0
    start_from: str = ""
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
