"""The folders that verbs use where no flag names one."""

from pathlib import Path

import pytest

from ridgecode.runs.default_folders import default_data, default_run_dir


def test_default_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RIDGECODE_DATA", raising=False)
    assert default_data() == Path("store")
    monkeypatch.setenv("RIDGECODE_DATA", "/elsewhere/prints")
    assert default_data() == Path("/elsewhere/prints")


def test_default_run_dir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_RUN_ID", raising=False)
    assert default_run_dir("ridge", 8, "bce+l1") == Path("runs/ridge-8-bce_l1")
    monkeypatch.setenv("WANDB_RUN_ID", "a1b2")
    assert default_run_dir("ridge", 8) == Path("runs/a1b2")
