"""The settings of `ridgecode evaluate`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ridgecode.prints.names import Split
from ridgecode.runs.default_folders import default_data


@dataclass(frozen=True)
class Evaluate:
    """Measures a run: what its reconstructions lose, and how well it matches.

    per_print.parquet, curves.npz, sheets/ and the comparison lists go to the run's folder, or for a split other than
    val to evaluation-SPLIT in it. With --out x.json they go to the folder x-files beside it, and the files in the
    run's folder are not changed. A model without a run, a file or a pretrained model's name, needs --out.

    Args:
        run: folder of a training's run, a model file, or a pretrained model's name
        data: prepared store (default: the environment variable RIDGECODE_DATA, else ./store)
        split: which subjects: train, val, test, or all; of a run split by file val is the files that it held out
        out: JSON file for the figures (default: evaluation.json in that folder)
        json: print the figures as JSON, for programs, instead of lines to read
        protocols: of matching, by commas: aligned, moved, impressions, impressions-all (of FVC sets also called fvc,
            fvc-all); auto for those the store allows, none for none
        comparisons: folder of comparison lists, read where they are there, written where not (default: comparisons/
            in that folder)
        depth_bits: bits a latent dim at which bytes and mse_at_depth are stated, 1 to 8 (mse_at_bits has 4 and 8)
        all_files: also measures Real and altered prints of the split together (2,000 at most, drawn by the run's seed),
            as all_files; a run that was trained on altered prints has that anyway
        window: of each print: frame (the middle of the image) or print (around the centroid of its ridges)
        pca_data: prepared store whose train prints PCA is fitted on (default: that of --data)
        tracker: wandb (adds the figures to the run's own W&B run; online with a login, else offline) or none
        threads: processor threads; 0 takes all
    """

    run: Path
    data: Path = field(default_factory=default_data)
    split: Split = "val"
    out: Path | None = None
    json: bool = False
    protocols: str = "auto"
    comparisons: Path | None = None
    depth_bits: int = 8
    all_files: bool = False
    window: Literal["frame", "print"] = "frame"
    pca_data: Path | None = None
    tracker: Literal["wandb", "none"] = "none"
    threads: int = 0
