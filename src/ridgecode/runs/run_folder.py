"""A run's folder. It holds everything about the run; a tracker shows a copy."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ridgecode.errors import BadInput
from ridgecode.files import held_folder, naming_file, why_not_writable, write_text
from ridgecode.runs.environment import environment

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

NOT_COMPARED = {
    "data",  # the store's digest is compared instead
    "model",  # the bytes of the matcher's copy are compared instead
    "run_dir",
    "device",
    "devices",
    "strategy",
    "num_nodes",
    "threads",
    "tracker",
    "evaluate",
}
"""Settings that may differ between an interrupted run and its resumption: they change how a run is carried out, not
what it is."""
ADDED_LATER = {
    "task": "reconstruct",
    "pooling": "auto",
    "seed_size": 0,
    "first_conv": False,
    "maxpool1": False,
    "split_by": "subject",
    "train_levels": "auto",
    "latent_layer": "linear",
    "start_from": "",
    "blocks": 2,
    "width": 64,
    "rate_weight": 0.0,
    "identity_weight": 0.0,
    "identity_head": "",
    "shares": "",
    "head": "mlp",
    "template_dim": 128,
    "template_bytes": -1,
    "template_bits": 0,
    "bank_views": 4,
    "renewals": 256,
    "teacher": "",
    "teacher_weight": 1.0,
    "max_steps": 0,
    "precision": "auto",
}
"""Settings that older runs lack in their config.yaml, with the values that those runs had."""
ADDED_TO_VERB: dict[str, dict[str, Any]] = {"train-siamese": {"template_bytes": 64, "template_dim": 0}}
"""The same where a verb has another value for what the older runs, of other systems, did."""


_LAUNCHERS = (
    ("SLURM", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
    ("SLURM", "SLURM_PROCID", "SLURM_NTASKS"),
    ("mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("mpirun", "PMI_RANK", "PMI_SIZE"),
    ("jsrun", "JSM_NAMESPACE_RANK", "JSM_NAMESPACE_SIZE"),
    ("torchrun", "RANK", "WORLD_SIZE"),
)
"""Programs that start a command in several processes: the variables of a process's number and of how many there are."""


