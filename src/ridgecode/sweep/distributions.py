"""The distributions that a parameter of a sweep can have, each by its quantile function.

Random and Bayes search draw u from the uniform distribution on [0, 1] and take the value at that quantile, so that one
search algorithm serves every distribution. Definitions: "Sweep configuration options" in W&B's documentation, and its
package `sweeps` 0.3 (params.py) for the two that the documentation leaves out, beta and q_beta.

    values, probabilities   Listed        the first value whose cumulated probability reaches u
    int_uniform             WholeNumbers  min, min + 1 ... max, all equally likely
    uniform                 Continuous    X = min + u (max - min)
    log_uniform ...         Continuous    exp(X), X uniform
    normal, log_normal      Continuous    X = mu + sigma * (the standard normal's quantile u), and exp(X)
    beta                    Continuous    the quantile u of Beta(a, b)
    q_...                   Continuous    round(X / q) * q
"""

import itertools
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from statistics import NormalDist
from typing import Literal, NamedTuple

Value = bool | int | float | str
Shape = Literal["uniform", "normal", "beta"]

# The standard normal is infinite at 0 and 1; the numbers next to those are 8.2 standard deviations away.
_SMALLEST_QUANTILE = 2.0**-53


class Listed(NamedTuple):
    """One value or several, with their probabilities; without probabilities all are equally likely."""

    values: tuple[Value, ...]
    probabilities: tuple[float, ...] | None = None

    def at(self, quantile: float) -> Value:
        """The value at a quantile from 0 to 1."""
        return self.values[next((i for i, end in enumerate(self._ends()) if quantile < end), self._last())]

    def quantile(self, value: Value) -> float:
        """The middle of the quantiles that give `value`."""
        place, ends = self.place(value), [0.0, *self._ends()]
        return (ends[place] + ends[place + 1]) / 2

    def place(self, value: Value) -> int:
        """The position of `value` in the list; True and 1 differ, 1 and 1.0 do not."""
        return [same_key(listed) for listed in self.values].index(same_key(value))

    def grid(self) -> Sequence[Value]:
        """Each value once, in the list's order."""
        distinct: dict[tuple[str, Value], Value] = {}
        for value in self.values:
            distinct.setdefault(same_key(value), value)
        return list(distinct.values())

    def _weights(self) -> tuple[float, ...]:
        return self.probabilities or (1.0,) * len(self.values)

    def _ends(self) -> list[float]:
        total = math.fsum(self._weights())
        return [end / total for end in itertools.accumulate(self._weights())]

    def _last(self) -> int:
        # Rounding may leave the last end a hair below 1; a value of probability 0 must not be given for that.
        return max(i for i, weight in enumerate(self._weights()) if weight > 0)


class WholeNumbers(NamedTuple):
    """The whole numbers from `low` to `high`, both included, all equally likely."""

    low: int
    high: int

    def at(self, quantile: float) -> int:
        """The number at a quantile from 0 to 1."""
        count = self.high - self.low + 1
        return self.low + min(count - 1, int(quantile * count))

    def quantile(self, value: Value) -> float:
        """The middle of the quantiles that give `value`."""
        return (float(value) - self.low + 0.5) / (self.high - self.low + 1)

    def grid(self) -> Sequence[Value]:
        """All of them, ascending."""
        return range(self.low, self.high + 1)


class Continuous(NamedTuple):
    """X of a shape with two numbers, or exp(X), rounded to multiples of a step where there is one.

    Attributes:
        shape: uniform from `first` to `second`, normal with mean `first` and standard deviation `second`, or beta with
            a = `first` and b = `second`.
        first: see shape.
        second: see shape.
        exponential: whether the value is exp(X) instead of X.
        step: the q of the q_ distributions: values are round(X / q) * q, whole numbers where q is an int. None for
            values that are not rounded.
    """

    shape: Shape
    first: float
    second: float
    exponential: bool = False
    step: int | float | None = None

    def at(self, quantile: float) -> int | float:
        """The value at a quantile from 0 to 1."""
        inverse, _ = self._functions()
        value = inverse(quantile)
        if self.exponential:
            value = math.exp(value)
        return value if self.step is None else multiple(round(value / self.step), self.step)

    def quantile(self, value: Value) -> float:
        """The share of the distribution that lies below `value`, before any rounding; from 0 to 1."""
        number = float(value)
        if self.exponential:
            if number <= 0:  # rounded down to 0
                return 0.0
            number = math.log(number)
        _, cumulated = self._functions()
        return min(1.0, max(0.0, cumulated(number)))

    def grid_points(self) -> int | None:
        """How many values `grid` lists."""
        if self.step is None or self.shape != "uniform" or self.exponential:
            return None
        low, high, step = (Decimal(str(number)) for number in (self.first, self.second, self.step))
        return math.ceil((high - low) / step)

    def grid(self) -> Sequence[Value] | None:
        """q_uniform as W&B's grid lists it: min, min + q ... below max. None for every other distribution."""
        count = self.grid_points()
        if count is None or self.step is None:
            return None
        low, step = Decimal(str(self.first)), Decimal(str(self.step))
        whole = isinstance(self.step, int) and isinstance(self.first, int)
        points = [low + i * step for i in range(count)]
        return [int(point) if whole else float(point) for point in points]

    def _functions(self) -> tuple[Callable[[float], float], Callable[[float], float]]:
        """The quantile function of X and its inverse, the cumulative distribution function."""
        first, second = self.first, self.second
        if self.shape == "uniform":
            return lambda u: first + u * (second - first), lambda x: (x - first) / (second - first)
        if self.shape == "normal":
            normal, most = NormalDist(first, second), 1 - _SMALLEST_QUANTILE
            return lambda u: normal.inv_cdf(min(most, max(_SMALLEST_QUANTILE, u))), normal.cdf
        # Here, because scipy takes a moment to load and few sweeps have a beta distribution.
        from scipy.special import betainc, betaincinv

        return (
            lambda u: float(betaincinv(first, second, u)),
            lambda x: float(betainc(first, second, min(1.0, max(0.0, x)))),
        )


Distribution = Listed | WholeNumbers | Continuous


def multiple(count: int, step: int | float) -> int | float:
    """count * step, without the binary rounding of float steps: 3 times 0.1 is 0.3."""
    return count * step if isinstance(step, int) else float(count * Decimal(str(step)))


def same_key(value: Value) -> tuple[str, Value]:
    """Equal for values that are the same to a flag: 1 and 1.0 are, True and 1 are not."""
    return ("bool" if isinstance(value, bool) else "text" if isinstance(value, str) else "number", value)
