"""Results that could not be written are refused before the work."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ridgecode.commands.places import check_places


@pytest.fixture
def read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that can't be written, for root as well, as on a disk that is mounted read-only."""
    folder = tmp_path / "shared"
    folder.mkdir()
    real = os.access

    def access(path: os.PathLike[str] | str, mode: int, **named: bool) -> bool:
        inside = Path(path).is_relative_to(folder)
        return real(path, mode, **named) and not (inside and mode & os.W_OK)

    monkeypatch.setattr(os, "access", access)
    return folder


def test_each_verb_that_writes_into_a_read_only_place(read_only: Path, refused: Callable[..., str]) -> None:
    new = read_only / "new" / "x"
    for command in (
        ["encode", "store", "--model=ridge-crop32-8", f"--out={new}"],
        ["decode", "x.ridge", f"--out={new}"],
        ["synthesise", "--subjects=1", "--impressions=1", f"--out={new}"],
        ["report", "runs", f"--out={new}"],
        ["sweep", "sweeps/a.yaml", f"--out={new}"],
        ["demo", f"--out={new}"],
        ["models", "export", "ridge-crop32-8", f"--out={new}"],
        ["models", "keep", "run", "--name=a", f"--out={new}"],
        ["models", "fit-codec", "ridge-crop32-8", "--data=store", f"--out={new}"],
        ["evaluate", "--run=ridge-crop32-8", f"--out={new}"],
        ["evaluate-codec", "--codec=jpeg", f"--out={new}"],
    ):
        assert f"--out {new} can't be written: {read_only} is read-only for you; give another --out" in refused(
            *command
        )
    for command in (
        ["train-autoencoder", f"--run_dir={new}"],
        ["train-head", f"--run_dir={new}"],
        ["train-siamese", "--system=l1", f"--run_dir={new}"],
    ):
        assert f"--run_dir {new} can't be written: {read_only} is read-only" in refused(*command)
    assert list(read_only.iterdir()) == []


def test_a_run_in_a_read_only_place_can_be_evaluated_elsewhere(read_only: Path, refused: Callable[..., str]) -> None:
    assert "name another place for the figures with --out" in refused("evaluate", f"--run={read_only}")
    check_places("evaluate", {"run": read_only, "out": read_only.parent / "x.json"})
    check_places("verify", {"run": read_only})
    check_places("prepare", {"out": read_only / "store"})  # may be finished


def test_a_file_where_a_folder_is_wanted(tmp_path: Path, refused: Callable[..., str]) -> None:
    (tmp_path / "file").touch()
    command = ["synthesise", "--subjects=1", "--impressions=1", f"--out={tmp_path / 'file' / 'x'}"]
    assert f"{tmp_path / 'file'} is no folder; give another --out" in refused(*command)
    assert "is a file; give a folder" in refused("sweep", "sweeps/latent_dim_mse.yaml", f"--out={tmp_path / 'file'}")
