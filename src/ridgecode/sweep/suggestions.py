"""The next trial of a sweep: the next point of a grid, or what random or Bayes search suggests.

Random and Bayes search are Optuna's RandomSampler and TPESampler (J. Bergstra et al., "Algorithms for Hyper-Parameter
Optimization", 2011). Nothing of Optuna's outlives a suggestion: each one begins with a new study in memory, which is
given the trials so far. A sampler that is seeded once and opened again with a later trial would repeat its first
points; so each suggestion is seeded by its own number.
"""

import itertools
import math
import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from ridgecode.sweep.distributions import Continuous, Distribution, Listed, Value, WholeNumbers
from ridgecode.sweep.file import SweepFile, trial_key
from ridgecode.sweep.metric import Impute, Metric

if TYPE_CHECKING:
    import optuna

# Random and Bayes search may suggest what was tried already. After so many repeats in a row a space counts as used up.
_MOST_REPEATS = 100
# In a space of lists and whole numbers one of the points that were not tried is taken after so many repeats, unless
# there are too many points to list.
_MOST_REPEATS_IN_LISTS = 20
_MOST_POINTS = 100_000
# How many trials Bayes search begins with at random: Optuna's 10 are more than whole sweeps of costly trainings.
STARTUP_TRIALS = 5


class Tried(NamedTuple):
    """What a search must know of a trial.

    Attributes:
        parameters: its values, by name.
        state: waiting, running, stopped, finished or failed.
        history: the metric's values, in order.
    """

    parameters: Mapping[str, Value]
    state: str
    history: Sequence[float] = ()


def suggest(sweep: SweepFile, tried: Sequence[Tried], seed: int = 0) -> dict[str, Value] | None:
    """The next trial's parameters, in the file's order, or None when nothing new is left.

    A grid runs through the product of its values, in the file's order, the last parameter fastest. Random search
    depends on the number of trials before only; Bayes search on their states and metrics too. The same file gives the
    same trials, and no trial is suggested twice.

    Args:
        sweep: the sweep file.
        tried: the trials so far, in their order.
        seed: another series of random and Bayes searches for each number.
    """
    known = {trial_key(trial.parameters) for trial in tried}
    if sweep.method == "grid":
        return next((point for point in _points(sweep.space) if trial_key(point) not in known), None)
    constants = {name: distribution.at(0.5) for name, distribution in sweep.space.items()}
    varied = {name: sweep.space[name] for name in sweep.varied()}
    can_be_listed = 0 < _points_in_lists(sweep.space) <= _MOST_POINTS
    for repeat in range(_MOST_REPEATS_IN_LISTS if can_be_listed else _MOST_REPEATS):
        drawn = _drawn(sweep, varied, tried, (seed, len(tried), repeat))
        point = {name: drawn.get(name, constant) for name, constant in constants.items()}
        if trial_key(point) not in known:
            return point
    if not can_be_listed:
        return None
    untried = [point for point in _points(sweep.space) if trial_key(point) not in known]
    return random.Random(len(tried)).choice(untried) if untried else None


def _points(space: Mapping[str, Distribution]) -> Iterator[dict[str, Value]]:
    """Every point of a finite space, the last parameter fastest."""
    for values in itertools.product(*(distribution.grid() or () for distribution in space.values())):
        yield dict(zip(space, values, strict=True))


def _points_in_lists(space: Mapping[str, Distribution]) -> int:
    """How many points a space of lists and whole numbers has; 0 for any other space."""
    if any(isinstance(distribution, Continuous) for distribution in space.values()):
        return 0
    return math.prod(len(distribution.grid() or ()) for distribution in space.values())


def _drawn(
    sweep: SweepFile, varied: Mapping[str, Distribution], tried: Sequence[Tried], seeds: tuple[int, int, int]
) -> dict[str, Value]:
    """A point from Optuna's sampler, which is seeded by `seeds`."""
    # Here, because Optuna takes a moment to load, and a grid needs none of it.
    import numpy as np
    import optuna

    seed = int(np.random.SeedSequence(seeds).generate_state(1)[0])
    search_space = {name: _search_range(distribution) for name, distribution in varied.items()}
    with warnings.catch_warnings(), _quiet(optuna):
        # Which of the sampler's arguments count as experimental differs between its versions.
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        if sweep.method == "random" or sweep.metric is None:
            study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
        else:
            sampler = optuna.samplers.TPESampler(
                seed=seed, n_startup_trials=STARTUP_TRIALS, multivariate=True, constant_liar=True
            )
            study = optuna.create_study(sampler=sampler, direction=sweep.metric.goal)
            study.add_trials(_past_trials(sweep.metric, varied, search_space, tried))
        drawn = study.ask(search_space).params
    return {name: _from_search(distribution, drawn[name]) for name, distribution in varied.items()}


@contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Without Optuna's own messages about each study."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _search_range(distribution: Distribution) -> "optuna.distributions.BaseDistribution":
    """What Optuna searches: places in a list of equal chances, whole numbers, and quantiles of everything else."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(distribution, Listed) and distribution.probabilities is None:
        return CategoricalDistribution(range(len(distribution.values)))
    if isinstance(distribution, WholeNumbers):
        return IntDistribution(distribution.low, distribution.high)
    return FloatDistribution(0.0, 1.0)


def _from_search(distribution: Distribution, drawn: Any) -> Value:
    if isinstance(distribution, Listed) and distribution.probabilities is None:
        return distribution.values[drawn]
    return int(drawn) if isinstance(distribution, WholeNumbers) else distribution.at(float(drawn))


def _to_search(distribution: Distribution, value: Value) -> Any:
    if isinstance(distribution, Listed) and distribution.probabilities is None:
        return distribution.place(value)
    return value if isinstance(distribution, WholeNumbers) else distribution.quantile(value)


def _past_trials(
    metric: Metric, varied: Mapping[str, Distribution], search_space: Mapping[str, Any], tried: Sequence[Tried]
) -> "list[optuna.trial.FrozenTrial]":
    """The trials so far as Optuna's."""
    from optuna.trial import TrialState, create_trial

    past = []
    for trial, value in zip(tried, trial_values(metric, tried), strict=True):
        params = {name: _to_search(distribution, trial.parameters[name]) for name, distribution in varied.items()}
        open_still = trial.state in ("waiting", "running")
        # A trial that ended without a value, and without one to impute, is not used by the search.
        state = TrialState.COMPLETE if value is not None else TrialState.RUNNING if open_still else TrialState.FAIL
        past.append(create_trial(state=state, params=params, distributions=dict(search_space), value=value))
    return past


def trial_values(metric: Metric, tried: Sequence[Tried]) -> list[float | None]:
    """The value that Bayes search takes for each trial; None where it takes none.

    That is the best one of a finished or stopped trial, and what `metric.impute` says for a failed one, or one without
    a value. W&B takes 0 where there is no value to impute, which would be the best of losses; here it is the worst
    value of all ended trials, and None where there is none either.
    """
    ended = [trial for trial in tried if trial.state not in ("waiting", "running")]
    worst = metric.worst([value for trial in ended for value in trial.history])

    def imputed(history: Sequence[float], impute: Impute) -> float | None:
        if impute == "worst" or not history:
            return worst
        return metric.best(history) if impute == "best" else history[-1]

    values: list[float | None] = []
    for trial in tried:
        if trial.state in ("waiting", "running"):
            running = metric.impute_while_running
            values.append(imputed(trial.history, running) if running else None)
        elif trial.state != "failed" and trial.history:
            values.append(metric.best(trial.history))
        else:
            values.append(imputed(trial.history, metric.impute))
    return values
