"""Runs a training with Lightning: devices, precision, progress, resumption. No other file makes a Trainer."""

import logging
import sys
import warnings
from collections.abc import Sequence

import pytorch_lightning as pl
from pytorch_lightning.callbacks import EarlyStopping, RichProgressBar
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from ridgecode.errors import BadInput
from ridgecode.runs.hardware import Hardware
from ridgecode.runs.run_folder import RunFolder
from ridgecode.training.budgeted import BudgetedTraining
from ridgecode.training.recorder import Recorder


def fit(
    run: RunFolder,
    module: BudgetedTraining,
    data: pl.LightningDataModule,
    recorder: Recorder,
    hardware: Hardware,
    max_epochs: int,
    patience: int = 0,
    more_callbacks: Sequence[pl.Callback] = (),
) -> float:
    """Trains to the end of the budget, from the run's last checkpoint if there is one; returns the seconds used.

    patience: epochs without a lower monitored figure before training ends; 0 for no such end. Raises KeyboardInterrupt
    if the user stops the training, and BadInput for a strategy that Lightning does not know or a checkpoint that can't
    be read.
    """
    bar = sys.stderr.isatty()
    recorder.prints_lines = not bar
    callbacks: list[pl.Callback] = [*more_callbacks, recorder]
    if patience:
        # It counts an epoch at the end of validation, before the recorder writes the checkpoint, which holds its count.
        stopping = EarlyStopping(recorder.monitor, patience=patience, min_delta=0.0, check_on_train_epoch_end=False)
        callbacks.append(stopping)
    if bar:
        callbacks.append(RichProgressBar())
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        # Lightning advises worker processes for loaders; these loaders read from memory.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        # Lightning 2.6 calls a torch function that torch 2.13 deprecates.
        warnings.filterwarnings("ignore", message=".*isinstance\\(treespec, LeafSpec\\).*")
        # Every process validates on all prints, so there is nothing to reduce.
        warnings.filterwarnings("ignore", message=".*sync_dist=True.*")
        trainer = _trainer(run, hardware, max_epochs, callbacks, bar)
        data.trainer = trainer
        module.budget.total_steps = max_epochs * len(data.train_dataloader())
        checkpoint = run.checkpoint if run.checkpoint.is_file() else None
        try:
            trainer.fit(module, datamodule=data, ckpt_path=checkpoint, weights_only=True)
        except SystemExit:
            # Lightning exits at Ctrl-C; the command line handles KeyboardInterrupt itself.
            if trainer.interrupted:
                raise KeyboardInterrupt from None
            raise
        except Exception as error:  # torch and Lightning raise many kinds for a damaged file
            if checkpoint is None or recorder.started:
                raise
            raise BadInput(
                f"{checkpoint} can't be resumed ({type(error).__name__}); delete the run's folder and train again"
            ) from error
    return module.budget.stopwatch.seconds()


def _trainer(
    run: RunFolder, hardware: Hardware, max_epochs: int, callbacks: list[pl.Callback], progress_bar: bool
) -> pl.Trainer:
    """Raises BadInput for a strategy that Lightning does not know, or not for these devices."""
    try:
        return pl.Trainer(
            accelerator="gpu" if hardware.gpu else "cpu",
            devices=hardware.devices,
            num_nodes=hardware.num_nodes,
            strategy=hardware.strategy,
            precision=hardware.lightning_precision,
            max_epochs=max_epochs,
            callbacks=callbacks,
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=progress_bar,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
            default_root_dir=run.path,
        )
    except (ValueError, MisconfigurationException) as error:
        reason = str(error).split(". ")[0]
        other = "" if hardware.strategy in ("auto", "ddp") else "; try auto or ddp"
        raise BadInput(f"--strategy {hardware.strategy} with --devices {hardware.devices}: {reason}{other}") from error
