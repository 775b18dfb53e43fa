"""Checkpoints that lie in the run's folder whole or not at all."""

from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import CheckpointIO

from ridgecode.files import whole_file


class WholeCheckpoints(CheckpointIO):
    """Writes a checkpoint with `whole_file`, and reads it as a plain file.

    Lightning's own way goes through fsspec, which writes to the system's folder for temporary files first, another disk
    than the run's, and takes a path such as `a::b` for an address.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Raises OSError with the checkpoint's name where it can't be written."""
        # An open file, since `torch.save` puts the name of a path into the file.
        with whole_file(path) as temporary, temporary.open("wb") as file:
            torch.save(checkpoint, file)

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: bool | None = True) -> dict[str, Any]:
        # On the CPU first, as Lightning does: the module may lie on another device than the one it was saved from.
        content: dict[str, Any] = torch.load(path, map_location=map_location or "cpu", weights_only=weights_only)
        return content

    def remove_checkpoint(self, path: Any) -> None:
        Path(path).unlink(missing_ok=True)
