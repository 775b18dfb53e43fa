"""W&B's early termination: a trial that is worse than most others at a bracket is stopped.

A bracket is a number of reported values of the metric, such as 3, 9, 27 ... The rule is that of W&B's package `sweeps`
0.3 (hyperband_stopping.py), after Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization"
(2018), https://arxiv.org/abs/1603.06560: of the n trials that reached a bracket, those stay that are no worse there
than the one at place n / eta, counted from the best as 0.

Optuna's HyperbandPruner would not do: it has no `s` and no `strict`, takes whole `eta` only, and shares the trials out
among several series of brackets.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ridgecode.errors import BadInput, did_you_mean

Goal = Literal["minimize", "maximize"]

_KEYS = ("type", "min_iter", "max_iter", "s", "eta", "strict")
_FORM = "write early_terminate: {type: hyperband, min_iter: 3} or {type: hyperband, max_iter: 27, s: 2}"


class Hyperband(NamedTuple):
    """Settings of early termination, under W&B's names.

    Attributes:
        min_iter: the first bracket; the next ones are eta, eta^2 ... times that. Not used where max_iter is given.
        max_iter: brackets are max_iter / eta, max_iter / eta^2 ..., `s` of them; what falls below 1 is left out.
        s: how many brackets max_iter has.
        eta: above 1; a bracket keeps the best 1 / eta of the trials.
        strict: whether a trial is compared by its value at the bracket, instead of its best value up to there.
    """

    min_iter: int | None = None
    max_iter: int | None = None
    s: int = 0
    eta: float = 3
    strict: bool = False

    def brackets(self, length: int) -> list[int]:
        """The brackets up to `length` values, ascending."""
        return sorted({bracket for bracket in self._all(length) if bracket <= length})

    def _all(self, length: int) -> Iterator[int]:
        if self.max_iter is not None:
            bracket = float(self.max_iter)
            for _ in range(self.s):
                bracket /= self.eta
                if bracket < 1:
                    return
                yield int(bracket)
        else:
            bracket = float(self.min_iter or 1)
            while int(bracket) <= length:
                yield int(bracket)
                bracket *= self.eta

    def stops(self, history: Sequence[float], others: Sequence[Sequence[float]], bracket: int, goal: Goal) -> bool:
        """Whether a trial with these values of the metric ends at `bracket`, which it has reached.

        Args:
            history: the trial's values, in order.
            others: those of all other trials, running ones included.
            bracket: one of `brackets(len(history))`.
            goal: whether less or more is better.
        """
        sign = 1 if goal == "minimize" else -1
        there = sorted(sign * values[bracket - 1] for values in (history, *others) if len(values) >= bracket)
        threshold = there[int(1 / self.eta * len(there))]
        reached = [sign * value for value in history[:bracket]]
        return (reached[-1] if self.strict else min(reached)) > threshold


def read_hyperband(path: Path, given: Any) -> Hyperband:
    """Reads a sweep file's `early_terminate`. Raises BadInput, naming the key, for what W&B does not define."""
    where = f"{path}: early_terminate"
    if not isinstance(given, dict):
        raise BadInput(f"{where} is {given!r}; {_FORM}")
    for key in given:
        if key not in _KEYS:
            raise BadInput(f"{where} has the key {key}, which is not known{did_you_mean(key, _KEYS)}; {_FORM}")
    if given.get("type") != "hyperband":
        raise BadInput(f"{where} has the type {given.get('type')!r}, and hyperband is the only one; {_FORM}")
    if "min_iter" not in given and "max_iter" not in given:
        raise BadInput(f"{where} needs min_iter or max_iter; {_FORM}")
    if "max_iter" in given and "s" not in given:
        raise BadInput(f"{where} has max_iter, which needs s, the number of brackets; {_FORM}")
    for key in ("min_iter", "max_iter", "s"):
        if key in given and (type(given[key]) is not int or given[key] < 1):
            raise BadInput(f"{where}: {key} is {given[key]!r}; it must be a whole number above 0")
    eta = given.get("eta", 3)
    if type(eta) not in (int, float) or not 1 < eta < math.inf:
        raise BadInput(f"{where}: eta is {eta!r}; it must be a number above 1")
    if type(given.get("strict", False)) is not bool:
        raise BadInput(f"{where}: strict is {given['strict']!r}; it must be true or false")
    if "max_iter" in given and given["max_iter"] < eta:
        raise BadInput(f"{where}: max_iter {given['max_iter']} is below eta {eta}, so there is no bracket; raise it")
    return Hyperband(**{key: given[key] for key in _KEYS[1:] if key in given})
