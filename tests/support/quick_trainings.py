"""Command lines of trainings that end in a moment, and what such runs write."""

import json
from pathlib import Path
from typing import Any

# Centre crops: an epoch is each training print once, not 4,096 crops.
QUICK: dict[str, object] = {
    "train_crops": "centre",
    "batch_size": 16,
    "max_epochs": 2,
    "device": "cpu",
    "threads": 1,
    "tracker": "none",
    "evaluate": False,
}


def training(store: Path, run_dir: Path, **flags: object) -> list[str]:
    """A train-autoencoder command with the flags of `QUICK`; `flags` change or add some."""
    given = {"data": store, "run_dir": run_dir, **QUICK, **flags}
    return ["train-autoencoder", *(f"--{name}={value}" for name, value in given.items())]


def metrics(run_dir: Path) -> list[dict[str, Any]]:
    """The lines of a run's metrics.jsonl."""
    return [json.loads(line) for line in (run_dir / "metrics.jsonl").read_text().splitlines()]
