"""Reads sweep files: W&B sweeps in YAML that run under `wandb agent` and under `ridgecode sweep` alike.

A sweep file holds `method` (grid, random, bayes), `parameters`, `command` and, where they are needed, `metric`,
`run_cap` and `early_terminate`; see docs/sweeps.md for each. Whatever else W&B allows, and this engine can't do, is
refused: a file must mean the same to both.

What `wandb agent` does beside starting the command (see command.py): the process gets the agent's environment with
WANDB_RUN_ID, WANDB_SWEEP_ID and WANDB_SWEEP_PARAM_PATH (a path relative to the working folder), a closed stdin and a
process group of its own; to stop it, the agent sends SIGTERM and later SIGKILL. The order of the arguments is the
server's; a run counts as failed when its exit code is above 0.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from ridgecode.errors import BadInput, did_you_mean
from ridgecode.files import read_text
from ridgecode.sweep.command import TrialCommand, argument, read_command
from ridgecode.sweep.distributions import Continuous, Distribution, Value
from ridgecode.sweep.hyperband import Hyperband, read_hyperband
from ridgecode.sweep.metric import Metric, read_metric
from ridgecode.sweep.parameters import read_parameters

Method = Literal["grid", "random", "bayes"]

_METHODS: tuple[Method, ...] = ("grid", "random", "bayes")
_KEYS = (
    "command", "description", "early_terminate", "entity", "method", "metric", "name", "parameters", "program",
    "project", "run_cap",
)  # fmt: skip
# Keys of W&B that have no meaning here, and what to write.
_REFUSED = {
    "metrics": "one metric is searched for; write metric: {name: val_mse, goal: minimize}",
    "scheduler": "the search is this program's own; write method: grid, random or bayes",
    "controller": "no server is asked; remove it",
    "job": "trials run here and not by W&B Launch; write command: [ridgecode, VERB, ${args}]",
    "image_uri": "trials run here and not by W&B Launch; write command: [ridgecode, VERB, ${args}]",
}
# They say that the file is a sweep, and nothing else.
_WITHOUT_MEANING = ("apiVersion", "kind")


@dataclass(frozen=True)
class SweepFile:
    """A sweep file that both engines can run.

    Attributes:
        path: the file.
        method: grid, random or bayes.
        command: the verb of every trial and its arguments.
        parameters: each parameter's definition, by name, as in the file.
        space: each parameter's distribution, by name, in the file's order.
        metric: None where the file has none (never with bayes or early termination).
        early_terminate: when a trial is stopped early; None for never.
        run_cap: the most trials, 0 for no limit (only grid ends by itself).
    """

    path: Path
    method: Method
    command: TrialCommand
    parameters: Mapping[str, Mapping[str, Any]]
    space: Mapping[str, Distribution]
    metric: Metric | None
    early_terminate: Hyperband | None
    run_cap: int

    def identity(self) -> dict[str, Any]:
        """What makes two sweeps the same: all but the caps, the target and the names, as plain JSON values."""
        identity: dict[str, Any] = {
            "verb": self.command.verb,
            "flags": list(self.command.fixed),
            "method": self.method,
            "parameters": {name: dict(definition) for name, definition in self.parameters.items()},
        }
        if self.metric:
            identity["metric"] = self.metric.identity()
        if self.early_terminate:
            identity["early_terminate"] = self.early_terminate._asdict()
        if self.command.arguments != (*self.command.fixed, "${args}"):
            identity["arguments"] = list(self.command.arguments)
        return identity

    def varied(self) -> list[str]:
        """The names of the parameters that can take more than one value, in the file's order."""
        return [name for name, distribution in self.space.items() if self._varies(distribution)]

    def _varies(self, distribution: Distribution) -> bool:
        # A grid's q_uniform ends below its max, and random and Bayes search may round up to it.
        if self.method != "grid" and isinstance(distribution, Continuous):
            return distribution.at(0.0) != distribution.at(1.0)
        return len(distribution.grid() or ()) > 1

    def grid_size(self) -> int:
        """How many trials a grid has; 0 for random and bayes."""
        if self.method != "grid":
            return 0
        return math.prod(len(distribution.grid() or ()) for distribution in self.space.values())


def read_sweep_file(path: Path | str) -> SweepFile:
    """Reads and checks a sweep file.

    Raises BadInput, naming the file and the key, when either engine could not run it.
    """
    path = Path(path)
    raw = _mapping(path)
    for key in raw:
        if key in _REFUSED:
            raise BadInput(f"{path}: the key {key} means nothing here: {_REFUSED[key]}")
        if key not in (*_KEYS, *_WITHOUT_MEANING):
            near = did_you_mean(key, _KEYS)
            raise BadInput(f"{path}: the key {key} is not known{near}; a sweep file has {', '.join(_KEYS)}")
    method = raw.get("method")
    if method not in _METHODS:
        near = did_you_mean(method, _METHODS)
        raise BadInput(f"{path}: method is {method!r}{near}; it must be grid, random or bayes")
    command = read_command(path, raw.get("command"), raw.get("program"))
    space = read_parameters(path, method, raw.get("parameters"))
    for name in command.fixed_names:
        if name in space:
            raise BadInput(f"{path}: command and parameters both give {name}; remove one of them")
    metric = read_metric(path, raw.get("metric"))
    early_terminate = read_hyperband(path, raw["early_terminate"]) if "early_terminate" in raw else None
    for need, needed in (("method bayes", method == "bayes"), ("early_terminate", early_terminate is not None)):
        if needed and metric is None:
            raise BadInput(f"{path}: {need} needs a metric; write metric: {{name: val_mse, goal: minimize}}")
    run_cap = raw.get("run_cap", 0)
    if "run_cap" in raw and (type(run_cap) is not int or run_cap < 1):
        raise BadInput(f"{path}: run_cap is {run_cap!r}; it must be a whole number above 0")
    sweep = SweepFile(path, method, command, raw["parameters"], space, metric, early_terminate, run_cap)
    if method == "bayes" and not sweep.varied():
        raise BadInput(f"{path}: method bayes needs a parameter that can take more than one value")
    return sweep


def trial_key(parameters: Mapping[str, Value]) -> tuple[str, ...]:
    """Equal for trials whose command lines are: True and 1 differ there, unlike in Python."""
    return tuple(argument(name, value) for name, value in parameters.items())


def _mapping(path: Path) -> dict[Any, Any]:
    """The file's content."""
    example = "give a sweep file such as sweeps/latent_dim_mse.yaml"
    try:
        raw = yaml.safe_load(read_text(path))
    except OSError as error:
        raise BadInput(f"{path} can't be read ({error.strerror}): {example}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} can't be read (it is no UTF-8 or UTF-16 text): {example}") from error
    except yaml.YAMLError as error:
        raise BadInput(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if raw is None:
        raise BadInput(f"{path} is empty; {example}")
    if not isinstance(raw, dict):
        raise BadInput(f"{path} is not a sweep file: it needs the keys method, parameters and command")
    return raw