@dataclass(frozen=True)
class RunFolder:
    """The files of one run below `path`: `config.yaml`, `metrics.jsonl`, `model.safetensors` (the best weights),
    `last.ckpt` (to resume from), `environment.json`, `sheets/` (pictures)."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.yaml"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def model(self) -> Path:
        return self.path / "model.safetensors"

    @property
    def checkpoint(self) -> Path:
        return self.path / "last.ckpt"

    @property
    def environment(self) -> Path:
        return self.path / "environment.json"

    @property
    def sheets(self) -> Path:
        return self.path / "sheets"

    def begun(self) -> bool:
        """Whether the folder holds a run whose work would be lost: a finished one, or one with a checkpoint or a
        model."""
        has_work = self.checkpoint.is_file() or self.model.is_file() or self.finished()
        return self.config.is_file() and has_work

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps other processes from training in this folder for the length of a `with` block. Raises BadInput where
        another process trains in it, where the path is a file, and where nothing can be written there.

        BadInput in the block removes the folder again where it was made here and no training has begun in it.
        """
        if self.path.is_file():
            raise BadInput(f"--run_dir {self.path} is a file; give a folder")
        if reason := why_not_writable(self.path):
            raise BadInput(f"--run_dir {self.path} can't be written: {reason}; give another --run_dir")
        missing = [one for one in (self.path, *self.path.absolute().parents) if not one.exists()]
        other = "is in use by another training; wait for it, or choose another --run_dir"
        with held_folder(self.path, f"--run_dir {self.path} {other}{_started_by()}"):
            try:
                yield
            except BadInput:
                if missing and not self.begun() and not self.metrics.exists():
                    shutil.rmtree(self.path, ignore_errors=True)
                    for parent in missing[1:]:
                        with contextlib.suppress(OSError):  # others have put something there
                            parent.rmdir()
                raise

    def finished(self) -> bool:
        """Whether the training came to its end."""
        return bool(self.read_environment().get("finished", False))

    def read_environment(self) -> dict[str, Any]:
        """What `environment.json` holds; empty where there is none. Raises BadInput where it is not JSON."""
        if not self.environment.is_file():
            return {}
        try:
            return dict(json.loads(self.environment.read_text(encoding="utf-8")))
        except ValueError as error:
            raise BadInput(
                f"{self.environment} is not JSON ({error}); delete the run's folder and train again"
            ) from error

    def read_config(self) -> dict[str, Any]:
        """What `config.yaml` holds. Raises BadInput where there is none, or it holds no settings."""
        if not self.config.is_file():
            raise BadInput(f"{self.path} is not a run: it has no config.yaml; give the --run_dir of a training")
        try:
            content = yaml.safe_load(self.config.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError):
            content = None
        if not isinstance(content, dict):
            raise BadInput(f"{self.config} holds no settings; delete the run's folder and train again")
        return content

    def begin(self, verb: str, config: "DataclassInstance", digest: str) -> None:
        """Writes the configuration and the environment of a new run, or checks that an interrupted one may be resumed.

        digest: of the prepared store. A run without a checkpoint is replaced, so that a command which was refused can
        be given again with other settings. Raises BadInput where the folder holds a run with other settings or another
        store, or another program's config.yaml.
        """
        new = {"verb": verb, **plain(config)}
        old = self.read_config() if self.config.is_file() else {"verb": verb}
        if "verb" not in old:
            raise BadInput(
                f"--run_dir {self.path} holds a config.yaml that ridgecode did not write; choose another --run_dir"
            )
        old = _in_todays_settings(old, new)
        if self.begun():
            if old["verb"] != verb:
                raise BadInput(
                    f"--run_dir {self.path} holds a run of {old['verb']}, not {verb}; choose another --run_dir or "
                    "delete that folder"
                )
            added = ADDED_LATER | ADDED_TO_VERB.get(verb, {})
            old = {key: value for key, value in added.items() if key in new} | old
            for key in sorted((new.keys() | old.keys()) - NOT_COMPARED):
                if new.get(key) != old.get(key):
                    raise BadInput(
                        f"--run_dir {self.path} holds a run with --{key} {old.get(key)}, not {new.get(key)}; "
                        "choose another --run_dir or delete that folder"
                    )
            trained_on = self.read_environment().get("data_digest", digest)
            if trained_on != digest:
                raise BadInput(
                    f"--run_dir {self.path} holds a run on another store than --data {new.get('data')}; "
                    "choose another --run_dir or delete that folder"
                )
            return
        if any(new.get(key) != old.get(key) for key in (new.keys() | old.keys()) - NOT_COMPARED):
            # Another command left these files: its W&B run and its pictures are not this run's.
            for name in ("tracker.json", "metrics.jsonl"):
                (self.path / name).unlink(missing_ok=True)
            shutil.rmtree(self.sheets, ignore_errors=True)
        # The configuration is written last: a folder that has one is a run.
        self.environment.unlink(missing_ok=True)
        (self.path / ".last.ckpt").unlink(missing_ok=True)  # where earlier versions wrote a checkpoint first
        self.write_environment({"data_digest": digest, "seed": new.get("seed"), "finished": False, "seconds": 0.0})
        write_text(self.config, yaml.safe_dump(new, sort_keys=False))

    def write_environment(self, more: Mapping[str, Any]) -> None:
        """Adds versions, commit, machine and `more` to what `environment.json` holds; new values replace old ones."""
        content = {**self.read_environment(), **environment(), **more}
        write_text(self.environment, json.dumps(content, indent=2) + "\n")

    def metrics_before(self, epoch: int) -> list[dict[str, Any]]:
        """The rows of `metrics.jsonl` whose epoch is below `epoch`. A half-written line of a killed run is left out."""
        if not self.metrics.is_file():
            return []
        rows = []
        for line in self.metrics.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if row.get("epoch", 0) < epoch:
                rows.append(row)
        return rows

    def write_metrics(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Replaces `metrics.jsonl` by one line of JSON a row."""
        write_text(self.metrics, "".join(json.dumps(row) + "\n" for row in rows))

    def append_metrics(self, row: Mapping[str, Any]) -> None:
        """Adds one line of JSON to `metrics.jsonl`."""
        with naming_file(self.metrics), self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def _started_by() -> str:
    """What a cluster's launcher has to do with a folder that is in use: it starts a command once for each task."""
    for launcher, rank, size in _LAUNCHERS:
        if os.environ.get(size, "1") not in ("", "1"):
            tasks = os.environ[size]
            return (
                f" ({launcher} has started this command {tasks} times, and this is {rank}={os.environ.get(rank, '?')}; "
                "have it start one task for each training)"
            )
    return ""


def verb_of(config: Mapping[str, Any]) -> str:
    """The verb that made a run with this config.yaml; train-head or train-siamese where the earlier train-matcher did,
    which made both kinds of matcher. Empty where it names none."""
    verb = str(config.get("verb", ""))
    if verb != "train-matcher":
        return verb
    return "train-head" if config.get("system", "latent") == "latent" else "train-siamese"


def _in_todays_settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The config.yaml `old` with today's verb. One of train-matcher has settings of both kinds of matcher; those that
    `new`, the settings of one kind, lacks are left out."""
    kept = {key: value for key, value in old.items() if key in new or old["verb"] != "train-matcher"}
    return kept | {"verb": verb_of(old)}


def plain(config: "DataclassInstance") -> dict[str, Any]:
    """The fields of a flat dataclass by name, paths as text: values that YAML, JSON and a tracker take."""
    values = {field.name: getattr(config, field.name) for field in fields(config)}
    return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}
