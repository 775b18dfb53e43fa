"""The budget of a run, and the learning rate by the share of it that is used."""

import math
import time
from dataclasses import dataclass

WARM_UP = 0.02
"""The share of the budget during which the cosine schedule's learning rate rises."""


class Stopwatch:
    """Seconds that a run has used, without its interruptions. before: seconds used until the last checkpoint."""

    def __init__(self, before: float = 0.0) -> None:
        self.before, self.start = before, time.monotonic()

    def seconds(self) -> float:
        return self.before + time.monotonic() - self.start


@dataclass
class Budget:
    """The steps, and the minutes if `max_minutes` is above 0, that a run may use; it ends with the first to be used up.

    The larger of the used shares of steps and minutes sets the learning rate, so that a run that the clock ends has
    gone through its whole schedule.
    """

    total_steps: int
    max_minutes: float
    stopwatch: Stopwatch

    def used(self, step: int) -> float:
        """The share of the budget used before `step`, 0 to 1."""
        share = step / max(1, self.total_steps)
        if self.max_minutes > 0:
            share = max(share, self.stopwatch.seconds() / (60 * self.max_minutes))
        return min(1.0, share)

    def out_of_time(self) -> bool:
        return self.max_minutes > 0 and self.stopwatch.seconds() >= 60 * self.max_minutes


def learning_rate_factor(schedule: str, used: float) -> float:
    """The factor on the learning rate after the share `used` of the budget, 0 to 1.

    "constant": 1. "cosine": a linear warm-up over the first 2 %, then half a cosine to 0 (Loshchilov & Hutter, arXiv
    1608.03983, without restarts).
    """
    if schedule == "constant":
        return 1.0
    warm_up = min(1.0, (used + 1e-3) / WARM_UP)
    return warm_up * 0.5 * (1.0 + math.cos(math.pi * used))
