"""Keeps the trials of a sweep running: what a trial needs next, with which threads and GPU, and what becomes of it."""

import os
import time
from dataclasses import dataclass

from rich.console import Console

from ridgecode.study.sweep_file import Value, argument, trial_arguments
from ridgecode.study.sweep_process import TrialProcess, stop_all
from ridgecode.study.sweep_progress import SweepProgress
from ridgecode.study.sweep_suggest import Tried, suggest
from ridgecode.study.sweep_trials import Trial, TrialBook, is_evaluated, is_trained

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


class TrialRunner:
    """Starts a trial's next command and tells when there is none left."""

    def __init__(self, book: TrialBook, jobs: int, device: str, evaluate: bool, program: tuple[str, ...]) -> None:
        self._book, self._jobs, self._evaluate, self._program = book, jobs, evaluate, program
        given = {*book.sweep.parameters, *(flag[2:].split("=")[0] for flag in book.sweep.flags)}
        options: dict[str, Value] = {"device": device, "threads": max(1, _cores() // jobs)}
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
            arguments = trial_arguments(self._book.sweep, trial.parameters)
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
    queue = [trial for trial in book.trials[:limit] if trial.state != "finished" or runner.lacks(trial)]
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
                for one in [one for one in running if one.process.exit_code is not None]:
                    running.remove(one)
                    _settle(book, one, runner, running, progress)
                progress.update([(one.trial, one.stage) for one in running])
        except BaseException:
            stop_all(one.process for one in running)
            for one in running:
                one.trial.seconds += one.process.seconds
            book.save()
            raise


def _next(book: TrialBook, queue: list[Trial], limit: int, runner: TrialRunner) -> Trial | None:
    if queue:
        return queue.pop(0)
    if len(book.trials) >= limit:
        return None
    tried: list[Tried] = [(trial.parameters, trial.state, book.history(trial)) for trial in book.trials]
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
    history = book.history(trial)
    if history and book.sweep.metric:
        trial.best = min(history) if book.sweep.metric.goal == "minimize" else max(history)
    trial.state = "finished"
    book.save()
    progress.ended(trial)


def _settle(
    book: TrialBook, one: _Running, runner: TrialRunner, running: list[_Running], progress: SweepProgress
) -> None:
    """Takes in a command that ended: the trial goes on, or has failed."""
    trial = one.trial
    trial.seconds += one.process.seconds
    one.process.kill()  # what it may have left behind in its group
    if one.process.exit_code == 0 and runner.lacks(trial) != one.stage:
        _advance(book, trial, runner, one.slot, running, progress)
        return
    missing = "environment.json does not say finished" if one.stage == "train" else "there is no evaluation.json"
    why = one.process.last_sentence() if one.process.exit_code else f"it ended well, but {missing}"
    trial.state, trial.message = "failed", f"{one.stage}: {why}"
    book.save()
    progress.ended(trial)


def _cores() -> int:
    """The CPU cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gpus(device: str) -> list[str]:
    """The GPUs to share out, as CUDA_VISIBLE_DEVICES names them."""
    if device == "cpu":
        return []
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return [gpu.strip() for gpu in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if gpu.strip()]
    import torch  # seconds to import, and only several jobs on GPUs need it

    return [str(gpu) for gpu in range(torch.cuda.device_count())]
