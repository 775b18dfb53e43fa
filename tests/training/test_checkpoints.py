"""Checkpoints in folders whose names are addresses to others, and on disks without room."""

import json
from pathlib import Path

import pytest
import torch

from ridgecode.commands.cli import main
from ridgecode.training.checkpoints import WholeCheckpoints
from support.full_disk import largest_file
from support.quick_trainings import metrics, training


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    path, content = tmp_path / "a::b [x]" / "last.ckpt", {"epoch": 3, "w": torch.arange(5.0)}
    io = WholeCheckpoints()
    io.save_checkpoint(content, path)
    found = io.load_checkpoint(path)
    assert found["epoch"] == 3 and torch.equal(found["w"], content["w"])
    assert [one.name for one in path.parent.iterdir()] == ["last.ckpt"]
    other = tmp_path / "other.ckpt"
    io.save_checkpoint(content, other)
    assert other.read_bytes() == path.read_bytes()  # the temporary file's name is not in it
    io.remove_checkpoint(path)
    io.remove_checkpoint(path)
    assert not path.exists()


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    path, io = tmp_path / "last.ckpt", WholeCheckpoints()
    io.save_checkpoint({"epoch": 1}, path)
    with largest_file(2000), pytest.raises(OSError, match="File too large") as found:
        io.save_checkpoint({"w": torch.zeros(1000)}, path)
    assert found.value.filename == str(path)
    assert io.load_checkpoint(path) == {"epoch": 1}
    assert [one.name for one in tmp_path.iterdir()] == ["last.ckpt"]


def test_a_run_in_a_folder_with_such_a_name_is_resumed(matching_store: Path, tmp_path: Path) -> None:
    run = tmp_path / "a [b] {c} %d ::x" / "run"
    command = training(matching_store, run, backbone="ridge", latent_dim=8, width=8)
    assert main(command) == 0
    about = json.loads((run / "environment.json").read_text())
    (run / "environment.json").write_text(json.dumps(about | {"finished": False}))
    (run / ".last.ckpt").touch()
    rows = metrics(run)
    assert main(command) == 0
    assert metrics(run) == rows  # nothing was trained again
    assert json.loads((run / "environment.json").read_text())["finished"] is True
