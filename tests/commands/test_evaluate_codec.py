"""`ridgecode evaluate-codec`: what it prints and refuses. Its figures are tested in evaluation/test_image_codecs.py."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ridgecode.commands.cli import main

Refused = Callable[..., str]


def command(store: Path, **flags: object) -> list[str]:
    return ["evaluate-codec", *(f"--{name}={value}" for name, value in {"data": store, **flags}.items())]


def test_lines_and_json(matching_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = {"codec": "pca", "qualities": "4,2", "view": "crop32", "out": tmp_path / "pca.json"}
    assert main(command(matching_store, **given)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"figures lie in {tmp_path / 'pca.json'}"
    assert main([*command(matching_store, **given), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads((tmp_path / "pca.json").read_text())
    assert found["codec"] == "pca"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"codec": "jpeg"}, "--out is missing"),
        ({"out": "x.json"}, "--codec is missing"),
        ({"codec": "jpeg", "out": ""}, "is a folder"),
        ({"codec": "jpeg", "out": "x.json", "run": "a"}, "--run is no flag of this verb"),
        ({"codec": "jpeg", "out": "x.json", "depth_bits": 4}, "--depth_bits is no flag of this verb"),
        ({"codec": "jpeg", "out": "x.json", "protocols": "aligned"}, "--protocols is no flag of this verb"),
        ({"codec": "gif", "out": "x.json"}, "--codec takes one of"),
        ({"codec": "none", "out": "x.json"}, "--codec takes one of"),
    ],
)
def test_refusals(
    matching_store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: Refused,
    flags: dict[str, object],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in refused(*command(matching_store, **flags))
    assert not list(tmp_path.iterdir())


def test_an_out_in_a_runs_folder(matching_store: Path, tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "config.yaml").write_text("verb: train-autoencoder\n")
    said = refused(*command(matching_store, codec="jpeg", out=tmp_path / "x.json"))
    assert "lies in a run's folder; give a place of its own" in said
