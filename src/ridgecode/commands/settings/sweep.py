"""The settings of `ridgecode sweep`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ridgecode.runs.default_folders import default_data


@dataclass(frozen=True)
class Sweep:
    """Runs a sweep file here, with no account. The same command again goes on where a stopped sweep was.

    Args:
        file: sweep file, such as sweeps/latent_dim_mse.yaml
        data: prepared store (default: the environment variable RIDGECODE_DATA, else ./store)
        out: folder of the sweep (default: runs/ with the file's name)
        jobs: trials at once; processor cores and GPUs are shared out among them
        device: cpu, cuda, or auto: a GPU where there is one
        max_runs: trials at most; 0 for the file's run_cap, or a whole grid
    """

    file: Path
    data: Path = field(default_factory=default_data)
    out: Path | None = None
    jobs: int = 1
    device: Literal["auto", "cpu", "cuda"] = "auto"
    max_runs: int = 0
