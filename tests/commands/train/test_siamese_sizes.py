"""Image Siamese systems on images of many sizes: from training to `evaluate`, `verify` and a resumed run; refusals."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ridgecode.commands.cli import main
from ridgecode.commands.train import siamese
from ridgecode.matching.comparisons import Comparisons
from ridgecode.matching.siamese.saved import SavedSiamese, load_siamese
from ridgecode.runs.memory import FreeMemory

Refused = Callable[..., str]
# Trains a run whole, and another that is killed at its 5th step and then resumed.
KILLED = """
import os, signal, sys
from ridgecode.commands import cli
from ridgecode.training.siamese import SiameseTraining
step, calls = SiameseTraining.training_step, []

def killing(*given):
    calls.append(1)
    if len(calls) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(*given)

def run(folder, killed):
    child = os.fork()
    if not child:
        SiameseTraining.training_step = killing if killed else step
        os._exit(cli.main([*sys.argv[2:], "--run_dir", sys.argv[1] + folder]))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

assert [run("/whole", False), run("/broken", True), run("/broken", False)] == [0, -signal.SIGKILL, 0]
"""


def train(run: Path, data: Path, *flags: object, system: str = "contrastive") -> list[str]:
    common = ["train-siamese", "--system", system, "--data", data, "--run_dir", run, "--device", "cpu", "--threads", 1]
    small = ["--tracker", "none", "--max_epochs", 1, "--split_by", "pair"]
    return [str(flag) for flag in (*common, *small, *flags)]


@pytest.fixture(scope="module")
def signatures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight identities of 4 images, each image of another size, among them one of twice the chosen input's size; and
    one identity of a single image, a strip of one row."""
    folder, random = tmp_path_factory.mktemp("sizes") / "signatures", np.random.default_rng(0)
    for number in range(8):
        pattern = Image.fromarray(random.integers(0, 256, (6, 9), dtype=np.uint8))
        for image in range(4):
            (folder / f"s{number}").mkdir(parents=True, exist_ok=True)
            pattern.resize((60 + 7 * image, 40 + 3 * number), 3).save(folder / f"s{number}" / f"{image}.png")
    (folder / "strip").mkdir()
    Image.fromarray(np.full((1, 300), 200, np.uint8)).save(folder / "strip" / "0.png")
    return folder


