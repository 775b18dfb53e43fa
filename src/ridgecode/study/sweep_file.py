"""Reads sweep files: W&B sweeps in YAML that run under `wandb agent` and under `ridgecode sweep` alike.

A sweep file holds `method` (grid, random, bayes), `parameters` (flat; `value`, `values` or a W&B distribution),
`command` (`[ridgecode, VERB, ${args}]`, with `${env}` before and fixed `--flags` between allowed) and, where the method
needs them, `metric` and `run_cap`. What W&B allows beyond that and the local engine could not honour is refused, so
that a file never means two things.

What `wandb agent` does with it (wandb 0.31, wandb/wandb_agent.py `Agent._command_run` and
wandb/sdk/launch/sweeps/utils.py `create_sweep_command_args`):
- each parameter becomes one argument `f"--{name}={value}"`, by Python's own `str`: booleans arrive as `True` and
  `False`, floats as `1e-05`, None as the text `None` (which no flag takes, so null values are refused here);
- `${args}` is replaced by those arguments, `${env}` by `/usr/bin/env`, `${program}` by the file's `program`; there is
  no shell, so nothing is quoted or expanded;
- the process gets the agent's environment with WANDB_RUN_ID, WANDB_SWEEP_ID and WANDB_SWEEP_PARAM_PATH (a path
  relative to the working folder), a closed stdin and a process group of its own; to stop it, the agent sends SIGTERM
  and later SIGKILL;
- the order of the arguments is the server's; a run counts as failed when its exit code is above 0.
"""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from ridgecode.errors import BadInput

with warnings.catch_warnings():
    # sweeps 0.3 declares its pydantic models in pydantic 1's way; harmless until pydantic 3, and nothing a user can act
    # on. The message, not pydantic's category, so that pydantic is not imported only for its name.
    warnings.filterwarnings(
        "ignore", message="Support for class-based `config` is deprecated", category=DeprecationWarning
    )
    warnings.filterwarnings("ignore", message="Valid config keys have changed in V2", category=UserWarning)
    import sweeps
    from sweeps.config import ParamValidationError, fill_parameter
    from sweeps.params import HyperParameter

Value = bool | int | float | str
Method = Literal["grid", "random", "bayes"]

_METHODS: tuple[Method, ...] = ("grid", "random", "bayes")
_KEYS = {
    "program", "command", "method", "parameters", "metric", "run_cap", "name", "description", "project", "entity",
}  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NUMBER_AS_TEXT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")
_GRID_KINDS = {
    HyperParameter.CATEGORICAL, HyperParameter.CONSTANT, HyperParameter.INT_UNIFORM, HyperParameter.Q_UNIFORM,
}  # fmt: skip


@dataclass(frozen=True)
class Metric:
    """What random and Bayes search look at: a name in metrics.jsonl and whether less or more of it is better."""

    name: str
    goal: Literal["minimize", "maximize"]


