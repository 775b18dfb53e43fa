"""The exact interval of a rate, for the case in which a bootstrap has none.

A bootstrap repeats what was measured. Where no error was seen, no replicate has one, and its interval would be [0, 0],
however few comparisons there were. The interval of Clopper and Pearson, "The use of confidence or fiducial limits
illustrated in the case of the binomial", Biometrika 26 (1934), asks instead which rates would give what was measured.
"""

from typing import NamedTuple

from scipy.special import betaincinv

from ridgecode.errors import BadInput

CONFIDENCE = 0.95
"""The share of samples whose interval holds the true figure."""


class Interval(NamedTuple):
    """The ends of an interval; both are None if there is none."""

    low: float | None
    high: float | None


def clopper_pearson(rate: float, trials: int) -> Interval:
    """The 95 % interval of a `rate`, 0 to 1, that was measured in so many independent `trials`.

    With no error in n trials it is [0, 1 - 0.025 ** (1 / n)]. `rate * trials` may be no whole number, as where a trial
    is a subject with several comparisons: the ends are quantiles of beta distributions, which are defined there too.
    Raises BadInput for a rate that is none, and for fewer than one trial.
    """
    if not 0 <= rate <= 1 or trials < 1:
        raise BadInput(f"an interval needs a rate of 0 to 1 and a trial or more, not {rate} and {trials}")
    errors, tail = rate * trials, (1 - CONFIDENCE) / 2
    low = float(betaincinv(errors, trials - errors + 1, tail)) if rate > 0 else 0.0
    high = float(betaincinv(errors + 1, trials - errors, 1 - tail)) if rate < 1 else 1.0
    return Interval(low, high)
