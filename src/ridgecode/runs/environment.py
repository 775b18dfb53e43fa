"""Versions, commit and machine: what somebody who repeats a run has to know."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("ridgecode", "torch", "pytorch-lightning", "numpy", "scikit-image", "wandb", "optuna")


def environment() -> dict[str, Any]:
    """Versions, commit, machine, the command and the time in UTC, as values that JSON takes."""
    # Not at the top: whoever only reads a run folder needs no torch.
    import torch

    return {
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES},
        "commit": _commit(),
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
            "gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None,
        },
        "command": ["ridgecode", *sys.argv[1:]],
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit of the source tree that this package runs from, with `-modified` where the sources differ from it;
    None for an installed wheel."""
    package = Path(__file__).parents[1]

    def git(*arguments: str) -> str:
        answer = subprocess.run(["git", *arguments], cwd=package, capture_output=True, text=True, timeout=5, check=True)
        return answer.stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("-modified" if git("status", "--porcelain", "--", ".") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _cpu() -> str:
    """The processor's name from Linux's /proc/cpuinfo; elsewhere what Python knows of it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()
