"""Every sweep file of the repository runs under both engines: W&B's own checks, the header, and every command."""

import functools
import itertools
import json
from pathlib import Path

import pytest
import yaml
from jsonargparse import ArgumentParser
from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

from ridgecode.commands.cli import build_parser
from ridgecode.sweep.distributions import Listed
from ridgecode.sweep.file import read_sweep_file
from ridgecode.sweep.suggestions import Tried, suggest

FOLDER = Path(__file__).parents[2] / "sweeps"
FILES = sorted(FOLDER.glob("*.yaml"))
# The commands that W&B's own engine (its package sweeps 0.3.0) made of each grid, with today's names of the verbs.
PLANNED = json.loads((Path(__file__).parent / "planned_trials.json").read_text())


def sweep_commands(path: Path) -> list[list[str]]:
    """The commands of all trials of a grid; for a search a few that hold every listed value, and the low end, middle
    and high end of each distribution."""
    sweep = read_sweep_file(path)
    if sweep.method == "grid":
        tried: list[Tried] = []
        while (point := suggest(sweep, tried)) is not None:
            tried.append(Tried(point, "finished"))
        return [sweep.command.filled(trial.parameters) for trial in tried]
    samples = {
        name: list(distribution.values)
        if isinstance(distribution, Listed)
        else [distribution.at(quantile) for quantile in (1e-9, 0.5, 1 - 1e-9)]
        for name, distribution in sweep.space.items()
    }
    longest = max(len(values) for values in samples.values())
    points = [{name: values[i % len(values)] for name, values in samples.items()} for i in range(longest)]
    return [sweep.command.filled(point) for point in points]


COMMANDS = [(path.stem, command) for path in FILES for command in sweep_commands(path)]
LATENT_DIMS = [8, 16, 32, 64, 128, 256, 512]


def by_stem(path: Path) -> str:
    return path.stem


def test_the_questions_are_there() -> None:
    assert [path.stem for path in FILES] == [
        "distortion",
        "latent_dim_bce",
        "latent_dim_mse",
        "learning_rate",
        "matcher",
        "rate_weight",
        "ridge_ablation",
        "siamese",
        "train_crops",
        "whole_ablation",
        "whole_prints",
    ]


@pytest.mark.parametrize("path", FILES, ids=by_stem)
def test_plans_the_trials_that_wandbs_engine_planned(path: Path) -> None:
    if path.stem not in PLANNED:
        assert read_sweep_file(path).method != "grid"
        return
    # The engine planned these before there was another head than the MLP.
    planned = [" ".join(command).replace(" --head=mlp", "") for command in sweep_commands(path)]
    assert sorted(planned) == sorted(PLANNED[path.stem])
    assert read_sweep_file(path).grid_size() == len(PLANNED[path.stem])


@pytest.mark.parametrize("path", FILES, ids=by_stem)
def test_the_header_tells_question_commands_time_and_what_to_expect(path: Path) -> None:
    lines = path.read_text().splitlines()
    header = "\n".join(itertools.takewhile(lambda line: line.startswith("#"), lines))
    for needed in (
        "# Question: ",
        f"ridgecode sweep sweeps/{path.name} --data STORE --out ",
        f"wandb sweep sweeps/{path.name}",
        "RIDGECODE_DATA=STORE wandb agent",
        "# Time: ",
        "# Expect",
    ):
        assert needed in header


@pytest.mark.parametrize("path", FILES, ids=by_stem)
def test_commands_are_those_that_the_agent_would_start(path: Path) -> None:
    """Put together by W&B's own functions, as its agent does it."""
    raw, sweep = yaml.safe_load(path.read_text()), read_sweep_file(path)
    for command in sweep_commands(path):
        given = dict(part[2:].split("=", 1) for part in command[1:])
        values = {}
        for name, definition in raw["parameters"].items():
            options = definition.get("values", [definition.get("value")])
            values[name] = {"value": next((option for option in options if str(option) == given[name]), given[name])}
        filled = create_sweep_command_args({"args": values})
        expected = list(
            itertools.chain.from_iterable(
                filled["args"] if part == "${args}" else [part] for part in create_sweep_command(list(raw["command"]))
            )
        )
        assert ["ridgecode", *command] == expected
        assert command[0] == sweep.command.verb


@pytest.mark.parametrize("distortion", ["mse", "bce"])
def test_latent_size_sweeps_cover_every_published_size(distortion: str) -> None:
    commands = sweep_commands(FOLDER / f"latent_dim_{distortion}.yaml")
    assert [f"--latent_dim={size}" for size in LATENT_DIMS] == [command[1] for command in commands]
    for command in commands:
        assert {f"--distortion={distortion}", "--backbone=ridge", "--view=crop32"} <= set(command)


def test_matcher_sweep_is_the_whole_product_with_python_booleans() -> None:
    commands = sweep_commands(FOLDER / "matcher.yaml")
    comparators, losses = ["cosine", "euclidean", "l1", "subtract"], ["bce", "contrastive", "infonce", "triplet"]
    expected = [
        [
            "train-head",
            "--head=mlp",
            f"--comparator={a}",
            f"--loss={b}",
            f"--movement={c}",
            "--max_minutes=2",
            "--seed=0",
        ]
        for a, b, c in itertools.product(comparators, losses, ["True", "False"])
    ]
    assert sorted(commands) == sorted(expected)


@functools.cache
def parser(verb: str) -> ArgumentParser:
    return build_parser(verb)


@pytest.mark.parametrize(("stem", "command"), COMMANDS, ids=[f"{stem}-{i}" for i, (stem, _) in enumerate(COMMANDS)])
def test_the_command_line_takes_every_command_as_the_agent_passes_it(
    stem: str, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIDGECODE_DATA", "STORE")
    parsed = parser(command[0]).parse_args(command)[command[0]]
    assert str(parsed.data) == "STORE"
    for part in command[1:]:
        name, _, text = part[2:].partition("=")
        value = parsed[name]
        assert str(value) == text or float(value) == float(text)


@pytest.mark.parametrize("path", FILES, ids=by_stem)
def test_the_command_line_takes_what_the_local_engine_adds(path: Path) -> None:
    command = sweep_commands(path)[0]
    added = ["--data=STORE", "--run_dir=out/runs/a", "--device=auto", "--threads=1"]
    parser(command[0]).parse_args([*command, *added])
    parser("evaluate").parse_args(["evaluate", "--run=out/runs/a", "--data=STORE"])


@pytest.mark.parametrize("path", FILES, ids=by_stem)
def test_the_headers_local_command_is_taken(path: Path) -> None:
    line = next(line for line in path.read_text().splitlines() if line.startswith("#   ridgecode sweep "))
    parsed = parser("sweep").parse_args([*line.split()[2:], "--jobs", "2", "--device", "cpu"]).sweep
    assert (FOLDER.parent / parsed.file).samefile(path)
    assert (str(parsed.data), str(parsed.out), parsed.jobs, parsed.device) == ("STORE", f"runs/{path.stem}", 2, "cpu")
