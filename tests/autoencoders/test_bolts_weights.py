"""Files that are no checkpoints of a bolts autoencoder; test_resnet.py loads those of one."""

from pathlib import Path

import pytest
import torch

from ridgecode.autoencoders.bolts_weights import load_bolts_checkpoint
from ridgecode.errors import BadInput


def test_foreign_and_damaged_checkpoints(tmp_path: Path) -> None:
    foreign, damaged, code = tmp_path / "a.ckpt", tmp_path / "b.ckpt", tmp_path / "c.ckpt"
    torch.save({"state_dict": {"weight": torch.zeros(1)}}, foreign)
    damaged.write_bytes(b"PK\x03\x04 not a checkpoint")
    torch.save({"state_dict": {"weight": Path("a path is an object")}}, code)
    for path in (foreign, damaged, code, tmp_path / "missing.ckpt"):
        with pytest.raises(BadInput, match=path.name):
            load_bolts_checkpoint(path)
