"""The command of a trial, compared with what W&B's own functions make of it."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

from ridgecode.errors import BadInput
from ridgecode.sweep.file import SweepFile, read_sweep_file

PARAMETERS: dict[str, Any] = {"rate": 1e-05, "flip": True, "fast": False, "distortion": "bce+l1", "seed": 0}
DEFINITIONS = {name: {"value": value} for name, value in PARAMETERS.items()}
VERB = "train-autoencoder"


def as_the_agent_does(command: list[str], program: str) -> list[str]:
    """`Agent._command_run` of wandb/wandb_agent.py, in short."""
    filled = create_sweep_command_args({"args": {name: {"value": value} for name, value in PARAMETERS.items()}})
    filled |= {"env": ["/usr/bin/env"], "interpreter": ["python"], "program": [program]}
    return list(
        itertools.chain.from_iterable(
            filled.get(part[2:-1]) or [] if part.startswith("${") and part.endswith("}") else [part]
            for part in create_sweep_command(list(command))
        )
    )


@pytest.mark.parametrize(
    "command",
    [
        ["ridgecode", VERB, "${args}"],
        ["${env}", "ridgecode", VERB, "${args}"],
        ["/usr/bin/env", "ridgecode", VERB, "${args}"],
        ["${program}", VERB, "${args}"],
        ["${env}", "${interpreter}", "-m", "ridgecode", VERB, "${args}"],
        ["python", "-m", "${program}", VERB, "${args}"],
        ["ridgecode", VERB, "--tracker=none", "${args}"],
        ["ridgecode", VERB, "${args}", "--tracker=none", "--width=8"],
        ["ridgecode", VERB, "${args_no_boolean_flags}"],
        ["ridgecode", VERB, "--width=8", "${args_no_equals}"],
        ["ridgecode", VERB, "--start_from=${envvar:RIDGECODE_TEST_MODEL}", "${args}"],
        ["ridgecode", VERB, "--start_from=a/${envvar:RIDGECODE_TEST_MODEL}/${envvar:RIDGECODE_TEST_MODEL}", "${args}"],
        ["ridgecode", "${envvar:RIDGECODE_TEST_VERB}", "${args}"],
    ],
)
def test_starts_what_the_agent_starts(
    command: list[str], sweep_of: Callable[..., SweepFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIDGECODE_TEST_MODEL", "runs/a model")
    monkeypatch.setenv("RIDGECODE_TEST_VERB", VERB)
    sweep = sweep_of(command=command, program="ridgecode", parameters=DEFINITIONS)
    agents = as_the_agent_does(command, "ridgecode")
    assert sweep.command.filled(PARAMETERS) == agents[agents.index(VERB) :]
    assert sweep.command.verb == VERB


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (None, "command is missing"),
        ("ridgecode train-autoencoder ${args}", "not a list of words"),
        (["ridgecode", VERB, 3, "${args}"], "not a list of words"),
        ([], "runs no verb"),
        (["ridgecode"], "runs no verb"),
        (["python", "train.py", "${args}"], "runs no verb"),
        (["${program}", VERB, "${args}"], "runs no verb"),  # the file has no program
        (["ridgecode", "${args}"], "runs no verb"),
        (["ridgecode", "--seed=1", "${args}"], "runs no verb"),
        (["ridgecode", VERB, "--seed=1"], "it needs ${args} once"),
        (["ridgecode", VERB, "${args}", "${args}"], "it needs ${args} once"),
        (["ridgecode", VERB, "--seed", "${args}"], "only --name=value"),
        (["ridgecode", VERB, "--seed=${args}"], "only --name=value"),
        (["ridgecode", VERB, "${env}", "${args}"], "only --name=value"),
        (["ridgecode", VERB, "${arg}"], "did you mean ${args}?"),
        (["ridgecode", VERB, "${args"], "no macro"),
        (["ridgecode", VERB, "${args_no_hyphens}"], "name=value without hyphens"),
        (["ridgecode", VERB, "${args_json}"], "as JSON"),
        (["ridgecode", VERB, "${args_json_file}"], "a JSON file"),
        (["ridgecode", VERB, "${args_append_hydra}"], "+name=value"),
        (["ridgecode", VERB, "--start_from=${envvar:RIDGECODE_NOT_SET}", "${args}"], "RIDGECODE_NOT_SET is not set"),
        (["ridgecode", VERB, "--start_from=${envvar:lower}", "${args}"], "no macro"),
        (["ridgecode", VERB, "--latent_dim=8", "${args}"], "both give latent_dim"),
    ],
)
def test_refuses_what_no_trial_could_run(command: Any, said: str, written: Callable[..., Path]) -> None:
    path = written(command=command)
    with pytest.raises(BadInput) as refused:
        read_sweep_file(path)
    message = str(refused.value)
    assert message.startswith(str(path)) and said in message and "\n" not in message


def test_an_environment_variable_is_part_of_the_sweep(
    sweep_of: Callable[..., SweepFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that trials with another value do not go on with those of the first."""
    command = ["ridgecode", VERB, "--start_from=${envvar:RIDGECODE_TEST_MODEL}", "${args}"]
    monkeypatch.setenv("RIDGECODE_TEST_MODEL", "a")
    first = sweep_of(command=command).identity()
    monkeypatch.setenv("RIDGECODE_TEST_MODEL", "b")
    assert sweep_of(command=command).identity() != first
