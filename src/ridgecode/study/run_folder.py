"""A run's folder: the truth about a run, which a tracker only mirrors."""

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import yaml

from ridgecode.errors import BadInput
from ridgecode.files import held_folder, write_text

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

PACKAGES = ("ridgecode", "torch", "pytorch-lightning", "numpy", "scikit-image", "wandb", "sweeps")
# How a run is carried out, not what it is: they may change between a broken run and its resumption.
NOT_COMPARED = {
    "data",  # its digest is compared
    "model",  # the bytes of the matcher's copy are compared
    "run_dir",
    "device",
    "devices",
    "strategy",
    "num_nodes",
    "threads",
    "tracker",
    "evaluate",
    "verb",
}
# What runs did that are older than the setting.
ADDED_LATER = {
    **{"task": "reconstruct", "pooling": "auto", "seed_size": 0, "first_conv": False, "maxpool1": False},
    **{
        "split_by": "subject",
        "train_levels": "auto",
        "latent_layer": "linear",
        "start_from": "",
        "blocks": 2,
        "width": 64,
        "rate_weight": 0.0,
        "identity_weight": 0.0,
    },
}


@dataclass(frozen=True)
class RunFolder:
    """`config.yaml`, `metrics.jsonl`, `model.safetensors`, `last.ckpt`, `environment.json` under `path`."""

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
        """Whether there is a run with work to protect: finished, or with a checkpoint or a model."""
        kept = self.checkpoint.is_file() or self.model.is_file() or self.finished()
        return self.config.is_file() and kept

    def held(self) -> AbstractContextManager[None]:
        """Keeps other processes from training in this folder. Raises BadInput where another does, or the path is a
        file."""
        if self.path.is_file():
            raise BadInput(f"--run_dir {self.path} is a file; give a folder")
        other = "is in use by another training; wait for it, or choose another --run_dir"
        return held_folder(self.path, f"--run_dir {self.path} {other}")

    def finished(self) -> bool:
        return bool(self.read_environment().get("finished", False))

    def read_environment(self) -> dict[str, Any]:
        """What `environment.json` holds; empty where there is none."""
        if not self.environment.is_file():
            return {}
        try:
            return dict(json.loads(self.environment.read_text(encoding="utf-8")))
        except ValueError as error:
            raise BadInput(
                f"{self.environment} is not JSON ({error}); delete the run's folder and train again"
            ) from error

    def read_config(self) -> dict[str, Any]:
        """What `config.yaml` holds. Raises BadInput where the folder is no run."""
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
        """Writes the configuration and the environment of a new run, or checks that a broken one may be resumed.

        digest: of the prepared store. A run that has not come to its first checkpoint holds nothing to protect, so that
        a refused command can be given again with another setting. Raises BadInput where the folder holds a run with
        other settings or other data.
        """
        new = {"verb": verb, **plain(config)}
        old = self.read_config() if self.config.is_file() else {"verb": verb}
        if "verb" not in old:
            raise BadInput(f"--run_dir {self.path} holds another program's config.yaml; choose another --run_dir")
        if self.begun():
            old = {key: value for key, value in ADDED_LATER.items() if key in new} | old
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
            # What another command left: its W&B run and its pictures are not this run's.
            for name in ("tracker.json", "metrics.jsonl"):
                (self.path / name).unlink(missing_ok=True)
            shutil.rmtree(self.sheets, ignore_errors=True)
        # The configuration comes last: it is what makes the folder a run.
        self.environment.unlink(missing_ok=True)
        self.write_environment({"data_digest": digest, "seed": new.get("seed"), "finished": False, "seconds": 0.0})
        write_text(self.config, yaml.safe_dump(new, sort_keys=False))

    def write_environment(self, more: Mapping[str, Any]) -> None:
        """Writes versions, commit and machine with `more` over what was written before."""
        content = {**self.read_environment(), **environment(), **more}
        write_text(self.environment, json.dumps(content, indent=2) + "\n")

    def metrics_before(self, epoch: int) -> list[dict[str, Any]]:
        """The lines of `metrics.jsonl` of epochs below `epoch`, without a line that a killed run left half written."""
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
        write_text(self.metrics, "".join(json.dumps(row) + "\n" for row in rows))

    def append_metrics(self, row: Mapping[str, Any]) -> None:
        with self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def plain(config: "DataclassInstance") -> dict[str, Any]:
    """A flat dataclass as plain values: what YAML, JSON and a tracker take."""
    values = {field.name: getattr(config, field.name) for field in fields(config)}
    return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}


def environment() -> dict[str, Any]:
    """Versions, commit and machine, for whoever wants to repeat a run."""
    return {
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES},
        "commit": _commit(),
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
            "gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None,
        },
        "command": ["ridgecode", *sys.argv[1:]],
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def default_data() -> Path:
    """RIDGECODE_DATA, where it is set: under `wandb agent` no flag can name the store."""
    return Path(os.environ.get("RIDGECODE_DATA", "store"))


def default_run_dir(*parts: object) -> Path:
    """runs/<the W&B agent's run id, or the parts joined by dashes>: where a run goes that is given no --run_dir."""
    return Path("runs") / (os.environ.get("WANDB_RUN_ID") or "-".join(str(part) for part in parts).replace("+", "_"))


class Stopwatch:
    """Seconds used by a run, kept across its interruptions: `before` is what was used until the last checkpoint."""

    def __init__(self, before: float = 0.0) -> None:
        self.before, self.start = before, time.monotonic()

    def seconds(self) -> float:
        return self.before + time.monotonic() - self.start


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit of the source tree that this package runs from, with `-modified` where the sources differ from it;
    None for an installed wheel."""
    package = Path(__file__).parents[1]

    def git(*arguments: str) -> str:
        answer = subprocess.run(["git", *arguments], cwd=package, capture_output=True, text=True, timeout=5, check=True)
        return answer.stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("-modified" if git("status", "--porcelain", "--", ".") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _cpu() -> str:
    """The processor's name as Linux tells it, else as Python does."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()
