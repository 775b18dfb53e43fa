"""Sweep files as a whole: what is read, what is refused, and what makes two sweeps the same."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ridgecode.errors import BadInput
from ridgecode.sweep.file import SweepFile, read_sweep_file, trial_key
from ridgecode.sweep.hyperband import Hyperband
from ridgecode.sweep.metric import Metric


def test_reads_a_file(sweep_of: Callable[..., SweepFile]) -> None:
    sweep = sweep_of(
        command=["${env}", "ridgecode", "train-matcher", "--tracker=none", "${args}"],
        early_terminate={"type": "hyperband", "min_iter": 3, "eta": 2},
        run_cap=5,
        name="a name",
        description="a description",
        apiVersion="1",
        kind="sweep",
    )
    assert (sweep.method, sweep.command.verb, sweep.command.fixed) == ("grid", "train-matcher", ("--tracker=none",))
    assert (sweep.metric, sweep.run_cap) == (Metric("val_mse", "minimize"), 5)
    assert sweep.early_terminate == Hyperband(min_iter=3, eta=2)
    assert sweep.varied() == ["latent_dim", "flip"]
    assert sweep.grid_size() == 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"parametres": {}}, "did you mean parameters?"),
        ({"early_stop": {}}, "a sweep file has command"),
        ({"method": "annealing"}, "it must be grid, random or bayes"),
        ({"method": "baye"}, "did you mean bayes?"),
        ({"method": None}, "it must be grid"),
        ({"method": "custom"}, "it must be grid"),
        ({"method": "bayes", "metric": None}, "method bayes needs a metric"),
        ({"method": "bayes", "parameters": {"a": {"value": 1}}}, "more than one value"),
        ({"run_cap": 0}, "run_cap is 0"),
        ({"run_cap": True}, "run_cap is True"),
        ({"metrics": []}, "one metric is searched for"),
        ({"scheduler": {"engine": "optuna"}}, "write method"),
        ({"controller": {"type": "local"}}, "remove it"),
        ({"job": "a"}, "W&B Launch"),
    ],
)
def test_refuses_in_one_sentence_that_names_file_and_key(
    change: dict[str, Any], said: str, written: Callable[..., Path]
) -> None:
    path = written(**change)
    with pytest.raises(BadInput) as refused:
        read_sweep_file(path)
    message = str(refused.value)
    assert message.startswith(str(path)) and said in message and "\n" not in message


@pytest.mark.parametrize(
    ("text", "said"),
    [("method: [grid", "is not YAML"), ("- a\n- b\n", "is not a sweep file"), ("", "is empty"), ("# a\n", "is empty")],
)
def test_refuses_what_is_no_sweep_file(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text(text)
    with pytest.raises(BadInput, match=rf"sweep\.yaml {said}"):
        read_sweep_file(path)
    with pytest.raises(BadInput, match=r"none\.yaml can't be read"):
        read_sweep_file(tmp_path / "none.yaml")
    path.write_bytes(b"\xe9")
    with pytest.raises(BadInput, match="can't be read"):
        read_sweep_file(path)


def test_a_plain_sweep_is_known_as_it_was_before_early_termination(sweep_of: Callable[..., SweepFile]) -> None:
    """trials.json of earlier versions goes on being read."""
    sweep = sweep_of(command=["ridgecode", "train-matcher", "--tracker=none", "${args}"], run_cap=3)
    assert sweep.identity() == {
        "verb": "train-matcher",
        "flags": ["--tracker=none"],
        "method": "grid",
        "parameters": dict(sweep.parameters),
        "metric": {"name": "val_mse", "goal": "minimize"},
    }


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"run_cap": 7}, True),
        ({"name": "another"}, True),
        ({"metric": {"name": "val_mse", "goal": "minimize", "target": 0.1}}, True),
        ({"metric": {"name": "val_mse"}}, True),
        ({"metric": {"name": "val_mse", "impute": "best"}}, False),
        ({"metric": {"name": "val_loss"}}, False),
        ({"method": "random"}, False),
        ({"early_terminate": {"type": "hyperband", "min_iter": 3}}, False),
        ({"command": ["ridgecode", "train-autoencoder", "${args_no_boolean_flags}"]}, False),
        ({"command": ["ridgecode", "train-autoencoder", "--seed=1", "${args}"]}, False),
        ({"parameters": {"latent_dim": {"values": [8]}}}, False),
    ],
)
def test_what_makes_two_sweeps_the_same(change: dict[str, Any], same: bool, sweep_of: Callable[..., SweepFile]) -> None:
    assert (sweep_of(**change).identity() == sweep_of().identity()) == same


def test_grid_size_counts_each_point_once(sweep_of: Callable[..., SweepFile]) -> None:
    parameters = {
        "a": {"values": [1, 1.0, True, 2]},
        "b": {"min": 3, "max": 6},
        "c": {"distribution": "q_uniform", "min": 0, "max": 10, "q": 4},
        "d": {"value": "x"},
    }
    assert sweep_of(parameters=parameters).grid_size() == math.prod([3, 4, 3, 1])
    assert sweep_of(method="random", parameters=parameters).grid_size() == 0


def test_trial_keys_tell_true_from_1() -> None:
    assert trial_key({"a": True}) != trial_key({"a": 1}) != trial_key({"b": 1})
    assert trial_key({"a": 1, "b": 2.5}) == ("--a=1", "--b=2.5")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_of_any_editor_is_read(encoding: str, tmp_path: Path) -> None:
    lines = [
        "method: grid",
        "parameters:",
        "  seed: {values: [1, 2]}",
        "command: [ridgecode, train-autoencoder, '${args}']",
    ]
    plain, other = tmp_path / "plain.yaml", tmp_path / "other.yaml"
    plain.write_text("\n".join(lines))
    other.write_bytes("\r\n".join(lines).encode(encoding))
    assert read_sweep_file(other).parameters == read_sweep_file(plain).parameters
