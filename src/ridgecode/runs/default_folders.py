"""The folders that a verb uses where no flag names one."""

import os
from pathlib import Path


def default_data() -> Path:
    """The prepared store: RIDGECODE_DATA where it is set, else `store`. Under `wandb agent` no flag can name it."""
    return Path(os.environ.get("RIDGECODE_DATA", "store"))


def default_run_dir(*parts: object) -> Path:
    """A run's folder below `runs/`: the W&B agent's run id where there is one, else the parts joined by dashes."""
    return Path("runs") / (os.environ.get("WANDB_RUN_ID") or "-".join(str(part) for part in parts).replace("+", "_"))
