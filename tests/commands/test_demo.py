"""`ridgecode demo`: its stages on a small store, what they leave behind, and that a second call repeats none."""

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ridgecode.autoencoders import pca_fit
from ridgecode.commands import demo
from ridgecode.commands.cli import main
from ridgecode.commands.settings.demo import Demo
from ridgecode.evaluation import reconstruction_figures
from ridgecode.training import head as head_training


@pytest.fixture
def quick(matching_store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Prints that are made already, two of the four sizes, short epochs; yields what synthesis was asked for."""
    asked: list[Any] = []

    def synthesise(*arguments: Any) -> None:
        asked.append(arguments)
        shutil.copytree(matching_store.parent / "images", arguments[2])

    monkeypatch.setattr(demo, "synthesise", synthesise)
    monkeypatch.setattr(demo, "LATENT_DIMS", (8, 128))
    monkeypatch.setattr(head_training, "STEPS_PER_EPOCH", 2)
    monkeypatch.setattr(pca_fit, "N_CROPS", 300)
    monkeypatch.setattr(reconstruction_figures, "RATE_SECONDS", 0.01)
    monkeypatch.setenv("WANDB_MODE", "disabled")
    yield asked


def trained(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.glob("runs/*/model.safetensors")}


def test_stages(quick: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "demo"
    command = ["demo", f"--out={out}", "--minutes=0.002", "--seed=5"]
    assert main(command) == 0
    assert quick == [(40, 1, out / "prints", 5)]
    said = capsys.readouterr()
    assert [line for line in said.out.splitlines() if line.startswith("open ")] == [f"open {out}/report/report.html"]
    stages = [line.partition("] ")[2] for line in said.err.splitlines() if " of 5: " in line]
    assert [stage[0] for stage in stages] == list("12333345")
    runs = {f"{distortion}-{dims}" for distortion in ("mse", "bce") for dims in ("008", "128")}
    assert {path.name for path in (out / "runs").iterdir()} == {*runs, "matcher"}
    for run in (*runs, "matcher"):
        found = json.loads((out / "runs" / run / "evaluation.json").read_text())
        assert found["source"] == "synthetic" and found["split"] == "val"
        assert {row["protocol"] for row in found["matching"]} == {"aligned", "moved"}
        assert json.loads((out / "runs" / run / "environment.json").read_text())["seed"] == 5
    with (out / "report" / "latent_sizes.csv").open() as file:
        sizes = [(row["latent_dim"], row["distortion"]) for row in csv.DictReader(file)]
    assert {("8", "mse"), ("128", "mse"), ("8", "bce"), ("128", "bce")} <= set(sizes)
    page = (out / "report" / "report.html").read_text()
    assert "Demo: latent sizes on synthetic prints" in page and "data:image/png;base64," in page

    models, written = trained(out), (out / "runs" / "matcher" / "evaluation.json").stat().st_mtime_ns
    shutil.rmtree(out / "report")
    assert main(command) == 0
    assert len(quick) == 1 and trained(out) == models
    assert (out / "runs" / "matcher" / "evaluation.json").stat().st_mtime_ns == written
    assert (out / "report" / "report.html").is_file()


@pytest.mark.parametrize("flags", [["--subjects=14"], ["--subjects=-1"], ["--minutes=0"], ["--minutes=-1"]])
def test_refusals(flags: list[str], tmp_path: Path, refused: Callable[..., str]) -> None:
    assert "give 20 subjects or more" in refused("demo", f"--out={tmp_path / 'demo'}", *flags)
    assert not (tmp_path / "demo").exists()


def test_a_file_in_the_way(tmp_path: Path, refused: Callable[..., str]) -> None:
    (tmp_path / "demo").write_text("a file")
    assert "demo is a file" in refused("demo", f"--out={tmp_path / 'demo'}")


def test_a_folder_of_something_else(tmp_path: Path, refused: Callable[..., str]) -> None:
    (tmp_path / "holiday.txt").write_text("sun")
    assert "holds other files than a demo's" in refused("demo", f"--out={tmp_path}")
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.txt"]


def test_its_sizes() -> None:
    """4 latent sizes x 2 distortions, the matcher's own among them."""
    assert (len(demo.LATENT_DIMS), len(demo.DISTORTIONS)) == (4, 2)
    assert 128 in demo.LATENT_DIMS and "mse" in demo.DISTORTIONS
    assert Demo().minutes * 9 <= 4  # the rest of six minutes is for prints, evaluation and the report
