"""Early termination: W&B's brackets, its decisions on 60 made-up sweeps, and Optuna's pruner where both agree."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from ridgecode.errors import BadInput
from ridgecode.sweep.file import read_sweep_file
from ridgecode.sweep.hyperband import Hyperband, read_hyperband

# What `hyperband_stop_runs` of W&B's package sweeps 0.3.0 says of a running trial that has just reached a bracket.
CASES = json.loads((Path(__file__).parent / "hyperband_cases.json").read_text())


@pytest.mark.parametrize(
    ("settings", "length", "brackets"),
    [
        ({"min_iter": 3}, 100, [3, 9, 27, 81]),
        ({"min_iter": 3}, 26, [3, 9]),
        ({"min_iter": 3}, 2, []),
        ({"max_iter": 27, "s": 2}, 100, [3, 9]),
        ({"max_iter": 27, "s": 9}, 100, [1, 3, 9]),
        ({"max_iter": 27, "s": 2, "min_iter": 5}, 100, [3, 9]),
        ({"min_iter": 2, "eta": 1.5}, 11, [2, 3, 4, 6, 10]),
        ({"min_iter": 1, "eta": 1.2}, 3, [1, 2, 3]),
    ],
)
def test_brackets(settings: dict[str, Any], length: int, brackets: list[int]) -> None:
    assert read_hyperband(Path("a.yaml"), {"type": "hyperband"} | settings).brackets(length) == brackets


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_stops_what_wandb_stops(case: dict[str, Any]) -> None:
    rule = read_hyperband(Path("a.yaml"), {"type": "hyperband"} | case["settings"])
    assert case["bracket"] in rule.brackets(len(case["history"]))
    assert rule.stops(case["history"], case["others"], case["bracket"], case["goal"]) == case["stops"]


def test_strict_judges_by_the_last_value_and_not_by_the_best() -> None:
    others = [[5.0, 5.0, 1.0]] * 3
    assert not Hyperband(min_iter=3).stops([0.5, 3.0, 3.0], others, 3, "minimize")
    assert Hyperband(min_iter=3, strict=True).stops([0.5, 3.0, 3.0], others, 3, "minimize")


@pytest.fixture
def quiet_optuna() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.usefixtures("quiet_optuna")
def test_agrees_with_optunas_pruner_where_their_ranks_are_the_same(seed: int) -> None:
    """Of n trials at a bracket, W&B keeps the best n // eta + 1 and Optuna the best n // eta, at least one: where each
    trial is either better or worse than all before it, both keep the former and stop the latter. With a max_resource of
    1, Optuna has a single series of brackets, as W&B always has."""
    chance, eta = random.Random(seed), 3
    pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=1, reduction_factor=eta)
    study = optuna.create_study(pruner=pruner)
    rule, histories = Hyperband(min_iter=1, eta=eta, strict=True), []
    best = worst = 1.0
    stopped = 0
    for number in range(12):
        better = chance.random() < 0.5 or not number
        level = best - 0.1 - chance.random() if better else worst + 0.1 + chance.random()
        best, worst = min(best, level), max(worst, level)
        history: list[float] = []
        trial = study.ask()
        for step in range(1, 10):
            history.append(level)
            trial.report(level, step)
            stops = step in rule.brackets(step) and rule.stops(history, histories, step, "minimize")
            assert trial.should_prune() == stops
            if stops:
                break
        histories.append(history)
        stopped += len(history) < 9
        study.tell(trial, level if len(history) == 9 else None, None if len(history) == 9 else TrialState.PRUNED)
    assert 0 < stopped < 12


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("hyperband", "write early_terminate"),
        ({"type": "median", "min_iter": 3}, "'median'"),
        ({"min_iter": 3}, "type"),
        ({"type": "hyperband"}, "min_iter or max_iter"),
        ({"type": "hyperband", "max_iter": 27}, "needs s"),
        ({"type": "hyperband", "min_iters": 3}, "did you mean min_iter?"),
        ({"type": "hyperband", "min_iter": 0}, "min_iter is 0"),
        ({"type": "hyperband", "min_iter": True}, "min_iter is True"),
        ({"type": "hyperband", "max_iter": 27, "s": 1.5}, "s is 1.5"),
        ({"type": "hyperband", "max_iter": 2, "s": 1}, "no bracket"),
        ({"type": "hyperband", "min_iter": 3, "eta": 1}, "eta is 1"),
        ({"type": "hyperband", "min_iter": 3, "strict": "yes"}, "strict is 'yes'"),
    ],
)
def test_refuses_what_wandb_does_not_define(given: Any, said: str, written: Callable[..., Path]) -> None:
    path = written(early_terminate=given)
    with pytest.raises(BadInput) as refused:
        read_sweep_file(path)
    assert str(path) in str(refused.value) and said in str(refused.value)


def test_needs_a_metric(written: Callable[..., Path]) -> None:
    with pytest.raises(BadInput, match="early_terminate needs a metric"):
        read_sweep_file(written(metric=None, early_terminate={"type": "hyperband", "min_iter": 3}))
