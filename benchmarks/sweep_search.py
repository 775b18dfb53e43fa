"""How close random and Bayes search come to the minimum of a known function: `python benchmarks/sweep_search.py`.

The function is Branin's (L. C. W. Dixon and G. P. Szego, "The global optimization problem", 1978) on x1 from -5 to 10
and x2 from 0 to 15, whose minimum is 0.397887 at three places. Each search makes 40 trials, with 10 seeds; the table
shows the best value found, less the minimum. Takes a few seconds.
"""

import math
import statistics
import tempfile
from pathlib import Path

from ridgecode.sweep.file import SweepFile, read_sweep_file
from ridgecode.sweep.suggestions import Tried, suggest

MINIMUM = 0.397887
TRIALS, SEEDS = 40, 10
FILE = """
command: [ridgecode, train-autoencoder, "${{args}}"]
method: {method}
metric: {{name: val_mse, goal: minimize}}
parameters:
  x1: {{min: -5.0, max: 10.0}}
  x2: {{min: 0.0, max: 15.0}}
"""


def branin(x1: float, x2: float) -> float:
    """Branin's function."""
    valley = x2 - 5.1 / (4 * math.pi**2) * x1**2 + 5 / math.pi * x1 - 6
    return valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x1) + 10


def sweep_of(method: str) -> SweepFile:
    """A sweep over the function's two arguments."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "branin.yaml"
        path.write_text(FILE.format(method=method), encoding="utf-8")
        return read_sweep_file(path)


def regret(sweep: SweepFile, seed: int, trials: int = TRIALS) -> float:
    """The best value of a search, less the minimum."""
    tried: list[Tried] = []
    for _ in range(trials):
        point = suggest(sweep, tried, seed)
        assert point is not None
        tried.append(Tried(point, "finished", [branin(float(point["x1"]), float(point["x2"]))]))
    return min(trial.history[0] for trial in tried) - MINIMUM


def main() -> None:
    """Prints the table."""
    methods = ("random", "bayes")
    found = {method: [regret(sweep_of(method), seed) for seed in range(SEEDS)] for method in methods}
    print(f"Branin, {TRIALS} trials: best value less the minimum\n")
    print("| seed | " + " | ".join(methods) + " |")
    print("|" + "---|" * (len(methods) + 1))
    for seed in range(SEEDS):
        print(f"| {seed} | " + " | ".join(f"{found[method][seed]:.4f}" for method in methods) + " |")
    for name, figure in (("median", statistics.median), ("mean", statistics.fmean)):
        print(f"| {name} | " + " | ".join(f"{figure(found[method]):.4f}" for method in methods) + " |")
    ahead = sum(bayes < chance for chance, bayes in zip(found["random"], found["bayes"], strict=True))
    print(f"\nBayes search is ahead with {ahead} of {SEEDS} seeds.")


if __name__ == "__main__":
    main()
