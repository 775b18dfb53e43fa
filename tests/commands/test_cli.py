"""The command line: its help, its answers to mistakes, and what it loads."""

import os
import re
import subprocess
import sys
from dataclasses import fields
from importlib import metadata

import pytest

from ridgecode.commands.cli import main
from ridgecode.commands.verbs import GROUPS, VERBS


def helped(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", VERBS)
def test_help_of_a_verb_tells_each_argument(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    verb = VERBS[name]
    text = helped([*name.split(), "--help"], capsys)
    settings = verb.settings_class()
    told = (settings.__doc__ or "").partition("Args:")[2]
    for field in fields(settings):
        shown = field.name if field.name in verb.positionals else f"--{field.name}"
        assert shown in text, f"{field.name} is not in the help"
        assert f" {field.name}: " in told, f"{field.name} is not explained"
        assert field.name == field.name.lower().replace("-", "_")  # a sweep can set every one
    for name_ in verb.positionals:
        assert f"--{name_} " not in text


def test_help_lists_the_verbs_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    text = helped(["--help"], capsys)
    assert "ridgecode VERB --help" in text
    listed = re.findall(r"^ {4}(\S+)", text.partition("subcommands:")[2], re.MULTILINE)
    assert listed == list(dict.fromkeys(name.split()[0] for name in VERBS))


@pytest.mark.parametrize("group", GROUPS)
def test_help_of_a_group_lists_its_verbs(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = helped([group, "--help"], capsys)
    listed = re.findall(r"^ {4}(\S+)", text.partition("subcommands:")[2], re.MULTILINE)
    assert listed == [name.split()[1] for name in VERBS if name.startswith(f"{group} ")]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert helped(["--version"], capsys).strip() == f"ridgecode {metadata.version('ridgecode')}"


def test_no_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "train-autoencoder" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train-autoencodr"], "no verb 'train-autoencodr' (did you mean train-autoencoder?)"),
        (["frobnicate"], "no verb 'frobnicate'; see ridgecode --help"),
        (["synthesise", "--subject=3", "--out=x"], "--subject is no flag of this verb (did you mean --subjects?)"),
        (["synthesise", "--frob", "--out=x"], "--frob is no flag of this verb"),
        (["synthesise", "--subjects=three", "--out=x"], "--subjects takes int, not three"),
        (["prepare", "--source=nist", "--root=x", "--out=y"], "nist"),
        (["encode"], "STORE"),
        (["models", "keep"], "RUN"),
        (["train-siamese"], "--system is missing"),
        (["train-autoencoder", "--evaluate=perhaps"], "--evaluate takes bool, not perhaps"),
    ],
)
def test_mistakes(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    answer = capsys.readouterr()
    assert answer.out == ""
    assert answer.err.startswith("ridgecode: ")
    assert said in answer.err
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["encode", "store", "--model=ridge-whole-512", "--out=x"],
        ["decode", "x.ridge", "--out=x"],
        ["evaluate", "--run=ridge-whole-512", "--out=x.json"],
        ["evaluate-minutiae", "--matcher=orb", "--out=x.json"],
    ],
)
def test_threads_below_0(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--threads=-1"]) == 2
    assert capsys.readouterr().err == "ridgecode: --threads is -1; give 1 or more, or 0 for all\n"


def test_python_m_ridgecode() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ridgecode", "frobnicate"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("ridgecode: there is no verb")


def test_a_reader_that_has_read_enough_is_no_error() -> None:
    command = [sys.executable, "-m", "ridgecode", "models"]
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        done = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode in (141, 120) and "Traceback" not in done.stderr
