"""Watches a Siamese training for collapse, and reports one on stderr, in the run's folder and to the tracker."""

import math
import sys
from contextlib import AbstractContextManager
from typing import Any

import pytorch_lightning as pl
from torch import Tensor, nn

from ridgecode.runs.run_folder import RunFolder
from ridgecode.runs.tracking import Tracker
from ridgecode.training.budgeted import BudgetedTraining
from ridgecode.training.collapse import CollapseWatch, Health, counting_dead_units, dead_share, embedding_spread


class CollapseCallback(pl.Callback):
    """Measures each epoch's health on validation images, and adds it to the epoch's figures.

    net: the Siamese network; floor: the constant floor of its training loss; stop: whether a collapse ends the run. The
    module's `val_probes` are embeddings (N, D) of the images of its last validation.
    """

    def __init__(self, run: RunFolder, tracker: Tracker, net: nn.Module, floor: float, stop: bool) -> None:
        self.run, self.tracker, self.net, self.stop = run, tracker, net, stop
        self.watch = CollapseWatch(floor)
        self._alive: dict[str, Tensor] = {}
        self._last: tuple[Health, float] | None = None  # of the last validation, with its loss
        self._counting: AbstractContextManager[dict[str, Tensor]] | None = None

    def state_dict(self) -> dict[str, Any]:
        return self.watch.state()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.watch.restore(state_dict)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._counting = counting_dead_units(self.net)
        self._alive = self._counting.__enter__()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._counting is not None:
            self._counting.__exit__(None, None, None)
            self._counting = None
        assert isinstance(pl_module, BudgetedTraining)
        embeddings = pl_module.val_probes
        assert isinstance(embeddings, Tensor)
        train_loss, floor = pl_module.mean_train_loss(), self.watch.floor
        health = Health(train_loss / floor if floor else 0.0, dead_share(self._alive), embedding_spread(embeddings))
        val_loss = pl_module.validated.get("val_loss", train_loss)
        self._last = health, train_loss if math.isnan(train_loss) else max(train_loss, val_loss)
        pl_module.validated |= {f"health_{name}": value for name, value in health._asdict().items()}
        if self.watch.update(health, trainer.global_step):
            self._report(trainer.current_epoch)
        if self.watch.sentence and self.stop:
            trainer.should_stop = True

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._last is not None and self.watch.last_look(*self._last):
            report_collapse(self.run, self.tracker, trainer.current_epoch - 1, self.watch.sentence)

    def _report(self, epoch: int) -> None:
        end = "; it ends here" if self.stop else "; --stop_on_collapse would have ended it"
        report_collapse(self.run, self.tracker, epoch, self.watch.sentence, end)


def report_collapse(run: RunFolder, tracker: Tracker, epoch: int, sentence: str, end: str = "") -> None:
    """Reports on stderr, in the run's folder and to the tracker that a run has collapsed or diverged."""
    print(f"ridgecode: {run.path}: after epoch {epoch} {sentence}{end}", file=sys.stderr, flush=True)
    run.write_environment({"collapsed": sentence, "collapsed_epoch": epoch})
    tracker.alert("The run has collapsed", sentence)
    tracker.summary({"collapsed": sentence, "collapsed_epoch": epoch})
