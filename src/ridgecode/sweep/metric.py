"""The metric of a sweep: what a search looks at, and which value of it stands for a trial."""

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ridgecode.errors import BadInput, did_you_mean
from ridgecode.sweep.hyperband import Goal

Impute = Literal["worst", "best", "latest"]

_KEYS = ("name", "goal", "target", "impute", "impute_while_running")
_IMPUTE = ("worst", "best", "latest")
_FORM = "write metric: {name: val_mse, goal: minimize}"


class Metric(NamedTuple):
    """A sweep file's `metric`, under W&B's names.

    Attributes:
        name: its name in metrics.jsonl.
        goal: whether less or more of it is better.
        target: no new trial is begun once one reached this value; None for no such end.
        impute: what Bayes search takes for a failed trial: the worst value of all ended trials, or the trial's own
            best or latest one.
        impute_while_running: the same for a trial that still runs; None leaves its value out.
    """

    name: str
    goal: Goal = "minimize"
    target: float | None = None
    impute: Impute = "worst"
    impute_while_running: Impute | None = None

    def best(self, values: Sequence[float]) -> float | None:
        """The best of `values`, None where there is none."""
        return None if not values else min(values) if self.goal == "minimize" else max(values)

    def worst(self, values: Sequence[float]) -> float | None:
        """The worst of `values`, None where there is none."""
        return None if not values else max(values) if self.goal == "minimize" else min(values)

    def reached(self, values: Sequence[float]) -> bool:
        """Whether one of `values` is as good as the target."""
        best = self.best(values)
        if self.target is None or best is None:
            return False
        return best <= self.target if self.goal == "minimize" else best >= self.target

    def identity(self) -> dict[str, Any]:
        """What makes two searches the same: all but the target, as plain JSON values; what is as usual is left out."""
        usual = self._field_defaults
        rest = {key: getattr(self, key) for key in ("impute", "impute_while_running")}
        return {"name": self.name, "goal": self.goal} | {key: v for key, v in rest.items() if v != usual[key]}


def read_metric(path: Path, given: Any) -> Metric | None:
    """Reads a sweep file's `metric`. Raises BadInput, naming the key, for what W&B does not define."""
    if given is None:
        return None
    where = f"{path}: metric"
    if not isinstance(given, dict) or not isinstance(given.get("name"), str):
        raise BadInput(f"{where} is {given!r}; it needs a name: {_FORM}")
    for key in given:
        if key not in _KEYS:
            raise BadInput(f"{where} has the key {key}, which is not known{did_you_mean(key, _KEYS)}; {_FORM}")
    if given.get("goal", "minimize") not in ("minimize", "maximize"):
        raise BadInput(f"{where} goal is {given['goal']!r}; it must be minimize or maximize")
    target = given.get("target")
    if target is not None and (type(target) not in (int, float) or not math.isfinite(target)):
        raise BadInput(f"{where} target is {target!r}; it must be a number, such as 0.03 or 1.0e-2")
    if given.get("impute", "worst") not in _IMPUTE:
        raise BadInput(f"{where} impute is {given['impute']!r}; it must be worst, best or latest")
    running = given.get("impute_while_running")
    if running in (False, "false"):  # W&B's word for none; YAML reads it as a boolean
        running = None
    if running not in (None, *_IMPUTE):
        raise BadInput(f"{where} impute_while_running is {running!r}; it must be worst, best, latest or false")
    return Metric(**given | {"impute_while_running": running})


def metric_history(run_dir: Path, metric: Metric | None) -> list[float]:
    """The metric's values in metrics.jsonl in order; lines without a finite one, or cut short, are left out."""
    if metric is None:
        return []
    return [float(line[metric.name]) for line in _lines(run_dir) if metric.name in line]


def reported_names(run_dir: Path) -> list[str]:
    """The names in metrics.jsonl of figures on validation data, sorted."""
    return sorted({name for line in _lines(run_dir) for name in line if name.startswith("val_")})


def _lines(run_dir: Path) -> Iterator[dict[str, Any]]:
    """The finite numbers of each line of metrics.jsonl."""
    path = run_dir / "metrics.jsonl"
    for text in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        with suppress(ValueError):
            line = json.loads(text)
            if isinstance(line, dict):
                yield {k: v for k, v in line.items() if type(v) in (int, float) and math.isfinite(v)}
