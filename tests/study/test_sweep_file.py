"""Sweep files: what is read, what is refused, and that suggestions are the engine's, complete and repeatable."""

import itertools
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ridgecode.errors import BadInput
from ridgecode.study.sweep_file import read_sweep_file
from ridgecode.study.sweep_suggest import suggest, sweep_commands
from ridgecode.study.sweep_trials import trial_name

GRID: dict[str, Any] = {
    "command": ["ridgecode", "train-autoencoder", "${args}"],
    "method": "grid",
    "metric": {"name": "val_mse", "goal": "minimize"},
    "parameters": {"b": {"values": [1, 2]}, "a": {"values": [True, False]}, "c": {"value": "bce+l1"}},
}
BAYES: dict[str, Any] = GRID | {
    "method": "bayes",
    "run_cap": 12,
    "parameters": {"x": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0}, "c": {"value": 3}},
}


def written(folder: Path, content: dict[str, Any]) -> Path:
    path = folder / "sweep.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def test_reads_a_file(tmp_path: Path) -> None:
    content = GRID | {"command": ["${env}", "ridgecode", "train-matcher", "--tracker=none", "${args}"]}
    sweep = read_sweep_file(written(tmp_path, content))
    assert (sweep.method, sweep.verb, sweep.flags, sweep.run_cap) == ("grid", "train-matcher", ("--tracker=none",), 0)
    assert sweep.metric is not None and (sweep.metric.name, sweep.metric.goal) == ("val_mse", "minimize")
    assert sweep.varied() == ["b", "a"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"parametres": {}}, "parametres"),
        ({"early_terminate": {"type": "hyperband"}}, "early_terminate"),
        ({"method": "annealing"}, "annealing"),
        ({"method": "bayes", "metric": None}, "metric"),
        ({"method": "bayes", "parameters": {"a": {"value": 1}}}, "more than one value"),
        ({"metric": {"name": "val_mse", "goal": "less"}}, "goal"),
        ({"metric": {"name": "val_mse", "goal": "minimize", "target": 0.1}}, "metric"),
        ({"run_cap": 0}, "run_cap"),
        ({"run_cap": True}, "run_cap"),
        ({"command": None}, "command"),
        ({"command": ["python", "train.py", "${args}"]}, "command"),
        ({"command": ["ridgecode", "train-autoencoder"]}, "command"),
        ({"command": ["ridgecode", "${args}"]}, "command"),
        ({"command": ["ridgecode", "train-autoencoder", "--seed", "${args}"]}, "--seed"),
        ({"parameters": {}}, "parameters"),
        ({"parameters": {"model": {"parameters": {"depth": {"value": 1}}}}}, "nested"),
        ({"parameters": {"a.b": {"value": 1}}}, "a.b"),
        ({"parameters": {"data": {"value": "store"}}}, "data"),
        ({"parameters": {"run_dir": {"value": "runs/a"}}}, "run_dir"),
        ({"parameters": {"a": 3}}, "parameter a"),
        ({"parameters": {"a": {"valeus": [3]}}}, "valeus"),
        ({"parameters": {"a": {"values": []}}}, "parameter a"),
        ({"parameters": {"a": {"value": None}}}, "None"),
        ({"parameters": {"a": {"values": [[1, 2]]}}}, "[1, 2]"),
        ({"parameters": {"a": {"value": "1e-3"}}}, "1e-3"),
        ({"parameters": {"a": {"min": 2.0, "max": 1.0}}}, "min 2.0"),
        ({"parameters": {"a": {"min": 0.1, "max": 1.0}}}, "grid"),
        ({"parameters": {"a": {"distribution": "log_uniform", "min": 1.0, "max": 2.0}}, "method": "random"}, "W&B"),
    ],
)
def test_refuses_in_one_sentence_that_names_file_and_key(tmp_path: Path, change: dict[str, Any], word: str) -> None:
    path = written(tmp_path, GRID | change)
    with pytest.raises(BadInput) as refused:
        read_sweep_file(path)
    assert str(path) in str(refused.value) and word in str(refused.value)


@pytest.mark.parametrize("text", ["method: [grid", "- a\n- b\n", ""])
def test_refuses_what_is_no_sweep_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"sweep\.yaml"):
        read_sweep_file(path)
    with pytest.raises(BadInput, match=r"none\.yaml"):
        read_sweep_file(tmp_path / "none.yaml")


def everything(path: Path, most: int = 1000) -> list[dict[str, Any]]:
    sweep, trials = read_sweep_file(path), []
    while len(trials) < most and (trial := suggest(sweep, [(old, "finished", ()) for old in trials])) is not None:
        trials.append(trial)
    return trials


