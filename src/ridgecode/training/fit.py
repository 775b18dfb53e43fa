"""Runs a training with Lightning: devices, precision, progress, resumption. No other file makes a Trainer."""

import logging
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping, RichProgressBar
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from ridgecode.errors import BadInput, is_out_of_memory
from ridgecode.runs.hardware import Hardware
from ridgecode.runs.run_folder import RunFolder
from ridgecode.training.budgeted import BudgetedTraining
from ridgecode.training.checkpoints import WholeCheckpoints
from ridgecode.training.machines import WaitingForMachines, check_addresses, cluster_plugins
from ridgecode.training.recorder import Recorder

USUAL_STRATEGIES = ("auto", "ddp")
"""Those that a refusal of another one names."""


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
    waiting = WaitingForMachines()
    callbacks: list[pl.Callback] = [waiting, *more_callbacks, recorder]
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
        waiting.announce(trainer, hardware)
        try:
            trainer.fit(module, datamodule=data, ckpt_path=checkpoint, weights_only=True)
        except SystemExit:
            # Lightning exits at Ctrl-C and SIGTERM; the command line handles KeyboardInterrupt itself.
            if trainer.interrupted or trainer.received_sigterm:
                raise KeyboardInterrupt from None
            raise
        except Exception as error:
            refusal = _refusal(error, recorder.started, checkpoint, hardware)
            if refusal is None:
                raise
            raise BadInput(refusal) from error
    return module.budget.stopwatch.seconds()


def _refusal(error: Exception, started: bool, checkpoint: Path | None, hardware: Hardware) -> str | None:
    """The sentence for an error that a checkpoint or a strategy causes, which raise many kinds; None for others.
    started: whether the training had begun."""
    if isinstance(error, (BadInput, OSError)) or is_out_of_memory(error):
        return None
    first_line = (str(error).splitlines() or [type(error).__name__])[0]
    if isinstance(error, getattr(torch.distributed, "DistError", ())):  # not in every build of torch
        return (
            f"--devices {hardware.devices} --num_nodes {hardware.num_nodes}: the processes do not reach each other "
            f"({first_line}); see that all run, and that MASTER_ADDR and MASTER_PORT are of the first one's machine"
        )
    if started:
        return None
    if checkpoint is not None:
        return f"{checkpoint} can't be resumed ({type(error).__name__}); delete the run's folder and train again"
    if hardware.strategy in USUAL_STRATEGIES and hardware.devices * hardware.num_nodes == 1:
        return None
    return _unfit(hardware, first_line)


def _trainer(
    run: RunFolder, hardware: Hardware, max_epochs: int, callbacks: list[pl.Callback], progress_bar: bool
) -> pl.Trainer:
    """Raises BadInput for a strategy that Lightning does not know, or not for these devices, and for a cluster that has
    started other processes than the devices need."""
    check_addresses(hardware)
    try:
        return pl.Trainer(
            accelerator="gpu" if hardware.gpu else "cpu",
            devices=hardware.devices,
            num_nodes=hardware.num_nodes,
            strategy=hardware.strategy,
            precision=hardware.lightning_precision,
            max_epochs=max_epochs,
            callbacks=callbacks,
            plugins=[WholeCheckpoints(), *cluster_plugins(hardware)],
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=progress_bar,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
            default_root_dir=run.path,
        )
    # Lightning's checks of its arguments, and of a cluster's variables.
    except (ValueError, RuntimeError, TypeError, LookupError, ImportError, MisconfigurationException) as error:
        raise BadInput(_unfit(hardware, str(error))) from error


def _unfit(hardware: Hardware, reason: str) -> str:
    """The sentence for processes or a strategy that Lightning refuses, or that can't begin."""
    reason = " ".join(reason.split()).split(". ")[0].rstrip(".")
    if "SLURM" in reason:
        return (
            f"--devices {hardware.devices} --num_nodes {hardware.num_nodes} do not fit the SLURM job ({reason}); start "
            f"it by srun --nodes={hardware.num_nodes} --ntasks-per-node={hardware.devices}, or leave both out"
        )
    other = "" if hardware.strategy in USUAL_STRATEGIES else "; try auto or ddp"
    return f"--strategy {hardware.strategy} with --devices {hardware.devices}: {reason}{other}"
