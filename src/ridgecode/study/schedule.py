"""Learning rate and the end of a run, by the share of its budget that is used."""

import math
from dataclasses import dataclass

from ridgecode.study.run_folder import Stopwatch

WARM_UP = 0.02


@dataclass
class Budget:
    """What a run may use: epochs, and minutes where `max_minutes` is above 0; whichever ends first.

    The share that is used follows steps, and under `max_minutes` the time too, so a run that a clock ends has gone
    through its whole schedule.
    """

    total_steps: int
    max_minutes: float
    stopwatch: Stopwatch

    def used(self, step: int) -> float:
        """Share of the budget used before `step`, 0 to 1."""
        share = step / max(1, self.total_steps)
        if self.max_minutes > 0:
            share = max(share, self.stopwatch.seconds() / (60 * self.max_minutes))
        return min(1.0, share)

    def out_of_time(self) -> bool:
        return self.max_minutes > 0 and self.stopwatch.seconds() >= 60 * self.max_minutes


def learning_rate_factor(schedule: str, used: float) -> float:
    """Factor on the learning rate when the share `used` of the budget is gone.

    "constant": 1. "cosine": a linear warm-up over the first 2 %, then half a cosine to 0 (Loshchilov & Hutter, arXiv
    1608.03983, without restarts).
    """
    if schedule == "constant":
        return 1.0
    warm_up = min(1.0, (used + 1e-3) / WARM_UP)
    return warm_up * 0.5 * (1.0 + math.cos(math.pi * used))