def test_grid_runs_through_the_product_in_order(tmp_path: Path) -> None:
    path = written(tmp_path, GRID)
    expected = [{"b": b, "a": a, "c": "bce+l1"} for a, b in itertools.product([True, False], [1, 2])]
    assert everything(path) == expected
    assert read_sweep_file(path).grid_size() == len(expected)
    assert sweep_commands(path)[2] == ["train-autoencoder", "--b=1", "--a=False", "--c=bce+l1"]


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
def test_grid_is_the_product_of_any_values(tmp_path: Path, spaces: dict[str, Any]) -> None:
    def definition(space: Any) -> dict[str, Any]:
        return {"values": space} if isinstance(space, list) else {"min": space[0], "max": sum(space)}

    def values(space: Any) -> list[Any]:
        return space if isinstance(space, list) else list(range(space[0], sum(space) + 1))

    path = written(tmp_path, GRID | {"parameters": {name: definition(space) for name, space in spaces.items()}})
    # repr, because True == 1 for Python and not on a command line.
    expected = {tuple(map(repr, point)) for point in itertools.product(*(values(space) for space in spaces.values()))}
    trials = everything(path)
    assert {tuple(map(repr, trial.values())) for trial in trials} == expected
    assert len(trials) == len(expected) == read_sweep_file(path).grid_size()
    assert len({trial_name(read_sweep_file(path), trial) for trial in trials}) == len(expected)


def test_random_search_repeats_itself_and_leaves_the_generators_alone(tmp_path: Path) -> None:
    content = BAYES | {"method": "random"}
    path = written(tmp_path, content)
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    first = everything(path, 6)
    after = random.random(), np.random.rand()  # noqa: NPY002
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    assert after == (random.random(), np.random.rand())  # noqa: NPY002
    assert first == everything(path, 6)
    assert len({trial["x"] for trial in first}) == 6
    assert all(1e-4 <= trial["x"] <= 1 and type(trial["x"]) is float for trial in first)


def test_random_search_ends_when_a_small_space_is_used_up(tmp_path: Path) -> None:
    content = GRID | {"method": "random", "parameters": {"a": {"values": [1, 2, 3]}, "b": {"values": [True, False]}}}
    trials = everything(written(tmp_path, content))
    assert sorted((trial["a"], trial["b"]) for trial in trials) == sorted(itertools.product([1, 2, 3], [True, False]))


def test_bayes_search_finds_the_valley_and_repeats_itself(tmp_path: Path) -> None:
    sweep = read_sweep_file(written(tmp_path, BAYES))

    def search() -> list[float]:
        tried: list[tuple[dict[str, Any], str, list[float]]] = []
        for _ in range(12):
            trial = suggest(sweep, tried)
            assert trial is not None and 1e-4 <= trial["x"] <= 1 and trial["c"] == 3
            value = (math.log10(trial["x"]) + 2) ** 2
            tried.append((trial, "finished", [value + 1, value]))
        return [history[-1] for _, _, history in tried]

    values = search()
    # log10(x) is at most 2 from the valley; of twelve random draws one is within 0.1 less than one time in two.
    assert min(values) < 0.01
    assert np.median(values[6:]) < np.median(values[:3])
    assert values == search()


def test_bayes_search_goes_on_beside_running_and_failed_trials(tmp_path: Path) -> None:
    sweep = read_sweep_file(written(tmp_path, BAYES))
    tried: list[tuple[dict[str, Any], str, list[float]]] = []
    for state, history in [("failed", []), ("finished", [2.0, math.nan]), ("finished", [1.0]), ("running", [])]:
        trial = suggest(sweep, tried)
        assert trial is not None
        tried.append((trial, state, history))
    assert suggest(sweep, tried) is not None


def test_trial_names_are_readable_and_differ_where_the_values_do(tmp_path: Path) -> None:
    grid, bayes = read_sweep_file(written(tmp_path, GRID)), read_sweep_file(written(tmp_path, BAYES))
    assert trial_name(grid, {"b": 2, "a": True, "c": "bce+l1"}) == "b-2_a-True"
    assert trial_name(bayes, {"x": 0.25, "c": 3}) == "x-0.25"
    near = trial_name(bayes, {"x": 0.123456, "c": 3}), trial_name(bayes, {"x": 0.123457, "c": 3})
    assert near[0] != near[1] and near[0].startswith("x-0.1235_")
    assert near[0] == trial_name(bayes, {"x": 0.123456, "c": 3})
