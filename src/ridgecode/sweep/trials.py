"""The trials of a sweep and the file that remembers them, so that a killed sweep goes on where it was.

An output folder of `ridgecode sweep`:
    sweep.yaml          a copy of the sweep file
    trials.json         every trial suggested so far, with its state, written whole after each change
    runs/NAME/          each trial's run folder
    logs/NAME.log       what its commands printed
    report/             the report at the end
"""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from ridgecode.errors import BadInput
from ridgecode.files import whole_file, write_text
from ridgecode.sweep.distributions import Value
from ridgecode.sweep.file import SweepFile
from ridgecode.sweep.metric import metric_history

State = Literal["waiting", "running", "stopped", "finished", "failed"]
_SCHEMA = 1
_LONGEST_NAME = 100


@dataclass
class Trial:
    """One trial: a run of the sweep's verb, then its evaluation.

    Attributes:
        index: the place in the order of suggestions, from 0.
        name: the name of its run folder and log.
        parameters: the swept values.
        options: further arguments (device, threads) it was first started with; a resumed trial gets the same again.
        state: "running" in the file of a sweep that is not running marks a broken trial; "stopped" is one that early
            termination ended.
        best: the best value of the sweep's metric so far, None without one.
        seconds: wall time, over all starts.
        message: why it failed, else empty.
        stopped_at: how many values of the metric a stopped trial had when it was stopped; None for others.
    """

    index: int
    name: str
    parameters: dict[str, Value]
    options: dict[str, Value] = field(default_factory=dict)
    state: State = "waiting"
    best: float | None = None
    seconds: float = 0.0
    message: str = ""
    stopped_at: int | None = None


class TrialBook:
    """The trials of one output folder. `save()` after each change; opened by `TrialBook.open`."""

    def __init__(self, out: Path, sweep: SweepFile, data: Path, digest: str, trials: list[Trial]) -> None:
        self.out, self.sweep, self.data, self.trials = out, sweep, data, trials
        self._digest = digest

    @classmethod
    def open(cls, out: Path, sweep: SweepFile, data: Path) -> "TrialBook":
        """Opens the trials in `out`, or begins there.

        Raises BadInput when `out` holds another sweep's, or another store's.
        """
        path, digest = out / "trials.json", store_digest(data)
        if not path.exists():
            book = cls(out, sweep, data, digest, [])
            with whole_file(out / "sweep.yaml") as temporary:
                shutil.copyfile(sweep.path, temporary)
            book.save()
            return book
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            trials = [Trial(**trial) for trial in kept["trials"]]
            same_sweep, same_store = kept["sweep"] == _as_json(sweep.identity()), kept["store_digest"] == digest
            schema = kept["schema"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{path} is no record of a sweep's trials; give another --out") from error
        if schema != _SCHEMA:
            raise BadInput(f"{path} was written by another version of ridgecode; give another --out")
        if not same_sweep:
            raise BadInput(f"--out {out} holds the trials of another sweep than {sweep.path}; give another --out")
        if not same_store:
            raise BadInput(f"--out {out} holds trials on another store than --data {data}; give another --out")
        return cls(out, sweep, data, digest, trials)

    def save(self) -> None:
        """Writes trials.json whole."""
        content = {
            "schema": _SCHEMA,
            "sweep": _as_json(self.sweep.identity()),
            "store_digest": self._digest,
            "trials": [asdict(trial) for trial in self.trials],
        }
        write_text(self.out / "trials.json", json.dumps(content, indent=1) + "\n")

    def add(self, parameters: Mapping[str, Value], options: Mapping[str, Value]) -> Trial:
        """Adds a waiting trial and saves: it keeps its place in the order, whatever becomes of the sweep."""
        name = trial_name(self.sweep, parameters)
        trial = Trial(len(self.trials), name, dict(parameters), dict(options))
        self.trials.append(trial)
        self.save()
        return trial

    def run_dir(self, trial: Trial) -> Path:
        """The trial's run folder."""
        return self.out / "runs" / trial.name

    def log(self, trial: Trial) -> Path:
        """The trial's log file."""
        return self.out / "logs" / f"{trial.name}.log"

    def lock(self, trial: Trial) -> Path:
        """The file that the trial's process holds locked for as long as it lives."""
        return self.out / ".locks" / trial.name

    def history(self, trial: Trial) -> list[float]:
        """The metric's value at each epoch of the trial, from its metrics.jsonl; empty where there is none.

        A stopped trial's values end where it was compared: how many more it wrote until it ended is chance.
        """
        return metric_history(self.run_dir(trial), self.sweep.metric)[: trial.stopped_at]

    def best(self, trial: Trial) -> float | None:
        """The best value of the metric in the trial's history; None without one."""
        return self.sweep.metric.best(self.history(trial)) if self.sweep.metric else None


def store_digest(data: Path) -> str:
    """The digest in a prepared store's store.json. Raises BadInput where `data` is no store."""
    try:
        return str(json.loads((data / "store.json").read_text(encoding="utf-8"))["digest"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"--data {data} is no prepared store; make one with `ridgecode prepare`") from error


def trial_name(sweep: SweepFile, parameters: Mapping[str, Value]) -> str:
    """A readable folder name made of the varied parameters, such as "latent_dim-128_loss-bce"; the same for the same
    values.

    Floats are shortened to 4 digits; where that, the length or a character that no file name takes loses something, 8
    hex digits of a hash of the values are added.
    """
    varied = sweep.varied()
    parts, lossy = [], False
    for key in varied:
        value = parameters[key]
        text = f"{value:.4g}" if isinstance(value, float) else str(value)
        safe = re.sub(r"[^A-Za-z0-9.+-]", "-", text)
        lossy |= safe != text or (isinstance(value, float) and float(text) != value)
        parts.append(f"{key}-{safe}")
    name = "_".join(parts) or "only"
    if lossy or len(name) > _LONGEST_NAME:
        values = json.dumps([parameters[key] for key in varied])
        name = f"{name[:_LONGEST_NAME]}_{hashlib.sha256(values.encode()).hexdigest()[:8]}"
    return name


def is_trained(run_dir: Path) -> bool:
    """Whether the run in `run_dir` came to its end: its environment.json says so."""
    try:
        environment = json.loads((run_dir / "environment.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(environment, dict) and environment.get("finished") is True


def is_evaluated(run_dir: Path) -> bool:
    """Whether the run has its evaluation.json (written whole, so its being there is enough)."""
    return (run_dir / "evaluation.json").is_file()


def _as_json(value: object) -> object:
    """`value` as it comes back from a JSON file, so that the two compare equal."""
    return json.loads(json.dumps(value))
