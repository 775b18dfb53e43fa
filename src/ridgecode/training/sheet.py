"""The reconstruction sheet drawn during an autoencoder's training."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.figures.sheets import TRUTH, reconstruction_sheet
from ridgecode.runs.run_folder import RunFolder
from ridgecode.runs.tracking import Tracker
from ridgecode.training.budgeted import BudgetedTraining

SECONDS_BETWEEN = 30.0
"""Seconds between two drawings; the first and the last epoch are always drawn."""
Reconstruct = Callable[[Tensor], Tensor]
"""(N, 1, H, W) windows in [0, 1] -> reconstructions of the same shape."""


class TrainingSheet:
    """`sheets/training.png`: a few prints as the first, the best and the last epoch reconstruct them, and the truth.

    truth: (N, 1, H, W) validation windows in [0, 1]; altered: their altered versions, if these are the network's input;
    they are the first column.
    """

    def __init__(
        self, run: RunFolder, tracker: Tracker, reconstruct: Reconstruct, truth: Tensor, altered: Tensor | None = None
    ) -> None:
        self.run, self.tracker, self.reconstruct = run, tracker, reconstruct
        self.truth, self.altered = truth, altered
        self.images: dict[str, NDArray[np.uint8]] = {}
        self.best_epoch = 0
        self._drawn = float("-inf")

    def state(self) -> dict[str, Any]:
        images = {name: torch.from_numpy(images) for name, images in self.images.items()}
        return {"images": images, "best_epoch": self.best_epoch}

    def restore(self, state: dict[str, Any]) -> None:
        self.images = {name: images.numpy() for name, images in state["images"].items()}
        self.best_epoch = int(state["best_epoch"])

    def update(self, module: BudgetedTraining, epoch: int, improved: bool, last: bool) -> None:
        """Keeps this epoch's reconstructions; draws the sheet after 30 s or if the epoch is the `last`."""
        x = self.truth if self.altered is None else self.altered
        reconstructions = _uint8(self.reconstruct(x.to(module.device)).float().cpu())
        self.images.setdefault("first", reconstructions)
        self.images["last"] = reconstructions
        if improved:
            self.images["best"], self.best_epoch = reconstructions, epoch
        if not last and time.monotonic() - self._drawn < SECONDS_BETWEEN:
            return
        self._drawn = time.monotonic()
        path = self.run.sheets / "training.png"
        columns = {
            **({} if self.altered is None else {"altered": _uint8(self.altered)}),
            "first epoch": self.images["first"],
            f"best, epoch {self.best_epoch}": self.images["best"],
            f"last, epoch {epoch}": self.images["last"],
            TRUTH: _uint8(self.truth),
        }
        reconstruction_sheet(columns, path, title="Validation prints during training")
        self.tracker.log_image("reconstruction_sheet", path, "first, best and last epoch, truth", step=epoch)


def _uint8(windows: Tensor) -> NDArray[np.uint8]:
    return (windows[:, 0] * 255).round().to(torch.uint8).numpy()
