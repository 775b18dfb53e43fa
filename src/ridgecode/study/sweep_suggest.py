"""The next trial of a sweep, from W&B's own engine (`sweeps`), with no server and the same every time."""

import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ridgecode.study.sweep_file import HyperParameter, SweepFile, Value, plain, read_sweep_file, sweeps, trial_arguments

# What the engine must know of a trial: its parameters, its state ("running", "finished" or "failed") and the metric's
# history.
Tried = tuple[dict[str, Value], str, Sequence[float]]

# Random and Bayes search may suggest what was tried already; after so many repeats in a row the space counts as used
# up.
_MOST_REPEATS = 100


def suggest(sweep: SweepFile, tried: Sequence[Tried]) -> dict[str, Value] | None:
    """The next trial's parameters, in the file's order, or None when nothing new is left.

    A grid runs through the product of its values, the parameters in alphabetical order and the last one fastest. Random
    search depends on the number of trials before only; Bayes search on their states and metrics too. The random
    generators are seeded by that number and set back afterwards, so the same file gives the same trials. No trial is
    suggested twice.
    """
    config = sweep.engine_config()
    metric = sweep.metric.name if sweep.metric else ""
    runs = [
        sweeps.SweepRun(
            config={name: {"value": value} for name, value in parameters.items()},
            state=sweeps.RunState(state),
            history=[{metric: value} for value in history],
        )
        for parameters, state, history in tried
    ]
    # As written on the command line, where True is not 1, unlike in Python.
    known = {tuple(trial_arguments(sweep, parameters)) for parameters, _, _ in tried}
    for repeat in range(_MOST_REPEATS):
        with _seeded(len(tried), repeat), warnings.catch_warnings():
            # The Gaussian process of a handful of trials seldom converges; the suggestion is good enough, and the
            # engine falls back to a random one by itself.
            warnings.filterwarnings("ignore", module="sklearn")
            warnings.filterwarnings("ignore", module="sweeps")
            run = sweeps.next_run(config, runs)
        if run is None:
            return None
        parameters = {name: _value(run.config, name) for name in sweep.parameters}
        if tuple(trial_arguments(sweep, parameters)) not in known:
            return parameters
    return None


def sweep_commands(path: Path | str) -> list[list[str]]:
    """Commands that a sweep file expands to, as `wandb agent` would start them: argument lists that begin with the
    verb.

    A grid gives all of them, in the engine's order. Random and Bayes search give a few that together hold every listed
    value of each parameter and the low end, middle and high end of each distribution.
    """
    sweep = read_sweep_file(path)
    trials: list[dict[str, Value]] = []
    if sweep.method == "grid":
        while (parameters := suggest(sweep, [(trial, "finished", ()) for trial in trials])) is not None:
            trials.append(parameters)
    else:
        samples = {name: _samples(name, definition) for name, definition in sweep.parameters.items()}
        longest = max(len(values) for values in samples.values())
        trials = [{name: values[i % len(values)] for name, values in samples.items()} for i in range(longest)]
    return [trial_arguments(sweep, parameters) for parameters in trials]


def _samples(name: str, definition: Mapping[str, Any]) -> list[Value]:
    """Every listed value, or the low end, middle and high end of a distribution (a hair inside, where it has none)."""
    if "value" in definition:
        return [definition["value"]]
    if "values" in definition:
        return list(definition["values"])
    parameter = HyperParameter(name, dict(definition))
    return [plain(parameter.ppf(quantile)) for quantile in (1e-9, 0.5, 1 - 1e-9)]


def _value(config: dict[str, Any], name: str) -> Value:
    return plain(config[name]["value"])


@contextmanager
def _seeded(index: int, repeat: int) -> Iterator[None]:
    """For the block, seeds the two generators that the engine draws from: Python's for random, numpy's for Bayes."""
    python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
    seed = index * _MOST_REPEATS + repeat
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002
