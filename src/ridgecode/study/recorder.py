"""Writes an autoencoder run's folder while Lightning trains, and mirrors it to the tracker."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor

from ridgecode.autoencoders.saved import latent_scale, save_autoencoder
from ridgecode.study.autoencoder_training import AutoencoderTraining, PrintWindows, windows
from ridgecode.study.run_folder import RunFolder
from ridgecode.study.sheets import TRUTH, reconstruction_sheet
from ridgecode.study.tracking import Tracker

SHEET_PRINTS = 8
SHEET_SECONDS = 30.0
LINE_SECONDS = 30.0
SCALE_PRINTS = 1024


class Recorder(pl.Callback):
    """After each validated epoch: a line of `metrics.jsonl`, the best model, the last checkpoint, in that order.

    A run killed between two of them trains its last epoch again from the checkpoint and writes the same again. Its own
    state (the best epoch, the sheet's columns, the seconds used) travels in the checkpoint.
    """

    def __init__(self, run: RunFolder, tracker: Tracker, chatty: bool = True) -> None:
        self.run, self.tracker, self.chatty = run, tracker, chatty
        self.best, self.best_epoch = float("inf"), -1
        self.sheet: dict[str, np.ndarray] = {}
        self._sheet_time = self._line_time = self._epoch_start = float("-inf")

    def state_dict(self) -> dict[str, Any]:
        return {
            "best": self.best,
            "best_epoch": self.best_epoch,
            "seconds": self.seconds,
            "sheet": {name: torch.from_numpy(images) for name, images in self.sheet.items()},
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best, self.best_epoch = float(state_dict["best"]), int(state_dict["best_epoch"])
        self.seconds = float(state_dict["seconds"])
        self.sheet = {name: images.numpy() for name, images in state_dict["sheet"].items()}

    seconds = 0.0

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        module = _training(pl_module)
        module.budget.stopwatch.before = self.seconds
        if trainer.is_global_zero:
            self.run.write_metrics(self.run.metrics_before(trainer.current_epoch))

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._epoch_start = time.monotonic()

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Before validation, so that crops per second count training alone.
        module = _training(pl_module)
        self._rate = module.crops / max(1e-9, time.monotonic() - self._epoch_start)
        module.crops = 0

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        module = _training(pl_module)
        epoch, validated = trainer.current_epoch, module.validated
        self.seconds = module.budget.stopwatch.seconds()
        if trainer.is_global_zero:
            row = {
                "epoch": epoch,
                "step": trainer.global_step,
                "seconds": round(self.seconds, 3),
                **module.train_means(),
                **validated,
                "learning_rate": trainer.optimizers[0].param_groups[0]["lr"],
                "crops_per_second": round(self._rate, 1),
            }
            self.run.append_metrics(row)
            self.tracker.log({name: value for name, value in row.items() if name != "epoch"}, step=epoch)
        improved = validated["val_loss"] < self.best
        if improved:
            self.best, self.best_epoch = validated["val_loss"], epoch
        if trainer.is_global_zero:
            self._draw(trainer, module, improved)
            if improved:
                self._save_model(trainer, module)
            self._say(epoch, validated)
        # Every process takes part: a sharded strategy gathers its parts here.
        trainer.save_checkpoint(self.run.checkpoint)

    def _save_model(self, trainer: pl.Trainer, module: AutoencoderTraining) -> None:
        data = _data(trainer)
        prints = data.train_prints[:SCALE_PRINTS]
        with _evaluating(module):
            z = torch.cat([module.net.encode(x.to(module.device)) for x in windows(prints, module.spec).split(256)])
        save_autoencoder(self.run.model, module.net, module.spec, *latent_scale(z.float().cpu()))

    def _draw(self, trainer: pl.Trainer, module: AutoencoderTraining, improved: bool) -> None:
        """Keeps what the first, the best and the last epoch make of a few prints, and draws them beside the truth."""
        truth = _data(trainer).val_windows[:SHEET_PRINTS]
        with _evaluating(module):
            x_hat = module.net.decode(module.net.encode(truth.to(module.device)))
        images = (x_hat.float().cpu()[:, 0] * 255).round().to(torch.uint8).numpy()
        epoch = trainer.current_epoch
        self.sheet.setdefault("first", images)
        self.sheet["last"] = images
        if improved:
            self.sheet["best"] = images
        if time.monotonic() - self._sheet_time < SHEET_SECONDS and not trainer.should_stop:
            return
        self.draw_sheet(truth, epoch)

    def draw_sheet(self, truth: Tensor, epoch: int) -> Path:
        """Writes `sheets/training.png` and shows it to the tracker."""
        path = self.run.sheets / "training.png"
        columns = {
            "first epoch": self.sheet["first"],
            f"best, epoch {self.best_epoch}": self.sheet["best"],
            f"last, epoch {epoch}": self.sheet["last"],
            TRUTH: (truth[:, 0] * 255).round().to(torch.uint8).numpy(),
        }
        reconstruction_sheet(columns, path, title="Validation prints during training")
        self.tracker.log_image("reconstruction_sheet", path, "first, best and last epoch, truth", step=epoch)
        self._sheet_time = time.monotonic()
        return path

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.is_global_zero and self.sheet:
            self.draw_sheet(_data(trainer).val_windows[:SHEET_PRINTS], trainer.current_epoch - 1)

    def _say(self, epoch: int, validated: dict[str, float]) -> None:
        """One line now and then where no progress bar can be drawn."""
        if not self.chatty or time.monotonic() - self._line_time < LINE_SECONDS:
            return
        self._line_time = time.monotonic()
        print(
            f"epoch {epoch}: val_mse {validated['val_mse']:.5f}, {self._rate:.0f} crops/s, {self.seconds:.0f} s",
            file=sys.stderr,
            flush=True,
        )


@contextmanager
def _evaluating(module: pl.LightningModule) -> Iterator[None]:
    """No gradients, and the module in evaluation mode for the length of the block."""
    was_training = module.training
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        module.train(was_training)


def _training(module: pl.LightningModule) -> AutoencoderTraining:
    assert isinstance(module, AutoencoderTraining)
    return module


def _data(trainer: pl.Trainer) -> PrintWindows:
    data = trainer.datamodule  # type: ignore[attr-defined]
    assert isinstance(data, PrintWindows)
    return data
