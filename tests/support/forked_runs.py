"""A script of trainings that kill themselves: forks of one process, since importing torch takes longest."""

_SCRIPT = """
import json, os, signal, sys, torch
from ridgecode.commands import cli
from {module} import {training}
import {steps_module} as steps_module
torch.set_num_threads(1)
steps_module.{steps_name} = {steps}

def run(arguments, kill_at):
    child = os.fork()
    if not child:
        step, calls = {training}.training_step, []
        def counting(*given):
            calls.append(1)
            if len(calls) == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*given)
        {training}.training_step = counting
        os._exit(cli.main(arguments))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""


def killed_runs(training: str, steps_an_epoch: str, steps: int) -> str:
    """The start of the script: `run(arguments, kill_at)` runs ridgecode, kills it at that step of the training (0:
    never) and returns its exit code.

    training: the class of the training, with its module; steps_an_epoch: the constant that is set to `steps`, with its
    module
    """
    module, name = training.rsplit(".", 1)
    steps_module, steps_name = steps_an_epoch.rsplit(".", 1)
    about = {"module": module, "training": name, "steps_module": steps_module, "steps_name": steps_name}
    return _SCRIPT.format(**about, steps=steps)
