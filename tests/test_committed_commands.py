"""Committed command lines and runs still work: commands are parsed, not carried out; runs are read as a report does.

Shell scripts and the code blocks of pages are run by bash, with loops and variables, where `ridgecode` stands for a
program that writes down its arguments, and no other program is there.
"""

import os
import re
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from jsonargparse import ArgumentParser

from ridgecode.commands.cli import build_parser
from ridgecode.commands.old_names import OLD_VERBS, in_todays_words
from ridgecode.commands.verbs import GROUPS, VERBS
from ridgecode.report.read_runs import read_runs

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("results/**/README.md"),
        *ROOT.glob("src/ridgecode/autoencoders/pretrained/*.md"),
    ]
)
SCRIPTS = sorted(
    path for path in ROOT.glob("results/**/*.sh") if "\nridgecode " in path.read_text() or "train()" in path.read_text()
)
SWEEPS = sorted(ROOT.glob("sweeps/*.yaml"))
RUNS = sorted(path.parent for path in ROOT.glob("results/**/runs/*/config.yaml"))
BASH = shutil.which("bash")
FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def given_to_ridgecode(shell: str, folder: Path, *arguments: str) -> list[list[str]]:
    """The arguments of each call of `ridgecode` in a shell script."""
    if BASH is None:
        pytest.skip("needs bash")
    programs, calls, place = folder / "bin", folder / "calls", folder / "place"
    for one in (programs, calls, place):
        one.mkdir()
    program = programs / "ridgecode"
    program.write_text(f"#!{BASH}\nprintf '%s\\0' \"$@\" > {shlex.quote(str(calls))}/$$\n")
    program.chmod(0o755)
    (programs / "mkdir").symlink_to(shutil.which("mkdir") or "/bin/mkdir")
    environment = {"PATH": str(programs), "HOME": str(place), "LC_ALL": os.environ.get("LC_ALL", "C")}
    subprocess.run(
        [BASH, "-c", shell, "bash", *arguments],
        cwd=place,
        env=environment,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return [path.read_text().split("\0")[:-1] for path in calls.iterdir()]


def check(arguments: list[str]) -> None:
    """Parses a command line as `main` does; raises BadInput for one that is refused."""
    words = in_todays_words(arguments)
    verb = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in VERBS), "")
    parser(verb).parse_args(words)


@cache
def parser(verb: str) -> ArgumentParser:
    """The command line of one verb, built once."""
    return build_parser(verb)


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_commands_of_scripts(script: Path, tmp_path: Path) -> None:
    calls = given_to_ridgecode(script.read_text(), tmp_path, "store", "runs")
    assert len(calls) > 10
    for arguments in calls:
        check(arguments)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_of_code_blocks(page: Path, tmp_path: Path) -> None:
    blocks = [text for language, text in FENCED.findall(page.read_text(encoding="utf-8")) if language != "python"]
    shell = "\n".join(block for block in blocks if "ridgecode " in block)
    calls = given_to_ridgecode(shell, tmp_path)
    assert len(calls) >= len(re.findall(r"^ridgecode ", shell, re.MULTILINE))
    for arguments in calls:
        check(arguments)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_verbs_and_flags_in_prose(page: Path) -> None:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    for command in re.findall(r"`ridgecode ([^`]+)`", text):
        words = in_todays_words([word for word in shlex.split(command) if word != "..."])
        verb = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in VERBS), "")
        assert verb or words[0] in (*GROUPS, *OLD_VERBS, "VERB"), command
        if verb:
            known = {*VERBS[verb].settings_class().__dataclass_fields__, "protocol", "help"}
            assert {word[2:].partition("=")[0] for word in words if word.startswith("--")} <= known, command


@pytest.mark.parametrize("file", SWEEPS, ids=name)
def test_commands_of_sweeps(file: Path) -> None:
    comments = [line.lstrip("# ") for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    whole = "\n".join(comments).replace("\\\n", " ").splitlines()
    commands = [line for line in whole if line.startswith("ridgecode ")]
    assert commands
    for command in commands:
        check(shlex.split(command, comments=True)[1:])


@pytest.mark.parametrize("run", RUNS, ids=name)
def test_committed_runs_are_read(run: Path) -> None:
    (found,) = read_runs([run])
    assert found.kind in ("autoencoder", "matcher", "siamese")
    assert found.config["verb"] in (*VERBS, *OLD_VERBS)
    assert found.evaluation and found.metrics
