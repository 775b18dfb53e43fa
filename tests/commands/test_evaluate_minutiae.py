"""`ridgecode evaluate-minutiae`: what it prints and refuses. Its figures are tested in evaluation/test_minutiae.py."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ridgecode.commands.cli import main

Refused = Callable[..., str]


def command(store: Path, **flags: object) -> list[str]:
    given = {"data": store, "matcher": "orb", "jobs": 1, "threads": 1, **flags}
    return ["evaluate-minutiae", *(f"--{name}={value}" for name, value in given.items())]


def test_lines_and_json(
    autoencoder_run: Path, matching_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Path(shutil.copytree(autoencoder_run, tmp_path / "run"))
    capsys.readouterr()
    assert main(command(matching_store, run=run)) == 0
    file = run / "minutiae-orb-reconstruction.json"
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[-1] == f"figures lie in {file}"
    assert main([*command(matching_store, run=run), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads(file.read_text())
    assert (found["kind"], found["protocol"], found["matcher"]) == ("minutiae", "reconstruction", "orb")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"protocol": "nothing"}, "--protocol nothing"),
        ({"protocol": "aligned,moved"}, "give one of"),
        ({"levels": "Real", "protocol": "aligned"}, "--levels Real"),
        ({"levels": "Easy"}, "--levels is for altered probes"),
        ({"max_prints": 1}, "--max_prints is 1"),
        ({"jobs": -1}, "--jobs is -1"),
        ({"qualities": "6"}, "--qualities is for --codec"),
        ({"depth_bits": 4}, "--depth_bits is no flag of this verb"),
        ({"tracker": "wandb"}, "--tracker is no flag of this verb"),
        ({"matcher": "bozorth4"}, "--matcher takes one of"),
        ({"matcher": "none"}, "--matcher takes one of"),
        ({"codec": "jpeg", "qualities": "6", "out": "x.json"}, "leave out --run, or --codec"),
    ],
)
def test_refusals(
    autoencoder_run: Path, matching_store: Path, refused: Refused, given: dict[str, object], said: str
) -> None:
    assert said in refused(*command(matching_store, **{"run": autoencoder_run} | given))


def test_without_a_run(matching_store: Path, tmp_path: Path, refused: Refused) -> None:
    assert "--out is missing" in refused(*command(matching_store))
    out = tmp_path / "a.json"
    assert "--run is missing" in refused(*command(matching_store, protocol="reconstruction", out=out))
    assert "must end in .json" in refused(*command(matching_store, out=tmp_path / "a"))
    assert "is a folder" in refused(*command(matching_store, out=tmp_path))
    given = {"codec": "jpeg", "out": out}
    assert "is compared at one quality, so give one as --qualities" in refused(*command(matching_store, **given))
    said = refused(*command(matching_store, **given, qualities="6", protocol="aligned"))
    assert "--protocol aligned compares the store's own prints" in said
    assert not list(tmp_path.iterdir())
    assert "--matcher is missing" in refused("evaluate-minutiae", f"--data={matching_store}")
