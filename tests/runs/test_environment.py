"""Versions, commit and machine against git, torch and the system."""

import json
import subprocess
from pathlib import Path

import torch

from ridgecode.runs.environment import environment


def test_environment_names_this_commit_and_machine() -> None:
    about = environment()
    root = Path(__file__).parents[2]
    git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=False)
    assert about["commit"].removesuffix("-modified") == (git.stdout.strip() or None)
    assert about["machine"]["threads"] == torch.get_num_threads()
    json.dumps(about)
