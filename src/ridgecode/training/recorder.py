"""Writes a run's folder during training, and mirrors it to the tracker."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import pytorch_lightning as pl
import torch

from ridgecode.errors import BadInput
from ridgecode.runs.run_folder import RunFolder
from ridgecode.runs.tracking import Tracker
from ridgecode.training.budgeted import BudgetedTraining

LINE_SECONDS = 30.0
"""Seconds between the lines that a run prints without a progress bar."""


class Sheet(Protocol):
    """Pictures drawn during training. `state` goes into the checkpoint, `restore` takes it back."""

    def state(self) -> dict[str, Any]: ...

    def restore(self, state: dict[str, Any]) -> None: ...

    def update(self, module: BudgetedTraining, epoch: int, improved: bool, last: bool) -> None: ...


class Recorder(pl.Callback):
    """After each validated epoch writes a line of `metrics.jsonl`, the model if it is the best, and the checkpoint.

    A run killed between these writes repeats its last epoch from the checkpoint and writes the same files again. The
    checkpoint also holds the recorder's state: the best epoch, the seconds used, the sheet's pictures.

    monitor: the validation figure whose lowest value is best; save: writes the model file; rate: the name of the speed
    in the metrics; prints_lines: whether a line on stderr replaces the progress bar. `started`: whether the training
    has begun, and so a checkpoint, if any, was read.
    """

    def __init__(
        self,
        run: RunFolder,
        tracker: Tracker,
        monitor: str,
        save: Callable[[], None],
        sheet: Sheet | None = None,
        rate: str = "crops_per_second",
        prints_lines: bool = True,
    ) -> None:
        self.run, self.tracker, self.monitor, self.save = run, tracker, monitor, save
        self.sheet, self.rate, self.prints_lines = sheet, rate, prints_lines
        self.best, self.best_epoch, self.seconds = float("inf"), -1, 0.0
        self._line_time = self._epoch_start = float("-inf")
        self._per_second, self.started, self._ended = 0.0, False, False

    def state_dict(self) -> dict[str, Any]:
        sheet = self.sheet.state() if self.sheet else {}
        best = {"best": self.best, "best_epoch": self.best_epoch}
        return {**best, "seconds": self.seconds, "ended": self._ended, "sheet": sheet}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best, self.best_epoch = float(state_dict["best"]), int(state_dict["best_epoch"])
        self.seconds, self._ended = float(state_dict["seconds"]), bool(state_dict.get("ended", False))
        if self.sheet:
            self.sheet.restore(state_dict["sheet"])

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        _budgeted(pl_module).budget.stopwatch.before = self.seconds

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # A run killed after its last epoch had already been ended by early stopping or the clock.
        trainer.should_stop = trainer.should_stop or self._ended

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not self.started and trainer.is_global_zero:
            # Not in on_fit_start, where Lightning has not restored a resumed run's epoch yet.
            self.run.write_metrics(self.run.metrics_before(trainer.current_epoch))
        self.started = True
        self._epoch_start = time.monotonic()

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Before validation, so that the speed is of training alone.
        module = _budgeted(pl_module)
        self._per_second = module.items / max(1e-9, time.monotonic() - self._epoch_start)
        module.items = 0

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        module = _budgeted(pl_module)
        epoch, validated = trainer.current_epoch, module.validated
        self.seconds = module.budget.stopwatch.seconds()
        if not math.isfinite(validated[self.monitor]):
            if self.best_epoch < 0:
                what = "not a number" if math.isnan(validated[self.monitor]) else "infinite"
                raise BadInput(f"{self.monitor} is {what} after epoch {epoch}: lower --learning_rate")
            # The weights are no numbers any more, so no later epoch can be better.
            trainer.should_stop = True
        improved = validated[self.monitor] < self.best
        if improved:
            self.best, self.best_epoch = validated[self.monitor], epoch
        if trainer.is_global_zero:
            row = {
                "epoch": epoch,
                "step": trainer.global_step,
                "seconds": round(self.seconds, 3),
                **module.train_means(),
                **validated,
                "learning_rate": trainer.optimizers[0].param_groups[0]["lr"],
                self.rate: round(self._per_second, 1),
            }
            self.run.append_metrics(row)
            self.tracker.log({name: value for name, value in row.items() if name != "epoch"}, step=epoch)
            if improved:
                with evaluating(module):
                    self.save()
            if self.sheet:
                last = trainer.should_stop or epoch + 1 == trainer.max_epochs
                with evaluating(module):
                    self.sheet.update(module, epoch, improved, last)
            self._print_line(epoch, validated)
        self._ended = trainer.should_stop
        trainer.save_checkpoint(self.run.checkpoint)  # in all processes: a sharded strategy gathers its weights here

    def best_figures(self) -> dict[str, Any]:
        """The best epoch's line of `metrics.jsonl`; {} before the first."""
        rows = self.run.metrics_before(self.best_epoch + 1)
        return rows[-1] if rows else {}

    def _print_line(self, epoch: int, validated: dict[str, float]) -> None:
        if not self.prints_lines or time.monotonic() - self._line_time < LINE_SECONDS:
            return
        self._line_time = time.monotonic()
        figure = "val_mse" if "val_mse" in validated else self.monitor
        line = f"epoch {epoch}: {figure} {validated[figure]:.5f}, {self._per_second:.0f}/s, {self.seconds:.0f} s"
        print(line, file=sys.stderr, flush=True)


@contextmanager
def evaluating(module: pl.LightningModule) -> Iterator[None]:
    """Within the block, the module is in evaluation mode and no gradients are computed."""
    was_training = module.training
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        module.train(was_training)


def _budgeted(module: pl.LightningModule) -> BudgetedTraining:
    assert isinstance(module, BudgetedTraining)
    return module
