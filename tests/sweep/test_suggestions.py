"""Suggestions: a grid against itertools, searches that repeat themselves and no trial, and Bayes ahead of chance."""

import itertools
import math
import random
import statistics
import subprocess
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ridgecode.sweep.file import SweepFile
from ridgecode.sweep.metric import Metric
from ridgecode.sweep.suggestions import Tried, suggest, trial_values

VALLEY: dict[str, Any] = {
    "method": "bayes",
    "parameters": {"x": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0}, "c": {"value": 3}},
}


def everything(sweep: SweepFile, most: int = 1000) -> list[dict[str, Any]]:
    tried: list[Tried] = []
    while len(tried) < most and (point := suggest(sweep, tried)) is not None:
        tried.append(Tried(point, "finished", [1.0]))
    return [dict(trial.parameters) for trial in tried]


def test_grid_runs_through_the_product_in_the_files_order(sweep_of: Callable[..., SweepFile]) -> None:
    spaces: dict[str, list[Any]] = {"b": [2, 1], "a": [True, False], "n": [3, 4, 5], "q": [0.0, 0.1, 0.2], "c": ["x"]}
    parameters = {
        "b": {"values": [2, 1]},
        "a": {"values": [True, False]},
        "n": {"min": 3, "max": 5},
        "q": {"distribution": "q_uniform", "min": 0.0, "max": 0.3, "q": 0.1},  # W&B's grid ends below max
        "c": {"value": "x"},
    }
    expected = [dict(zip(spaces, point, strict=True)) for point in itertools.product(*spaces.values())]
    assert everything(sweep_of(parameters=parameters)) == expected


@pytest.mark.parametrize(
    "definition", [{"min": 0.0, "max": 1.0, "q": 0.25}, {"min": 8, "max": 64, "q": 8}, {"min": 1, "max": 9}]
)
def test_a_grid_of_q_uniform_is_that_of_wandb(definition: dict[str, Any], sweep_of: Callable[..., SweepFile]) -> None:
    sweep = sweep_of(parameters={"a": {"distribution": "q_uniform"} | definition})
    values = np.arange(definition["min"], definition["max"], definition.get("q", 1)).tolist()
    assert [point["a"] for point in everything(sweep)] == values


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.sampled_from("abc"),
        st.one_of(
            st.lists(st.one_of(st.integers(0, 5), st.booleans(), st.sampled_from("xyz")), min_size=1, max_size=3),
            st.tuples(st.integers(0, 3), st.integers(1, 2)),
        ),
        min_size=1,
    )
)
def test_grid_is_the_product_of_any_values(sweep_of: Callable[..., SweepFile], spaces: dict[str, Any]) -> None:
    def definition(space: Any) -> dict[str, Any]:
        return {"values": space} if isinstance(space, list) else {"min": space[0], "max": sum(space)}

    def values(space: Any) -> list[Any]:
        return space if isinstance(space, list) else list(range(space[0], sum(space) + 1))

    sweep = sweep_of(parameters={name: definition(space) for name, space in spaces.items()})
    # repr, because True == 1 for Python and not on a command line.
    expected = {tuple(map(repr, point)) for point in itertools.product(*(values(space) for space in spaces.values()))}
    points = everything(sweep)
    assert {tuple(map(repr, point.values())) for point in points} == expected
    assert len(points) == len(expected) == sweep.grid_size()


def test_a_grid_goes_on_where_trials_of_another_order_were_made(sweep_of: Callable[..., SweepFile]) -> None:
    """As of earlier versions, whose grids ran through the parameters by their names."""
    sweep = sweep_of()
    points = everything(sweep)
    tried = [Tried(points[i], "finished") for i in (3, 1)]
    assert suggest(sweep, tried) == points[0]


