"""Paths of an evaluation's files."""

from pathlib import Path
from typing import NamedTuple

from ridgecode.errors import BadInput
from ridgecode.evaluation.names import folder_beside
from ridgecode.matching.shipped.parts import AUTOENCODER_FILE

_RUN_FILES = (
    *("config.yaml", "environment.json", "metrics.jsonl", "tracker.json", "last.ckpt"),
    *("model.safetensors", AUTOENCODER_FILE, "per_print.parquet", "curves.npz"),
)


class Places(NamedTuple):
    """json: the file of figures; folder: of the files beside it (per_print.parquet, curves.npz, sheets/)."""

    json: Path
    folder: Path


def places_of(run: Path, split: str, out: Path | None) -> Places:
    """The paths of an evaluation of `run`, a run's folder or a model file.

    Without `out`, evaluation.json lies in the run's folder for the split val, in evaluation-SPLIT inside it for others;
    with an `out` x.json, the other files lie in x-files beside it. Raises BadInput for an `out` that is a folder, or
    another file of the run.
    """
    own = run if split == "val" else run / f"evaluation-{split}"
    if out is None:
        return Places(own / "evaluation.json", own)
    _check_out(run, split, out)
    is_own = out.resolve() == (own / "evaluation.json").resolve()
    return Places(out, own if is_own else folder_beside(out))


def check_no_folder(out: Path, example: str) -> None:
    """Raises BadInput for an --out that is a folder."""
    if not out.name or out.is_dir():
        raise BadInput(f"--out {out} is a folder; give a file, such as {example}")


def _check_out(run: Path, split: str, out: Path) -> None:
    check_no_folder(out, "metrics.json")
    folder = run.parent if run.is_file() else run
    if out.resolve().parent == folder.resolve() and (
        out.name in _RUN_FILES or (out.name == "evaluation.json" and split != "val")
    ):
        raise BadInput(f"--out {out} is a file of the run with other content; give another --out")
