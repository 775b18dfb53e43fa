"""Runs a training on Lightning: devices, precision, progress, resumption. The one place that makes a Trainer."""

import logging
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping, RichProgressBar
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from ridgecode.errors import BadInput
from ridgecode.study.budgeted_training import BudgetedTraining
from ridgecode.study.recorder import Recorder
from ridgecode.study.run_folder import RunFolder


@dataclass(frozen=True)
class Hardware:
    """Where a training runs. device: auto, cpu or cuda; devices: processes or GPUs on each of `num_nodes` machines;
    strategy: Lightning's name; precision: auto, 32 or bf16."""

    device: str = "auto"
    devices: int = 1
    strategy: str = "auto"
    num_nodes: int = 1
    precision: str = "auto"

    @property
    def gpu(self) -> bool:
        return self.device == "cuda" or (self.device == "auto" and torch.cuda.is_available())

    @property
    def lightning_precision(self) -> Literal["bf16-mixed", "32-true"]:
        """bf16 where it is asked for, or where `auto` is and the processor multiplies bf16 matrices in tiles."""
        if self.precision == "auto":
            # AVX-512's bf16 instructions alone make a training slower than float32 (benchmarks/autoencoders.py).
            fast = torch.cuda.is_bf16_supported(including_emulation=False) if self.gpu else _has_matrix_tiles()
            return "bf16-mixed" if fast else "32-true"
        return "bf16-mixed" if self.precision == "bf16" else "32-true"

    def check(self) -> None:
        """Raises BadInput for devices that are not there."""
        for name in ("devices", "num_nodes"):
            if getattr(self, name) < 1:
                raise BadInput(f"--{name} is {getattr(self, name)}; give 1 or more")
        if self.device == "cuda" and not torch.cuda.is_available():
            raise BadInput("--device cuda: torch finds no GPU here; give --device cpu or auto")


def _has_matrix_tiles() -> bool:
    """Whether the processor has AMX, and a torch that uses it."""
    asked = getattr(torch.cpu, "_is_amx_tile_supported", None)  # torch has no public name for it
    return bool(asked and asked()) and torch.backends.mkldnn.is_available()


def fit(
    run: RunFolder,
    module: BudgetedTraining,
    data: pl.LightningDataModule,
    recorder: Recorder,
    hardware: Hardware,
    max_epochs: int,
    patience: int = 0,
    more: Sequence[pl.Callback] = (),
) -> float:
    """Trains to the end of the budget, from the run's last checkpoint where there is one; returns the seconds used.

    patience: epochs without a better monitored figure before training ends; 0 for never. more: callbacks beside the
    recorder. Raises KeyboardInterrupt when
    the user stopped it, BadInput for a strategy that Lightning does not know or a checkpoint that can't be read.
    """
    bar = sys.stderr.isatty()
    recorder.chatty = not bar
    callbacks: list[pl.Callback] = [*more, recorder]
    if patience:
        # At the end of validation, so before the recorder: the checkpoint then holds its count of this epoch.
        stopping = EarlyStopping(recorder.monitor, patience=patience, min_delta=0.0, check_on_train_epoch_end=False)
        callbacks.append(stopping)
    if bar:
        callbacks.append(RichProgressBar())
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        # Lightning's advice on loaders with worker processes: these batches are cut from memory.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        # Lightning 2.6 calls a torch function that torch 2.13 deprecates.
        warnings.filterwarnings("ignore", message=".*isinstance\\(treespec, LeafSpec\\).*")
        # Every process validates on all prints, so there is nothing to bring together.
        warnings.filterwarnings("ignore", message=".*sync_dist=True.*")
        try:
            trainer = pl.Trainer(
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
                enable_progress_bar=bar,
                num_sanity_val_steps=0,
                use_distributed_sampler=False,
                default_root_dir=run.path,
            )
        except (ValueError, MisconfigurationException) as error:
            reason = str(error).split(". ")[0]
            other = "" if hardware.strategy in ("auto", "ddp") else "; try auto or ddp"
            raise BadInput(
                f"--strategy {hardware.strategy} with --devices {hardware.devices}: {reason}{other}"
            ) from error
        data.trainer = trainer
        module.budget.total_steps = max_epochs * len(data.train_dataloader())
        checkpoint = run.checkpoint if run.checkpoint.is_file() else None
        try:
            trainer.fit(module, datamodule=data, ckpt_path=checkpoint, weights_only=True)
        except SystemExit:
            # Lightning's answer to Ctrl-C; the command line has its own.
            if trainer.interrupted:
                raise KeyboardInterrupt from None
            raise
        except Exception as error:  # whatever torch's reader and Lightning raise at a damaged file
            if checkpoint is None or recorder.started:
                raise
            raise BadInput(
                f"{checkpoint} can't be resumed ({type(error).__name__}); delete the run's folder and train again"
            ) from error
    return module.budget.stopwatch.seconds()
