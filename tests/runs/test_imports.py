"""What a run needs loads neither torch, nor Lightning, nor W&B before it is asked for."""

import json
import subprocess
import sys

import pytest

SLOW = ("lightning", "lightning_fabric", "pytorch_lightning", "torch", "wandb")


def loaded_by(code: str) -> set[str]:
    """Which slow packages a new process has loaded after `code`."""
    tell = f"\nimport json, sys\nprint(json.dumps([name for name in {SLOW} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code + tell], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "module", ["default_folders", "environment", "in_threads", "progress", "run_folder", "run_kind", "tracking"]
)
def test_a_module_loads_nothing_slow(module: str) -> None:
    assert loaded_by(f"import ridgecode.runs.{module}") == set()


@pytest.mark.parametrize(("kind", "mode"), [("none", ""), ("wandb", "disabled")])
def test_a_tracker_that_is_off_loads_no_wandb(kind: str, mode: str) -> None:
    code = f"""import os
from pathlib import Path
os.environ["WANDB_MODE"] = {mode!r}
from ridgecode.runs.tracking import open_tracker
with open_tracker({kind!r}, Path("none"), {{}}, "a", "train") as tracker:
    tracker.log({{"val_mse": 1.0}}, step=0)
    tracker.log_image("sheet", "none.png")
    tracker.log_table("sizes", ["a"], [(1,)])
    tracker.log_model("none", "model")"""
    assert loaded_by(code) == set()


def test_the_machine_is_told_by_torch() -> None:
    assert loaded_by("from ridgecode.runs.environment import environment; environment()") == {"torch"}