@pytest.fixture(scope="module")
def run(signatures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("sizes") / "run"
    assert main(train(run, signatures, "--n_pairs", 200, "--max_epochs", 2)) == 0
    return run


def embedded(saved: SavedSiamese, path: Path) -> torch.Tensor:
    """The embedding of an image file by Pillow and torch alone: every second pixel where that gives the input's size,
    else resized with antialiasing."""
    height, width = saved.spec.height, saved.spec.width
    with Image.open(path) as image:
        halves = (image.height + 1) // 2, (image.width + 1) // 2
        small = image.resize((width, height), Image.Resampling.LANCZOS)
        pixels = np.array(image)[::2, ::2] if halves == (height, width) else np.array(small)
    with torch.no_grad():
        return saved.net.embed(torch.from_numpy(pixels / 255).float()[None, None])


def test_each_image_of_many_sizes_is_brought_to_the_input(run: Path, signatures: Path) -> None:
    saved = load_siamese(run / "model.safetensors")
    heights, widths = zip(*((40 + 3 * n, 60 + 7 * i) for n in range(8) for i in range(4)), strict=True)
    medians = np.median([*heights, 1]), np.median([*widths, 300])
    assert (saved.spec.height, saved.spec.width) == tuple(-(-round(float(m)) // 2) for m in medians)
    comparisons = Comparisons.load(run / "pairs" / "val.parquet")
    scores = []
    for probe, reference in zip(comparisons.probe, comparisons.reference, strict=True):
        e1, e2 = (embedded(saved, signatures / f"{name}.png") for name in (probe, reference))
        scores.append(-float((e1 - e2).norm()))
    # Validation measures the share of pairs that are decided rightly at a distance of 0.5.
    best = min(map(json.loads, (run / "metrics.jsonl").read_text().splitlines()), key=lambda row: row["val_loss"])
    assert float(((np.array(scores) >= -0.5) == comparisons.mated).mean()) == pytest.approx(best["val_accuracy"])
    hinges = np.where(comparisons.mated, np.square(scores), np.square(np.maximum(0, 1 + np.array(scores))))
    assert float(hinges.mean()) == pytest.approx(best["val_loss"], rel=1e-3)


def test_the_run_is_evaluated(run: Path, tmp_path: Path) -> None:
    found: dict[str, Any] = json.loads((run / "evaluation.json").read_text())
    assert {row["protocol"] for row in found["matching"]} == {"pairs-by-pair"}
    out = tmp_path / "again.json"
    arguments = ["--data", str(run / "store"), "--split", "test", "--protocols", "fvc-all", "--out", str(out)]
    assert main(["evaluate", "--run", str(run), *arguments]) == 0
    systems = {row["system"] for row in json.loads(out.read_text())["matching"]}
    assert {"contrastive (ours)", "pixels"} <= systems


def test_verify_takes_images_of_any_size(
    run: Path, signatures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = load_siamese(run / "model.safetensors")
    large, dot = tmp_path / "large.png", tmp_path / "dot.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (900, 700), dtype=np.uint8)).save(large)
    Image.fromarray(np.full((1, 1), 70, np.uint8)).save(dot)
    for a, b in ((signatures / "s1/0.png", signatures / "s2/3.png"), (large, signatures / "s2/3.png"), (dot, large)):
        capsys.readouterr()
        assert main(["verify", str(run), str(a), str(b), "--json"]) == 0
        wanted = -float((embedded(saved, a) - embedded(saved, b)).norm())
        assert json.loads(capsys.readouterr().out)["score"] == pytest.approx(wanted, abs=1e-5)


def test_a_killed_run_ends_as_a_whole_one(signatures: Path, tmp_path: Path) -> None:
    flags = train(Path(), signatures, "--n_pairs", 400, "--max_epochs", 2, "--batch_size", 64, "--evaluate", "false")
    place = flags.index("--run_dir")
    arguments = [sys.executable, "-c", KILLED, str(tmp_path), *flags[:place], *flags[place + 2 :]]
    subprocess.run(arguments, check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    whole, broken = (tmp_path / name / "model.safetensors" for name in ("whole", "broken"))
    assert whole.read_bytes() == broken.read_bytes()


@pytest.mark.parametrize("system", ["subtract", "subtract-conv", "stripes", "l1"])
def test_other_systems_say_what_they_bring_images_to(
    system: str, signatures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = ("--image_height", 60, "--image_width", 58) if system == "l1" else ()
    flags = ("--source", "folder", "--evaluate", "false", "--batch_size", 8, *size)
    assert main(train(tmp_path / "run", signatures, *flags, system=system)) == 0
    said = capsys.readouterr().err
    assert ("the images are of 33 sizes" in said) == (system != "l1")
    assert "1 of 9 identities have one image and are in non-mated pairs only: strip" in said


def test_an_input_that_memory_can_not_hold(
    signatures: Path, tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(siamese, "free_memory", lambda: FreeMemory(3 * 10**9, "under the limit of ulimit -v"))
    run, few = tmp_path / "run", ("--n_pairs", 100, "--evaluate", "false")
    said = refused(*train(run, signatures, *few, "--image_height", 1200, "--image_width", 1600))
    assert "contrastive with an input of 1200 rows and 1600 columns has" in said
    assert said.rstrip().endswith("give --image_height 120 --image_width 160")
    assert not (run / "config.yaml").exists()
    assert main(train(run, signatures, *few, "--image_height", 120, "--image_width", 160)) == 0


def test_sizes_that_no_network_takes(signatures: Path, tmp_path: Path, refused: Refused) -> None:
    def said(height: int, width: int, system: str = "contrastive") -> str:
        flags = ("--image_height", height, "--image_width", width)
        return refused(*train(tmp_path / "run", signatures, *flags, system=system))

    assert "--image_height is -1" in said(-1, 20)
    assert "--image_height 1000000 and --image_width 1000000 are more pixels than" in said(10**6, 10**6)
    assert "an input of 3x20 pixels is too small" in said(20, 3)
    assert "give --image_height and --image_width of 58 or more" in said(57, 90, "l1")
