"""A trial's process: it is ended before another works on the same trial, and says how it ended."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ridgecode.sweep.process import TrialProcess


def test_a_trial_that_outlived_its_sweep_is_ended_before_it_is_started_again(
    tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    """As where the kernel can't end it, or it takes its time to end: the lock lasts as long as the process."""
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
    )
    log, lock = tmp_path / "a.log", tmp_path / "a.lock"
    old = TrialProcess([sys.executable, "-c", stubborn], log, lock, os.environ)
    wait_until(lambda: "here" in log.read_text().splitlines())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ridgecode.sweep.process.GRACE_SECONDS", 0.2)
        new = TrialProcess([sys.executable, "-c", "print('new')"], log, lock, os.environ)
    wait_until(lambda: new.exit_code is not None)
    assert old.exit_code == -signal.SIGKILL and old.last_sentence() == "it was ended by SIGKILL"
    assert new.exit_code == 0 and new.last_sentence() == "new"


def test_a_trial_where_there_are_no_locks_between_processes(
    tmp_path: Path, wait_until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, which has no fcntl, no process groups and no handles to pass on."""
    monkeypatch.setattr("ridgecode.sweep.process.fcntl", None)
    for name in ("killpg", "pwrite", "pread"):
        monkeypatch.delattr(os, name)
    trial = TrialProcess([sys.executable, "-c", "print('new')"], tmp_path / "a.log", tmp_path / "a.lock", os.environ)
    wait_until(lambda: trial.exit_code is not None)
    assert trial.exit_code == 0 and trial.last_sentence() == "new"
    slow = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]
    trial = TrialProcess(slow, tmp_path / "b.log", tmp_path / "b.lock", os.environ)
    wait_until(lambda: "here" in (tmp_path / "b.log").read_text().splitlines())
    trial.kill()
    assert trial.exit_code is not None
    assert not (tmp_path / "a.lock").exists()
