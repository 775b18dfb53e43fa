"""A killed `train-autoencoder`, given again, ends with the bits of an unbroken one, wherever it was killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

PLACES = (
    "first epoch",
    "third epoch",
    "before the model",
    "before the checkpoint",
    "before the end",
    "interrupt",
)
# An epoch of random crops is 60 of them here (see killed_runs.py): each of the 50 training prints twice, 7 steps.
SHORT = ("--batch_size=14", "--max_epochs=5")
# So high a rate that the validation loss soon rises; 40 epochs are never reached.
STOPPING = ("--batch_size=14", "--max_epochs=40", "--early_stopping_patience=2", "--learning_rate=0.05")
# The rate of latent values has noise, which must be that of the same step.
RATE = (*SHORT, "--latent_dim=64", "--latent_layer=grid", "--rate_weight=0.05")
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def command(store: Path, run_dir: Path, flags: Sequence[str]) -> list[str]:
    fixed = ["--backbone=ridge", "--latent_dim=4", "--device=cpu", "--threads=1", "--tracker=none", "--evaluate=false"]
    return ["train-autoencoder", f"--data={store}", f"--run_dir={run_dir}", *fixed, *flags]


def metrics(run_dir: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl without what the clock says."""
    rows = [json.loads(line) for line in (run_dir / "metrics.jsonl").read_text().splitlines()]
    return [{name: v for name, v in row.items() if name not in ("seconds", "crops_per_second")} for row in rows]


def assert_same_run(found: Path, unbroken: Path) -> None:
    assert metrics(found) == metrics(unbroken)
    assert (found / "model.safetensors").read_bytes() == (unbroken / "model.safetensors").read_bytes()
    ours, theirs = (torch.load(run / "last.ckpt", weights_only=True) for run in (found, unbroken))
    assert ours["epoch"] == theirs["epoch"]
    assert ours["state_dict"].keys() == theirs["state_dict"].keys()
    for name, tensor in ours["state_dict"].items():
        assert torch.equal(tensor, theirs["state_dict"][name]), name
    about = [json.loads((run / "environment.json").read_text()) for run in (found, unbroken)]
    assert about[0]["finished"] is about[1]["finished"] is True
    assert about[0]["best_epoch"] == about[1]["best_epoch"]


@pytest.fixture(scope="module")
def runs(synthetic_store: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[int]]]:
    """Folder of the runs `short` and `stopping`, unbroken and as `short third epoch` killed and given again; the exit
    codes of each."""
    folder = tmp_path_factory.mktemp("runs")
    jobs: list[tuple[str, str, list[str]]] = []
    for kind, flags in (("short", SHORT), ("stopping", STOPPING)):
        jobs.append((kind, "", command(synthetic_store, folder / kind, flags)))
        for place in PLACES if kind == "short" else ("after a worse epoch", "before the end"):
            run = f"{kind} {place}"
            jobs += [(run, killed, command(synthetic_store, folder / run, flags)) for killed in (place, "")]
    for run, places in (("rate", [""]), ("rate third epoch", ["third epoch", ""])):
        jobs += [(run, killed, command(synthetic_store, folder / run, RATE)) for killed in places]
    text = json.dumps([{"place": place, "arguments": arguments} for _, place, arguments in jobs])
    script = Path(__file__).parents[1] / "support" / "killed_runs.py"
    done = subprocess.run(
        [sys.executable, str(script), text], env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    codes: dict[str, list[int]] = {}
    for (run, *_), code in zip(jobs, json.loads(done.stdout.splitlines()[-1]), strict=True):
        codes.setdefault(run, []).append(code)
    return folder, codes


@pytest.mark.parametrize("place", PLACES)
def test_killed_and_resumed(runs: tuple[Path, dict[str, list[int]]], place: str) -> None:
    folder, codes = runs
    assert codes["short"] == [0]
    assert codes[f"short {place}"] == [130 if place == "interrupt" else -signal.SIGKILL, 0]
    assert len(metrics(folder / "short")) == 5
    assert_same_run(folder / f"short {place}", folder / "short")


def test_a_training_for_a_rate_is_resumed_too(runs: tuple[Path, dict[str, list[int]]]) -> None:
    folder, codes = runs
    assert codes["rate third epoch"] == [-signal.SIGKILL, 0]
    assert_same_run(folder / "rate third epoch", folder / "rate")


@pytest.mark.parametrize("place", ["after a worse epoch", "before the end"])
def test_early_stopping_is_resumed_too(runs: tuple[Path, dict[str, list[int]]], place: str) -> None:
    folder, codes = runs
    assert codes[f"stopping {place}"] == [-signal.SIGKILL, 0]
    losses = [row["val_loss"] for row in metrics(folder / "stopping")]
    assert len(losses) < 40
    assert losses.index(min(losses)) == len(losses) - 3  # two epochs without a better one, then the end
    assert_same_run(folder / f"stopping {place}", folder / "stopping")


def test_kill_9_from_outside(synthetic_store: Path, tmp_path: Path) -> None:
    """The shell's own kill -9, at no chosen moment, of the console command; centre crops keep its epochs short."""
    flags = ("--train_crops=centre", "--batch_size=16", "--max_epochs=12")
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    ridgecode = [sys.executable, "-m", "ridgecode"]
    process = subprocess.Popen(
        [*ridgecode, *command(synthetic_store, broken, flags)], env=ENVIRONMENT, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 120
    while not (broken / "metrics.jsonl").is_file() or len((broken / "metrics.jsonl").read_bytes().splitlines()) < 3:
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(30) == -signal.SIGKILL
    assert len(metrics(broken)) < 12
    # In one process: importing torch is the longest part of such a run.
    code = "import sys; from ridgecode.commands.cli import main; n = len(sys.argv) // 2 + 1; "
    code += "sys.exit(main(sys.argv[1:n]) or main(sys.argv[n:]))"
    both = command(synthetic_store, unbroken, flags) + command(synthetic_store, broken, flags)
    subprocess.run([sys.executable, "-c", code, *both], env=ENVIRONMENT, timeout=180, check=True)
    assert_same_run(broken, unbroken)
