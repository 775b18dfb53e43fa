"""Keeps the trials of a sweep running: what a trial needs next, with which threads and GPU, and what becomes of it."""

import os
import time
from dataclasses import dataclass

from rich.console import Console

from ridgecode.runs.cores import usable_cores
from ridgecode.sweep.command import argument
from ridgecode.sweep.distributions import Value
from ridgecode.sweep.process import GRACE_SECONDS, TrialProcess, stop_all
from ridgecode.sweep.progress import SweepProgress
from ridgecode.sweep.suggestions import Tried, suggest
from ridgecode.sweep.trials import Trial, TrialBook, is_evaluated, is_trained

_POLL_SECONDS = 0.1
# A trial of a local sweep is no run of an agent's sweep, whatever shell the sweep was started from.
_AGENT_VARIABLES = ("WANDB_RUN_ID", "WANDB_SWEEP_ID", "WANDB_SWEEP_PARAM_PATH")
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass
class _Running:
    trial: Trial
    process: TrialProcess
    slot: int
    stage: str
    n_compared: int = 0  # how many values of the metric early termination has looked at
    kill_at: float | None = None  # on the monotonic clock, for a trial that was asked to stop


class TrialRunner:
    """Starts a trial's next command: the training, then the evaluation."""

    def __init__(self, book: TrialBook, jobs: int, device: str, evaluate: bool, program: tuple[str, ...]) -> None:
        self._book, self._jobs, self._evaluate, self._program = book, jobs, evaluate, program
        given = {*book.sweep.parameters, *book.sweep.command.fixed_names}
        options: dict[str, Value] = {"device": device, "threads": max(1, usable_cores() // jobs)}
        # What the file sets itself stays as it is.
        self.options = {name: value for name, value in options.items() if name not in given}
        self._gpus = _gpus(device) if jobs > 1 else []

    def lacks(self, trial: Trial) -> str:
        """What the trial still needs: "train", "evaluate", or "" for nothing."""
        run_dir = self._book.run_dir(trial)
        if not is_trained(run_dir):
            return "train"
        return "evaluate" if self._evaluate and not is_evaluated(run_dir) else ""

    def start(self, trial: Trial, slot: int) -> _Running | None:
        """Starts what the trial lacks; None when it lacks nothing."""
        run_dir, stage = self._book.run_dir(trial), self.lacks(trial)
        if stage == "train":
            arguments = self._book.sweep.command.filled(trial.parameters)
            arguments += [argument("data", str(self._book.data)), argument("run_dir", str(run_dir))]
            arguments += [argument(name, value) for name, value in trial.options.items()]
        elif stage == "evaluate":
            arguments = ["evaluate", f"--run={run_dir}", f"--data={self._book.data}"]
        else:
            return None
        command = [*self._program, *arguments]
        process = TrialProcess(command, self._book.log(trial), self._book.lock(trial), self._environment(trial, slot))
        return _Running(trial, process, slot, stage)

    def _environment(self, trial: Trial, slot: int) -> dict[str, str]:
        environment = {name: value for name, value in os.environ.items() if name not in _AGENT_VARIABLES}
        threads = trial.parameters.get("threads", trial.options.get("threads"))
        if threads:
            environment |= dict.fromkeys(_THREAD_VARIABLES, str(threads))
        if {**trial.options, **trial.parameters}.get("device") == "cpu":
            environment["CUDA_VISIBLE_DEVICES"] = ""  # for the evaluation too, which is given no --device
        elif len(self._gpus) > 1:
            environment["CUDA_VISIBLE_DEVICES"] = self._gpus[slot % len(self._gpus)]
        # Tracked trials of one sweep lie together in W&B.
        environment.setdefault("WANDB_RUN_GROUP", f"{self._book.sweep.path.stem}-{self._book.out.resolve().name}")
        return environment


def run_trials(book: TrialBook, limit: int, runner: TrialRunner, jobs: int, console: Console) -> None:
    """Keeps `jobs` trials running until none is left; at a crash or Ctrl-C the running ones are ended."""
    # What an earlier start left: waiting, broken and failed trials, and finished ones whose run folder has gone since.
    queue = [trial for trial in book.trials[:limit] if _is_open(trial, runner)]
    for trial in queue:
        trial.state, trial.message = "waiting", ""
    running: list[_Running] = []
    with SweepProgress(book, limit, console) as progress:
        try:
            while True:
                while len(running) < jobs and (following := _next(book, queue, limit, runner)) is not None:
                    slot = min(set(range(jobs)) - {one.slot for one in running})
                    following.state = "running"
                    book.save()
                    _advance(book, following, runner, slot, running, progress)
                if not running:
                    return
                time.sleep(_POLL_SECONDS)
                for one in list(running):
                    if one.process.exit_code is None:
                        _stop_if_worse(book, one)
                    else:
                        running.remove(one)
                        _settle(book, one, runner, running, progress)
                progress.update([(one.trial, one.stage) for one in running])
        except BaseException:
            stop_all(one.process for one in running)
            for one in running:
                one.trial.seconds += one.process.seconds
            book.save()
            raise


def _is_open(trial: Trial, runner: TrialRunner) -> bool:
    """Whether a trial from an earlier start of the sweep still has work to do."""
    if trial.state == "finished":
        return bool(runner.lacks(trial))
    return trial.state != "stopped"


def _next(book: TrialBook, queue: list[Trial], limit: int, runner: TrialRunner) -> Trial | None:
    if queue:
        return queue.pop(0)
    if len(book.trials) >= limit:
        return None
    tried = [Tried(trial.parameters, trial.state, book.history(trial)) for trial in book.trials]
    if book.sweep.metric and any(book.sweep.metric.reached(trial.history) for trial in tried):
        return None  # the target is reached
    parameters = suggest(book.sweep, tried)
    return None if parameters is None else book.add(parameters, runner.options)


def _advance(
    book: TrialBook, trial: Trial, runner: TrialRunner, slot: int, running: list[_Running], progress: SweepProgress
) -> None:
    """Starts the trial's next command, or closes the trial when it has everything."""
    started = runner.start(trial, slot)
    if started is not None:
        running.append(started)
        return
    trial.best = book.best(trial)
    trial.state = "finished"
    book.save()
    progress.ended(trial)


def _stop_if_worse(book: TrialBook, one: _Running) -> None:
    """Asks a training that early termination ends to stop, and kills it when it has not after a while.

    A trial is compared once at each bracket, by its values up to there, so that it does not matter how far it has come
    since.
    """
    rule, metric = book.sweep.early_terminate, book.sweep.metric
    if rule is None or metric is None or one.stage != "train":
        return
    if one.kill_at is not None:
        if time.monotonic() > one.kill_at:
            one.process.kill()
        return
    history = book.history(one.trial)
    reached = [bracket for bracket in rule.brackets(len(history)) if bracket > one.n_compared]
    one.n_compared = len(history)
    if not reached:
        return
    others = [book.history(trial) for trial in book.trials if trial is not one.trial]
    for bracket in reached:
        if rule.stops(history, others, bracket, metric.goal):
            # Noted first: a sweep that is killed now must not go on with the trial.
            one.trial.state, one.trial.stopped_at = "stopped", bracket
            one.trial.best = book.best(one.trial)
            book.save()
            one.process.terminate()
            one.kill_at = time.monotonic() + GRACE_SECONDS
            return


def _settle(
    book: TrialBook, one: _Running, runner: TrialRunner, running: list[_Running], progress: SweepProgress
) -> None:
    """Handles a command that has ended: starts the trial's next one, or marks the trial as finished or failed."""
    trial = one.trial
    trial.seconds += one.process.seconds
    one.process.kill()  # what it may have left behind in its group
    if trial.state == "stopped":
        book.save()
        progress.ended(trial)
        return
    if one.process.exit_code == 0 and runner.lacks(trial) != one.stage:
        _advance(book, trial, runner, one.slot, running, progress)
        return
    missing = "environment.json does not say finished" if one.stage == "train" else "there is no evaluation.json"
    why = one.process.last_sentence() if one.process.exit_code else f"it ended well, but {missing}"
    trial.state, trial.message = "failed", f"{one.stage}: {why}"
    book.save()
    progress.ended(trial)


def _gpus(device: str) -> list[str]:
    """The GPUs to share out, as CUDA_VISIBLE_DEVICES names them."""
    if device == "cpu":
        return []
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return [gpu.strip() for gpu in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if gpu.strip()]
    import torch  # seconds to import, and only several jobs on GPUs need it

    return [str(gpu) for gpu in range(torch.cuda.device_count())]