@dataclass(frozen=True)
class SweepFile:
    """A sweep file that both engines can run.

    Attributes:
        path: the file.
        method: grid, random or bayes.
        verb: the verb of every trial, such as "train-autoencoder".
        flags: fixed arguments between the verb and `${args}`.
        parameters: each parameter's W&B definition, by name, as in the file.
        metric: None where the file has none (never with bayes).
        run_cap: the most trials, 0 for no limit (only grid ends by itself).
    """

    path: Path
    method: Method
    verb: str
    flags: tuple[str, ...]
    parameters: Mapping[str, Mapping[str, Any]]
    metric: Metric | None
    run_cap: int

    def engine_config(self) -> dict[str, Any]:
        """The part that the `sweeps` engine reads."""
        config: dict[str, Any] = {
            "method": self.method,
            "parameters": {name: dict(definition) for name, definition in self.parameters.items()},
        }
        if self.metric:
            config["metric"] = {"name": self.metric.name, "goal": self.metric.goal}
        return config

    def identity(self) -> dict[str, Any]:
        """What makes two sweeps the same: all but the caps and the names, as plain JSON values."""
        return {"verb": self.verb, "flags": list(self.flags), **self.engine_config()}

    def varied(self) -> list[str]:
        """The names of the parameters that can take more than one value, in the file's order."""
        return [
            name
            for name, definition in self.parameters.items()
            if "value" not in definition and len(definition.get("values", ("more", "than one"))) > 1
        ]

    def grid_size(self) -> int:
        """How many trials a grid has; 0 for random and bayes."""
        if self.method != "grid":
            return 0
        size = 1
        for name, definition in self.parameters.items():
            parameter = HyperParameter(name, dict(definition))
            if parameter.type == HyperParameter.INT_UNIFORM:
                size *= definition["max"] - definition["min"] + 1
            elif parameter.type == HyperParameter.Q_UNIFORM:
                # As the engine counts them: numpy's arange, the end left out.
                size *= max(0, -int(-(definition["max"] - definition["min"]) // parameter.config["q"]))
            elif parameter.type == HyperParameter.CATEGORICAL:
                size *= len({_hashable(value) for value in definition["values"]})
        return size


def argument(name: str, value: Value) -> str:
    """One parameter as a command-line argument, character for character as `wandb agent` writes it."""
    return f"--{name}={value}"


def read_sweep_file(path: Path | str) -> SweepFile:
    """Reads and checks a sweep file.

    Raises BadInput, naming the file and the key, when either engine could not run it.
    """
    path = Path(path)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{path} can't be read ({error}): give a sweep file such as sweeps/latent_dim_mse.yaml"
        ) from error
    except yaml.YAMLError as error:
        raise BadInput(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(raw, dict):
        raise BadInput(f"{path} is not a sweep file: it needs the keys method, parameters and command")
    if "early_terminate" in raw:
        raise BadInput(
            f"{path}: early_terminate is not supported; limit the trials by max_minutes or max_epochs instead"
        )
    for key in raw:
        if key not in _KEYS:
            raise BadInput(f"{path}: the key {key} is not known; a sweep file has {', '.join(sorted(_KEYS))}")
    method = raw.get("method")
    if method not in _METHODS:
        raise BadInput(f"{path}: method is {method!r}; it must be grid, random or bayes")
    verb, flags = _command(path, raw.get("command"))
    parameters = _parameters(path, method, raw.get("parameters"))
    metric = _metric(path, raw.get("metric"))
    run_cap = raw.get("run_cap", 0)
    if "run_cap" in raw and (type(run_cap) is not int or run_cap < 1):
        raise BadInput(f"{path}: run_cap is {run_cap!r}; it must be a whole number above 0")
    if method == "bayes" and metric is None:
        raise BadInput(f"{path}: method bayes needs a metric with a name and a goal")
    sweep = SweepFile(path, method, verb, flags, parameters, metric, run_cap)
    if method == "bayes" and not sweep.varied():
        raise BadInput(f"{path}: method bayes needs a parameter that can take more than one value")
    for violation in sweeps.schema_violations_from_proposed_config(raw):
        raise BadInput(f"{path}: W&B refuses this file: {violation}")
    return sweep


def trial_arguments(sweep: SweepFile, parameters: Mapping[str, Value]) -> list[str]:
    """The verb, the fixed flags and one argument for each parameter."""
    return [sweep.verb, *sweep.flags, *(argument(name, value) for name, value in parameters.items())]


def plain(value: Any) -> Value:
    """A value of the engine as Python's own type: numpy's numbers would be written otherwise in JSON."""
    return value.item() if hasattr(value, "item") else value


def _command(path: Path, command: Any) -> tuple[str, tuple[str, ...]]:
    form = "write command: [ridgecode, VERB, ${args}]"
    if not isinstance(command, list) or not all(isinstance(part, str) for part in command):
        raise BadInput(f"{path}: command is {'missing' if command is None else 'not a list of words'}; {form}")
    parts = command[1:] if command[:1] == ["${env}"] else command
    if len(parts) < 3 or parts[0] != "ridgecode" or parts[-1] != "${args}" or parts[1].startswith(("-", "$")):
        raise BadInput(f"{path}: command is {' '.join(command)}, which both engines can't run; {form}")
    for flag in parts[2:-1]:
        if not re.fullmatch(r"--[a-z][a-z0-9_]*=[^$]*", flag):
            raise BadInput(
                f"{path}: command holds {flag}; between the verb and ${{args}} only --name=value is possible"
            )
    return parts[1], tuple(parts[2:-1])


def _parameters(path: Path, method: Method, parameters: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(parameters, dict) or not parameters:
        raise BadInput(
            f"{path}: parameters is missing or empty; give at least one, such as latent_dim: {{values: [8, 16]}}"
        )
    for name, definition in parameters.items():
        where = f"{path}: parameter {name}"
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise BadInput(f"{where} is no flag's name; use lower-case letters, digits and _")
        if name in ("data", "run_dir"):
            raise BadInput(
                f"{where} is given by the engine (--data or RIDGECODE_DATA; the trial's own folder): remove it"
            )
        if not isinstance(definition, dict):
            raise BadInput(f"{where} is {definition!r}; write {name}: {{value: ...}} or {{values: [...]}}")
        if "parameters" in definition:
            raise BadInput(f"{where} is nested; every flag is flat, so list its parts as parameters of their own")
        try:
            kind = fill_parameter(name, definition)
        except (ValueError, ParamValidationError) as error:
            raise BadInput(f"{where}: {error}") from error
        if kind is None:
            raise BadInput(f"{where} is {definition}, which is no value, values list or distribution that W&B knows")
        listed = definition.get("values", [definition["value"]] if "value" in definition else [])
        for value in listed:
            if not isinstance(value, bool | int | float | str):
                raise BadInput(f"{where} holds {value!r}; a flag takes a number, a text or true/false")
            if isinstance(value, str) and _NUMBER_AS_TEXT.fullmatch(value):
                raise BadInput(
                    f"{where} holds {value}, which YAML reads as text; write it with a point and a sign, as 1.0e-3"
                )
        if method == "grid" and kind[0] not in _GRID_KINDS:
            raise BadInput(f"{where} is a continuous distribution, which a grid can't list; give values or a q_uniform")
    return parameters


def _metric(path: Path, metric: Any) -> Metric | None:
    if metric is None:
        return None
    if not isinstance(metric, dict) or set(metric) != {"name", "goal"} or not isinstance(metric["name"], str):
        raise BadInput(
            f"{path}: metric must have a name and a goal and nothing else, as {{name: val_mse, goal: minimize}}"
        )
    if metric["goal"] not in ("minimize", "maximize"):
        raise BadInput(f"{path}: metric goal is {metric['goal']!r}; it must be minimize or maximize")
    return Metric(metric["name"], metric["goal"])


def _hashable(value: Value) -> tuple[str, Value]:
    """Tells values apart as the grid does: 1 and 1.0 are one, True and 1 are two."""
    return ("bool" if isinstance(value, bool) else "text" if isinstance(value, str) else "number", value)