@pytest.mark.parametrize("method", ["random", "bayes"])
def test_searches_repeat_themselves_and_leave_the_generators_alone(
    method: str, sweep_of: Callable[..., SweepFile]
) -> None:
    sweep = sweep_of(**VALLEY | {"method": method})
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    verbosity = optuna.logging.get_verbosity()
    first = everything(sweep, 8)
    after = random.random(), np.random.rand()  # noqa: NPY002
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    assert after == (random.random(), np.random.rand())  # noqa: NPY002
    assert optuna.logging.get_verbosity() == verbosity
    assert first == everything(sweep, 8)
    assert len({point["x"] for point in first}) == 8
    assert all(1e-4 <= point["x"] <= 1 and type(point["x"]) is float and point["c"] == 3 for point in first)
    assert suggest(sweep, [], seed=1) != first[0]


@pytest.mark.parametrize("method", ["random", "bayes"])
@pytest.mark.parametrize("state", ["finished", "failed", "running"])
def test_no_trial_is_repeated_until_a_small_space_is_used_up(
    method: str, state: str, sweep_of: Callable[..., SweepFile]
) -> None:
    parameters = {"a": {"values": [1, 2, 3]}, "b": {"values": [True, False]}, "n": {"min": 1, "max": 4}}
    sweep, tried = sweep_of(method=method, parameters=parameters), list[Tried]()
    while (point := suggest(sweep, tried)) is not None:
        # One value is best by far, so that Bayes search would like to stay there.
        tried.append(Tried(point, state, [abs(float(point["a"]) - 1)] if state == "finished" else []))
    points = [tuple(trial.parameters.values()) for trial in tried]
    assert sorted(points) == sorted(itertools.product([1, 2, 3], [True, False], range(1, 5)))


def test_a_small_space_of_multiples_is_used_up(sweep_of: Callable[..., SweepFile]) -> None:
    parameters = {"a": {"distribution": "q_uniform", "min": 0, "max": 24, "q": 8}}
    points = everything(sweep_of(method="random", parameters=parameters))
    assert sorted(point["a"] for point in points) == [0, 8, 16, 24]


def test_bayes_search_finds_the_valley(sweep_of: Callable[..., SweepFile]) -> None:
    """log10(x) is at most 2 from the valley, so the median of squared distances of random points is 1."""
    sweep, late = sweep_of(**VALLEY), list[float]()
    for seed in range(3):
        tried: list[Tried] = []
        for _ in range(25):
            point = suggest(sweep, tried, seed)
            assert point is not None
            value = (math.log10(float(point["x"])) + 2) ** 2
            tried.append(Tried(point, "finished", [value + 1, value]))
        values = [trial.history[-1] for trial in tried]
        assert min(values) < 0.01
        late += values[10:]
    assert statistics.median(late) < 0.5


def test_bayes_search_maximizes_where_it_should(sweep_of: Callable[..., SweepFile]) -> None:
    metric = {"name": "a", "goal": "maximize"}
    sweep = sweep_of(method="bayes", metric=metric, parameters={"x": {"min": 0.0, "max": 1.0}})
    tried: list[Tried] = []
    for _ in range(25):
        point = suggest(sweep, tried)
        assert point is not None
        tried.append(Tried(point, "finished", [float(point["x"])]))
    assert statistics.median(float(trial.parameters["x"]) for trial in tried[10:]) > 0.75


def test_bayes_search_beats_random_search_on_branin() -> None:
    """benchmarks/sweep_search.py: 40 trials, 10 seeds; beside it a search of random points by numpy alone."""
    path = Path(__file__).parents[2] / "benchmarks" / "sweep_search.py"
    spec = spec_from_file_location("sweep_search", path)
    assert spec is not None and spec.loader is not None
    bench = module_from_spec(spec)
    spec.loader.exec_module(bench)
    assert bench.branin(math.pi, 2.275) == pytest.approx(bench.MINIMUM, abs=1e-6)
    bayes, chance = (
        [bench.regret(bench.sweep_of(method), seed) for seed in range(10)] for method in ("bayes", "random")
    )
    points = np.random.default_rng(0).uniform((-5, 0), (10, 15), (1000, 40, 2))
    numpys = [min(bench.branin(*point) for point in search) - bench.MINIMUM for search in points]
    assert statistics.median(bayes) < 0.5 * min(statistics.median(chance), statistics.median(numpys))
    assert sum(ours < theirs for ours, theirs in zip(bayes, chance, strict=True)) >= 6
    # Random search is that of numpy: its median lies where those of ten such searches do.
    tens = [statistics.median(numpys[i : i + 10]) for i in range(0, 1000, 10)]
    assert min(tens) < statistics.median(chance) < max(tens)


