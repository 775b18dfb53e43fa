"""What the tests of sweeps share: a stand-in for `ridgecode`, and sweeps that run it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from ridgecode.sweep.file import SweepFile, read_sweep_file
from ridgecode.sweep.run import SweepResult, run_sweep


def wait_until(ready: Callable[[], Any], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class Lab:
    """A folder with a store, and sweeps of the stand-in fake_ridgecode.py in it."""

    FAKE = (sys.executable, str(Path(__file__).parent / "fake_ridgecode.py"))

    def __init__(self, folder: Path) -> None:
        self.folder, self.out, self.store = folder, folder / "out", folder / "store"
        self.store.mkdir()
        (self.store / "store.json").write_text('{"digest": "abc"}')
        self._started: list[subprocess.Popen[bytes]] = []

    def sweep(self, file: Path, out: Path | None = None, **settings: Any) -> tuple[SweepResult, str]:
        """Runs the sweep; returns its result and what it told."""
        settings = {"report": False, "program": self.FAKE} | settings
        with (self.folder / "told.txt").open("w+") as told:
            console = Console(file=told, width=200)
            result = run_sweep(file, self.store, out or self.out, console=console, **settings)
            told.seek(0)
            return result, told.read()

    def start(self, file: Path, jobs: int = 1) -> subprocess.Popen[bytes]:
        """The sweep in a process of its own, to be killed."""
        code = "import sys; from ridgecode.sweep.run import run_sweep as r; f, d, o, j, *p = sys.argv[1:]; "
        code += "r(f, d, o, int(j), report=False, program=p)"
        paths = (str(file), str(self.store), str(self.out), str(jobs))
        sweep = subprocess.Popen([sys.executable, "-c", code, *paths, *self.FAKE])
        self._started.append(sweep)
        return sweep

    def starts(self) -> dict[str, list[dict[str, Any]]]:
        """What each trial's stand-in noted at its starts and ends."""
        files = sorted(self.out.glob("runs/*/starts.jsonl"))
        return {file.parent.name: [json.loads(line) for line in file.read_text().splitlines()] for file in files}

    def trials(self) -> list[dict[str, Any]]:
        """The trials in trials.json."""
        return json.loads((self.out / "trials.json").read_text())["trials"]

    def end(self) -> None:
        while self._started:
            sweep = self._started.pop()
            sweep.kill()
            sweep.wait()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A test that fails before it kills its sweep must not disturb the next."""
    lab = Lab(tmp_path)
    yield lab
    lab.end()


@pytest.fixture(name="wait_until")
def _wait_until() -> Callable[..., None]:
    return wait_until


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Whether the process of a number runs."""

    def alive(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").exists() else True

    return alive


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes a sweep file: a grid of two latent sizes with flip true and false, with the given keys in place of its."""

    def written(name: str = "sizes.yaml", **changes: Any) -> Path:
        content = {
            "command": ["ridgecode", "train-autoencoder", "${args}"],
            "method": "grid",
            "metric": {"name": "val_mse", "goal": "minimize"},
            "parameters": {
                "latent_dim": {"values": [8, 16]},
                "flip": {"values": [True, False]},
                "backbone": {"value": "ridge"},
            },
        }
        path = tmp_path / name
        path.write_text(yaml.safe_dump(content | changes, sort_keys=False))
        return path

    return written


@pytest.fixture
def sweep_of(written: Callable[..., Path]) -> Callable[..., SweepFile]:
    """The same, written and read."""
    return lambda **changes: read_sweep_file(written(**changes))
