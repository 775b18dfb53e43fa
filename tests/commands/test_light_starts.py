"""What verbs load: `--help` and verbs that train nothing start without the large packages that they don't use."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ridgecode.autoencoders.pretrained import pretrained_names
from ridgecode.commands.verbs import GROUPS, VERBS

TRAINING = {"pytorch_lightning", "lightning_fabric", "wandb", "optuna"}
LARGE = {"torch", "matplotlib", "pyarrow", *TRAINING}
CODE = """
import contextlib, io, json, sys
from ridgecode.commands.cli import main
found = []
for arguments in json.loads(sys.argv[1]):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            code = main(arguments)
        except SystemExit as stopped:
            code = stopped.code
    found.append([code, sorted(name for name in sys.modules if "." not in name)])
print(json.dumps(found))
"""


def loaded(*command_lines: Sequence[object]) -> list[tuple[Any, set[str]]]:
    """Runs command lines one after the other in a process of its own; the exit code of each, and the packages that are
    loaded when it ends."""
    jobs = json.dumps([[str(word) for word in line] for line in command_lines])
    done = subprocess.run(
        [sys.executable, "-c", CODE, jobs],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return [(code, set(names)) for code, names in json.loads(done.stdout.splitlines()[-1])]


def test_help_and_mistakes_load_nothing_large() -> None:
    helped = [["--help"], *([*name.split(), "--help"] for name in (*VERBS, *GROUPS, "train-matcher"))]
    for line, (code, names) in zip(helped, loaded(*helped), strict=True):
        assert (code, LARGE & names) == (0, set()), line
    mistaken: list[list[str]] = [[], ["train-autoencodr"], ["encode", "--frob"]]
    for line, (code, names) in zip(mistaken, loaded(*mistaken), strict=True):
        assert (code, LARGE & names) == (2, set()), line


def test_reports_and_models_load_no_torch(latent_study: list[Path], tmp_path: Path) -> None:
    names = pretrained_names()
    lines = [["models", "list"], *([["models", "show", names[0]]] if names else [])]
    lines.append(["report", *latent_study[:2], f"--out={tmp_path / 'report'}"])
    for line, (code, seen) in zip(lines, loaded(*lines), strict=True):
        assert (code, {"torch", *TRAINING} & seen) == (0, set()), line


def test_verbs_that_train_nothing_load_no_lightning(
    matching_store: Path, autoencoder_run: Path, matcher_run: Path, tmp_path: Path
) -> None:
    model, images = f"--model={autoencoder_run}", matching_store.parent / "images" / "Real"
    out = {name: tmp_path / name for name in ("z", "z.png", "x.ridge", "x.png", "run.json", "codec.json", "orb.json")}
    lines: list[list[object]] = [
        ["verify", matcher_run, *(images / f"{n}__M_Left_index_finger.BMP" for n in (3, 4))],
        ["encode", matching_store, model, f"--out={out['z']}", "--split=val", "--select=0-3"],
        ["decode", out["z"], model, f"--out={out['z.png']}"],
        ["encode", matching_store, model, f"--out={out['x.ridge']}", "--split=val", "--select=0-3"],
        ["decode", out["x.ridge"], model, f"--out={out['x.png']}"],
        ["evaluate", f"--run={autoencoder_run}", f"--data={matching_store}", f"--out={out['run.json']}"],
        ["evaluate-codec", "--codec=pca", "--qualities=2", f"--data={matching_store}", f"--out={out['codec.json']}"],
        ["evaluate-minutiae", "--matcher=orb", "--jobs=1", f"--data={matching_store}", f"--out={out['orb.json']}"],
    ]
    lines[5].append("--protocols=aligned")
    lines[7].append("--max_prints=4")
    for line, (code, names) in zip(lines, loaded(*lines), strict=True):
        assert (code, TRAINING & names) == (0, set()), line


@pytest.mark.parametrize("room", ["ridgecode", "ridgecode.matching.matcher", "ridgecode.report.write"])
def test_front_doors_load_no_lightning(room: str) -> None:
    code = f"import sys, {room}; print(sorted({TRAINING} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "[]\n"