def test_bayes_search_goes_on_beside_running_and_failed_trials(sweep_of: Callable[..., SweepFile]) -> None:
    sweep, tried = sweep_of(**VALLEY), list[Tried]()
    states = [
        ("failed", []),
        ("finished", [2.0]),
        ("finished", []),
        ("stopped", [3.0]),
        ("running", []),
        ("waiting", []),
    ]
    for state, history in states * 2:
        point = suggest(sweep, tried)
        assert point is not None
        tried.append(Tried(point, state, history))
    assert suggest(sweep, tried) is not None


TRIED = [
    Tried({}, "finished", [3.0, 1.0, 2.0]),
    Tried({}, "stopped", [6.0, 5.0]),
    Tried({}, "failed", [9.0, 4.0, 7.0]),
    Tried({}, "failed", []),
    Tried({}, "finished", []),
    Tried({}, "running", [0.5, 0.75]),
    Tried({}, "waiting", []),
]


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        ({}, [1, 5, 9, 9, 9, None, None]),
        ({"impute": "best"}, [1, 5, 4, 9, 9, None, None]),
        ({"impute": "latest"}, [1, 5, 7, 9, 9, None, None]),
        ({"impute_while_running": "best"}, [1, 5, 9, 9, 9, 0.5, 9]),
        ({"impute_while_running": "latest"}, [1, 5, 9, 9, 9, 0.75, 9]),
        ({"impute_while_running": "worst"}, [1, 5, 9, 9, 9, 9, 9]),
        ({"goal": "maximize"}, [3, 6, 1, 1, 1, None, None]),
        ({"goal": "maximize", "impute": "best"}, [3, 6, 9, 1, 1, None, None]),
    ],
)
def test_what_stands_for_a_trial_that_has_no_value(settings: dict[str, Any], values: list[float | None]) -> None:
    assert trial_values(Metric("a", **settings), TRIED) == values


def test_nothing_stands_for_a_trial_before_there_is_any_value() -> None:
    assert trial_values(Metric("a"), [Tried({}, "failed", [])]) == [None]


@pytest.mark.parametrize("definition", [{"values": [1, 2]}, {"min": 1, "max": 2}])
def test_a_grid_loads_no_optuna(definition: dict[str, Any], written: Callable[..., Path]) -> None:
    path = written(parameters={"a": definition})
    code = "import sys; from ridgecode.sweep.run import run_sweep; from ridgecode.sweep.file import read_sweep_file\n"
    code += "from ridgecode.sweep.suggestions import suggest; assert suggest(read_sweep_file(sys.argv[1]), [])\n"
    code += "heavy = {'torch', 'wandb', 'optuna', 'pandas', 'scipy', 'matplotlib', 'pytorch_lightning'}\n"
    code += "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=60)


@pytest.mark.parametrize("method", ["random", "bayes"])
def test_a_q_uniform_whose_grid_has_one_point_varies_all_the_same(
    sweep_of: Callable[..., SweepFile], method: str
) -> None:
    definition = {"distribution": "q_uniform", "min": 8, "max": 16, "q": 8}
    sweep = sweep_of(method=method, parameters={"latent_dim": definition}, run_cap=9)
    assert sweep.varied() == ["latent_dim"]
    drawn = {suggest(sweep, [], seed)["latent_dim"] for seed in range(20)}  # type: ignore[index]
    assert drawn == {8, 16}
    assert sweep_of(parameters={"latent_dim": definition}).varied() == []  # a grid ends below max


def test_a_distribution_of_one_value_is_a_constant(sweep_of: Callable[..., SweepFile]) -> None:
    flat = {"distribution": "q_uniform", "min": 7, "max": 9, "q": 8}
    sweep = sweep_of(method="random", parameters={"a": flat, "b": {"min": 0.0, "max": 1.0}}, run_cap=9)
    assert sweep.varied() == ["b"]
    assert suggest(sweep, [])["a"] == 8  # type: ignore[index]
