"""What is no parameter by W&B's rules, or nothing that a flag can take, is refused with the way to write it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ridgecode.errors import BadInput
from ridgecode.sweep.distributions import Continuous, Listed, WholeNumbers
from ridgecode.sweep.file import SweepFile, read_sweep_file
from ridgecode.sweep.parameters import read_parameters


@pytest.mark.parametrize(
    ("definition", "distribution"),
    [
        ({"value": 3}, Listed((3,))),
        ({"values": [1, "a"]}, Listed((1, "a"))),
        ({"values": [1, 2], "probabilities": [0.25, 0.75]}, Listed((1, 2), (0.25, 0.75))),
        ({"min": 1, "max": 3}, WholeNumbers(1, 3)),
        ({"min": 1, "max": 3.5}, Continuous("uniform", 1, 3.5)),
        ({"distribution": "uniform", "min": 1, "max": 3}, Continuous("uniform", 1, 3)),
        ({"distribution": "q_uniform", "min": 1, "max": 3}, Continuous("uniform", 1, 3, step=1)),
        ({"distribution": "log_uniform", "min": -3, "max": 0}, Continuous("uniform", -3, 0, exponential=True)),
        ({"distribution": "inv_log_uniform", "min": -1, "max": 3}, Continuous("uniform", -3, 1, exponential=True)),
        ({"distribution": "q_normal", "q": 0.5}, Continuous("normal", 0.0, 1.0, step=0.5)),
        ({"distribution": "log_normal", "mu": 2}, Continuous("normal", 2, 1.0, exponential=True)),
        ({"distribution": "beta", "b": 3}, Continuous("beta", 1.0, 3)),
    ],
)
def test_reads_definitions(definition: dict[str, Any], distribution: Any, sweep_of: Callable[..., SweepFile]) -> None:
    assert sweep_of(method="random", parameters={"a": definition}).space["a"] == distribution


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, "parameters is missing or empty"),
        ([], "parameters is missing or empty"),
        ({"model": {"parameters": {"depth": {"value": 1}}}}, "parameters of their own: depth: {...}"),
        ({"model": {"parameters": 3}}, "nested"),
        ({"model.depth": {"value": 1}}, "such as depth"),
        ({"latent-dim": {"value": 1}}, "write latent_dim"),
        ({3: {"value": 1}}, "no flag's name"),
        ({"data": {"value": "store"}}, "remove it"),
        ({"run_dir": {"value": "runs/a"}}, "remove it"),
        ({"a": 3}, "write a: {value: ...}"),
        ({"a": {"valeus": [3]}}, "did you mean values?"),
        ({"a": {}}, "write a value, values, or min and max"),
        ({"a": {"distribution": "log_unifrom", "min": 1, "max": 2}}, "did you mean log_uniform?"),
        ({"a": {"distribution": ["uniform"], "min": 1, "max": 2}}, "is not known"),
        ({"a": {"distribution": "uniform", "min": 1}}, "lacks max"),
        ({"a": {"min": 1}}, "lacks max"),
        ({"a": {"distribution": "constant", "values": [1]}}, "lacks value"),
        ({"a": {"distribution": "normal", "min": 1, "max": 2}}, "takes no min"),
        ({"a": {"distribution": "uniform", "min": 1, "max": 2, "q": 1}}, "takes no q"),
        ({"a": {"distribution": "categorical", "values": [1], "probabilities": [1]}}, "takes no probabilities"),
        ({"a": {"value": 1, "values": [1]}}, "takes no values"),
        ({"a": {"values": []}}, "at least one value"),
        ({"a": {"values": 3}}, "at least one value"),
        ({"a": {"value": None}}, "None"),
        ({"a": {"values": [[1, 2]]}}, "[1, 2]"),
        ({"a": {"value": "1e-3"}}, "1e-3, which YAML reads as text"),
        ({"a": {"min": "1e-4", "max": 1.0}}, "1e-4, which YAML reads as text"),
        ({"a": {"min": "low", "max": 1.0}}, "min is 'low'"),
        ({"a": {"min": True, "max": 2}}, "min is True"),
        ({"a": {"min": 0.0, "max": float("inf")}}, "max is inf"),
        ({"a": {"min": 2.0, "max": 1.0}}, "min 2.0 is not below max 1.0"),
        ({"a": {"min": 1, "max": 1}}, "not below"),
        ({"a": {"distribution": "int_uniform", "min": 1, "max": 2.5}}, "must be whole numbers"),
        ({"a": {"distribution": "log_uniform_values", "min": 0, "max": 1}}, "min must be above 0"),
        ({"a": {"distribution": "log_uniform", "min": 8, "max": 1000}}, "log_uniform_values takes the values"),
        ({"a": {"distribution": "q_log_normal", "mu": 690, "sigma": 9}}, "too large"),
        ({"a": {"distribution": "normal", "sigma": 0}}, "sigma is 0"),
        ({"a": {"distribution": "beta", "a": 0}}, "a is 0"),
        ({"a": {"distribution": "q_normal", "q": 0}}, "q is 0"),
        ({"a": {"values": [1, 2], "probabilities": [0.5]}}, "a list of 2 numbers"),
        ({"a": {"values": [1, 2], "probabilities": [0.5, 0.4]}}, "add up to 1"),
        ({"a": {"values": [1, 2], "probabilities": [1.5, -0.5]}}, "0 or more"),
        ({"a": {"values": [1, 2], "probabilities": [0.5, "half"]}}, "'half'"),
    ],
)
def test_refuses_in_one_sentence_that_names_file_and_key(
    parameters: Any, said: str, written: Callable[..., Path]
) -> None:
    path = written(method="random", parameters=parameters)
    with pytest.raises(BadInput) as refused:
        read_sweep_file(path)
    message = str(refused.value)
    assert message.startswith(str(path)) and said in message and "\n" not in message
    if parameters:
        assert f"parameter {next(iter(parameters))}" in message


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ({"min": 0.1, "max": 1.0}, "a grid can't list"),
        ({"distribution": "q_log_uniform_values", "min": 1, "max": 9}, "a grid can't list"),
        ({"values": [1, 2], "probabilities": [0.5, 0.5]}, "probabilities, which a grid does not use"),
    ],
)
def test_a_grid_refuses_what_it_cannot_list(
    definition: dict[str, Any], said: str, written: Callable[..., Path]
) -> None:
    with pytest.raises(BadInput, match=said):
        read_sweep_file(written(parameters={"a": definition}))


def test_the_examples_in_refusals_can_be_read(sweep_of: Callable[..., SweepFile]) -> None:
    from ridgecode.sweep.parameters import _FORMS

    for kind, form in _FORMS.items():
        definition = yaml.safe_load(f"{{{form.example}}}")
        if "distribution" not in definition:
            definition["distribution"] = kind
        assert sweep_of(method="random", parameters={"a": definition}).space["a"].at(0.5) is not None


@pytest.mark.parametrize(
    ("method", "definition", "sentence"),
    [
        ("grid", {"distribution": "q_uniform", "min": 0, "max": 1, "q": 1e-9}, "has 1,000,000,000 values, too many"),
        ("grid", {"min": 0, "max": 10**9}, "has 1,000,000,001 values, too many"),
        ("random", {"min": 0, "max": 10**24}, "whole numbers go up to 2^53"),
        ("random", {"min": -1.7e308, "max": 1.7e308}, "too large to compute with"),
        ("random", {"distribution": "q_normal", "mu": 1e308, "sigma": 1.0, "q": 1e-300}, "too large to compute with"),
    ],
)
def test_numbers_too_many_or_too_large(method: str, definition: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=re.escape(sentence)):
        read_parameters(Path("s.yaml"), method, {"x": definition})
