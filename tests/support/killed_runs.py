"""Runs jobs one after the other, each in a fork of this process, and kills some of them: `python killed_runs.py JOBS`.

JOBS is JSON: a list of {"place": ..., "arguments": [...]}. `place` says where the job kills itself with SIGKILL (empty:
nowhere; "interrupt": Ctrl-C instead). Prints the JSON list of exit codes, -9 for a killed job. Everything is imported
once, and an epoch of random crops is made short.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
import torch

from ridgecode.commands import cli
from ridgecode.prints.crops import training_crops
from ridgecode.runs.run_folder import RunFolder
from ridgecode.training import autoencoder_fit
from ridgecode.training import sheet as training_sheet
from ridgecode.training.autoencoder import AutoencoderTraining
from ridgecode.training.recorder import Recorder

SHORT_EPOCH = 60
# What is called, and at which call the job stops; 0: at the first in the second epoch after the best. An epoch has 7
# steps.
PLACES: dict[str, tuple[Any, str, int]] = {
    "first epoch": (AutoencoderTraining, "training_step", 2),
    "third epoch": (AutoencoderTraining, "training_step", 17),
    "interrupt": (AutoencoderTraining, "training_step", 17),
    "before the model": (autoencoder_fit, "save_autoencoder", 2),
    "before the checkpoint": (pl.Trainer, "save_checkpoint", 3),
    "after a worse epoch": (AutoencoderTraining, "training_step", 0),
    "before the end": (RunFolder, "write_environment", 2),
}


def stop_at(place: str) -> None:
    owner, name, call = PLACES[place]
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def counting(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call or (not call and epochs_without_better(arguments[0]) == 2):
            os.kill(os.getpid(), signal.SIGINT if place == "interrupt" else signal.SIGKILL)
        return original(*arguments, **named)

    setattr(owner, name, counting)


def epochs_without_better(module: AutoencoderTraining) -> int:
    recorder = next(callback for callback in module.trainer.callbacks if isinstance(callback, Recorder))
    return module.trainer.current_epoch - recorder.best_epoch


def no_sheet(*arguments: Any, **named: Any) -> None:
    pass


def exit_code(place: str, arguments: list[str]) -> int:
    child = os.fork()
    if not child:
        if place:
            stop_at(place)
        os._exit(cli.main(arguments))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    torch.set_num_threads(1)
    training_crops.CROPS_PER_EPOCH = SHORT_EPOCH
    training_sheet.reconstruction_sheet = no_sheet  # drawing takes longer than these trainings
    codes = [exit_code(job["place"], job["arguments"]) for job in json.loads(sys.argv[1])]
    print(json.dumps(codes))
