"""What every evaluation shares: its configuration, where its files go, and what is refused."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ridgecode.autoencoders.model_card import read_card
from ridgecode.autoencoders.pretrained import is_pretrained, model_file, nearest_name
from ridgecode.codec.classical import ClassicalName
from ridgecode.codec.fitted import FittedName
from ridgecode.errors import BadInput
from ridgecode.files import write_text
from ridgecode.matching.comparisons import PROTOCOLS
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import ViewName
from ridgecode.study.evaluate_matching import MatchingPart
from ridgecode.study.evaluation_lists import has_non_mated
from ridgecode.study.matcher_run import AUTOENCODER_FILE
from ridgecode.study.run_folder import RunFolder, default_data

_RUN_FILES = (
    *("config.yaml", "environment.json", "metrics.jsonl", "tracker.json", "last.ckpt"),
    *("model.safetensors", AUTOENCODER_FILE, "per_print.parquet", "curves.npz"),
)


@dataclass(frozen=True)
class Evaluate:
    """Measures a run: what its reconstructions lose, and how well it matches.

    per_print.parquet, curves.npz, sheets/ and the comparison lists go to the run's folder, or for a split other than
    val to evaluation-SPLIT in it. With --out x.json they go to the folder x-files beside it, and the run's own are left
    as they are. A model without a run, a file or a pretrained model's name, needs --out.

    With --matcher a minutiae matcher judges instead: the run's reconstructions (--protocol reconstruction, which takes
    a run on whole prints), or the store's own prints in any other protocol, which takes no run but --out then. The
    figures go to minutiae-MATCHER-PROTOCOL.json; templates are kept beside it, and a stopped command goes on with them.

    With --codec an image codec is measured in a run's place: bytes and what they lose at several qualities, or
    with --matcher what a minutiae matcher makes of one. It takes no run but --out.

    Args:
        run: folder of a train-autoencoder or train-matcher run, a model file, or a pretrained model's name
        data: prepared store (default: the environment variable RIDGECODE_DATA, else ./store)
        split: which subjects: train, val, test, or all; of a run split by file val is the files that it held out
        out: JSON file for the figures (default: evaluation.json in that folder)
        codec: none, or an image codec to measure in place of a run: jpeg, jpeg-flat, jpeg2000, jpegxl, webp, avif,
            wsq (they need the extra codecs); klt, pca (fitted on Real prints of train subjects of --data)
        view: which pixels --codec codes: whole (default) or crop32
        qualities: of --codec, by commas, as the codec counts them (default: several that span its useful range)
        protocols: of matching, by commas: aligned, moved, fvc, fvc-all; auto for those the store allows, none for none;
            with --matcher one of them or reconstruction, which auto stands for where there is a run
        matcher: none, or a minutiae matcher: orb (scikit-image), or bozorth3 (NIST's; needs the extra minutiae)
        levels: of the altered probes that --matcher judges, by commas: Easy, Medium, Hard; or all
        max_prints: Real prints that --matcher judges, spread evenly over the subjects
        jobs: processes that --matcher takes, one thread each; 0 takes all processors
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

    run: Path | None = None
    data: Path = field(default_factory=default_data)
    split: Literal["train", "val", "test", "all"] = "val"
    out: Path | None = None
    codec: Literal["none", ClassicalName, FittedName] = "none"
    view: ViewName | None = None
    qualities: str = ""
    protocols: str = "auto"
    matcher: Literal["none", "orb", "bozorth3"] = "none"
    levels: str = "all"
    max_prints: int = 100
    jobs: int = 0
    comparisons: Path | None = None
    depth_bits: int = 8
    all_files: bool = False
    window: Literal["frame", "print"] = "frame"
    pca_data: Path | None = None
    tracker: Literal["wandb", "none"] = "none"
    threads: int = 0

    @property
    def run_path(self) -> Path:
        """The run's folder, or a model without one. Raises BadInput where none was given."""
        if self.run is None:
            raise BadInput("--run is missing: give the folder of a train-autoencoder or train-matcher run")
        return self.run


def is_model(run: Path) -> bool:
    """Whether `run` is a model without a run's folder: a model file, or the name of a pretrained model."""
    return run.is_file() or is_pretrained(run)


def check_run(config: Evaluate) -> None:
    """Raises BadInput for a run or model that is not there, and for a model without a run's folder where the figures
    have no other place to go."""
    run = config.run_path
    if not run.exists() and not is_pretrained(run):
        raise BadInput(
            f"{run} is not a run, a model file or a pretrained model{nearest_name(str(run))}; give the --run_dir of a "
            "training, or a name that `ridgecode models` lists"
        )
    if is_model(run) and config.out is None:
        raise BadInput(f"--out is missing: {run} is a model without a run's folder; name a JSON file for the figures")
    if is_model(run) and config.tracker != "none":
        raise BadInput(f"--tracker adds to a run's own W&B run, and the model {run} is without one; leave it out")


def check_store(config: Evaluate, store: PrintStore) -> bool:
    """Whether the run was trained on another store; warns where that mixes the splits."""
    trained_on = _trained_on(config.run_path)
    other_store = store.source != "socofing" and trained_on.get("data_digest") != store.digest
    if other_store and trained_on.get("source", store.source) == store.source:
        print(
            f"ridgecode: {config.run_path} was not trained on {config.data}, whose subjects are split by chance: some "
            f"of the split {config.split} may have been trained on",
            file=sys.stderr,
        )
    return other_store


def _trained_on(run: Path) -> dict[str, Any]:
    """The training store's source and digest, as far as they are known."""
    if is_pretrained(run):
        return {"source": read_card(model_file(run)).trained_on}
    return {} if is_model(run) else RunFolder(run).read_environment()


def finish(config: Evaluate, content: dict[str, Any], part: MatchingPart) -> dict[str, Any]:
    """Writes the curves and the JSON; returns its content."""
    content["matching"] = part.table
    part.write(folder_of(config))
    write_text(json_of(config), json.dumps(content, indent=1) + "\n")
    return content


def folder_of(config: Evaluate) -> Path:
    """Where an evaluation's files go: figures on validation subjects are the run's own, others have their folder."""
    own = config.run_path if config.split == "val" else config.run_path / f"evaluation-{config.split}"
    if config.out is None or config.out.resolve() == (own / "evaluation.json").resolve():
        return own
    return folder_beside(config.out)


def folder_beside(out: Path) -> Path:
    """The folder of an --out x.json: x-files."""
    return out.with_name(f"{out.name.removesuffix('.json')}-files")


def json_of(config: Evaluate) -> Path:
    """The evaluation's JSON."""
    return config.out or folder_of(config) / "evaluation.json"


def protocols_wanted(config: Evaluate, store: PrintStore, auto: list[str]) -> list[str]:
    """The protocols that --protocols names; `auto` are those that it stands for. Raises BadInput for unknown ones."""
    text = config.protocols
    if text == "none":
        return []
    if text == "auto":
        # One subject gives no non-mated comparison: a small set is still worth its reconstruction figures.
        return auto if has_non_mated(store, config.split) else []
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    for name in wanted:
        if name == "reconstruction":
            raise BadInput("--protocol reconstruction is judged by a minutiae matcher; add --matcher orb or bozorth3")
        if name not in PROTOCOLS:
            raise BadInput(f"--protocols {name} is unknown; give auto, none, or some of {', '.join(PROTOCOLS)}")
    return wanted


def check_out(config: Evaluate) -> None:
    """Raises BadInput, before anything is measured, for an --out that is a folder or one of the run's own files."""
    if config.out is None:
        return
    if not config.out.name or config.out.is_dir():
        raise BadInput(f"--out {config.out} is a folder; give a file, such as metrics.json")
    folder = config.run_path.parent if config.run_path.is_file() else config.run_path
    if config.out.resolve().parent == folder.resolve() and (
        config.out.name in _RUN_FILES or (config.out.name == "evaluation.json" and config.split != "val")
    ):
        raise BadInput(f"--out {config.out} is a file of the run with other content; give another --out")
