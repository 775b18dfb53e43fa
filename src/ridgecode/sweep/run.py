"""Runs a sweep file here: no account, no server, resumable, several trials at a time.

Each trial is `ridgecode VERB --name=value ... --data=STORE --run_dir=OUT/runs/NAME`, then `ridgecode evaluate`; the
sweep ends in a report. Nothing is lost when anything is killed: the same command again skips what is finished, resumes
what is broken, tries again what failed, and suggests what would have been suggested.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from ridgecode.errors import BadInput, did_you_mean
from ridgecode.files import held_folder, why_not_writable
from ridgecode.runs.interrupts import interrupt_on_sigterm
from ridgecode.sweep.distributions import Listed
from ridgecode.sweep.engine import TrialRunner, run_trials
from ridgecode.sweep.file import SweepFile, read_sweep_file
from ridgecode.sweep.metric import reported_names
from ridgecode.sweep.trials import Trial, TrialBook, store_digest

RIDGECODE = (sys.executable, "-m", "ridgecode")


class SweepResult(NamedTuple):
    """How a sweep ended.

    Attributes:
        out: its folder.
        trials: all trials, in the order in which they were suggested.
        failed: those of them that failed.
        report: the report's folder, None where no report was asked for or no trial finished.
    """

    out: Path
    trials: list[Trial]
    failed: list[Trial]
    report: Path | None


def run_sweep(
    file: Path | str,
    data: Path | str,
    out: Path | str,
    jobs: int = 1,
    device: str = "auto",
    max_runs: int = 0,
    verbs: Mapping[str, Mapping[str, object]] | None = None,
    report: bool = True,
    evaluate: bool = True,
    program: Sequence[str] = RIDGECODE,
    console: Console | None = None,
) -> SweepResult:
    """Runs the sweep in `file` to its end, or goes on with it.

    Args:
        file: a sweep file, such as sweeps/latent_dim_mse.yaml.
        data: the prepared store.
        out: the sweep's folder (see trials.py); the same folder again goes on with the same sweep.
        jobs: how many trials run at once; the CPU's cores, and several GPUs, are shared out among them.
        device: auto, cpu or cuda, passed on to each trial.
        max_runs: the most trials, finished ones of earlier starts included; 0 for the file's own run_cap, or the whole
            grid.
        verbs: the verbs a trial may run, each with its flags and what they are without being given; a file that names
            another verb or flag is refused before any trial starts. None to leave that to the trials.
        report: whether to write `out/report` at the end.
        evaluate: whether to evaluate each trained trial that has no evaluation.json.
        program: what runs a verb.
        console: where progress and failures are printed.

    A trial that fails is reported and does not stop the others; each start of the sweep tries it once more. Raises
    BadInput for a sweep file that can't be run, for an `out` that belongs to another sweep or is in use, and for a
    search without an end. KeyboardInterrupt (Ctrl-C, or SIGTERM) ends the running trials first and passes on.
    """
    sweep, data, out = read_sweep_file(file), Path(data), Path(out)
    if jobs < 1:
        raise BadInput(f"--jobs {jobs} is too few; give 1 or more")
    limit = _limit(sweep, max_runs)
    if verbs is not None:
        _check_names(sweep, verbs)
    if out.is_file():
        raise BadInput(f"--out {out} is a file; give a folder")
    if reason := why_not_writable(out):
        raise BadInput(f"--out {out} can't be written: {reason}; give another --out")
    store_digest(data)  # refused before --out is made
    console = console or Console(stderr=True)
    in_use = f"--out {out} is in use by another ridgecode sweep; wait for it, or give another --out"
    with held_folder(out, in_use), interrupt_on_sigterm():
        book = TrialBook.open(out, sweep, data)
        run_trials(book, limit, TrialRunner(book, jobs, device, evaluate, tuple(program)), jobs, console)
        finished = [trial for trial in book.trials if trial.state == "finished"]
        report_dir = _write_report(book, finished) if report and finished else None
    failed = [trial for trial in book.trials if trial.state == "failed"]
    stopped = sum(trial.state == "stopped" for trial in book.trials)
    early = f" {stopped} stopped early," if stopped else ""
    ended = f"{len(finished)} trials finished,{early} {len(failed)} failed: {report_dir or out}"
    console.print(ended, highlight=False, markup=False, soft_wrap=True)
    if finished and sweep.metric and all(trial.best is None for trial in book.trials):
        console.print(
            _unknown_metric(book, finished[0], sweep.metric.name), highlight=False, markup=False, soft_wrap=True
        )
    for trial in failed:
        console.print(
            f"failed: {trial.name}: {trial.message} ({book.log(trial)})", highlight=False, markup=False, soft_wrap=True
        )
    return SweepResult(out, book.trials, failed, report_dir)


def _unknown_metric(book: TrialBook, trial: Trial, name: str) -> str:
    """What is said where no trial had a value of the metric, as of a rate that is in evaluation.json only."""
    known = reported_names(book.run_dir(trial))
    says = f"; a trial reports {', '.join(known)}" if known else ""
    return f"no trial reported the metric {name}, so none of them is better than another{says}"


def _check_names(sweep: SweepFile, verbs: Mapping[str, Mapping[str, object]]) -> None:
    """Raises BadInput for a verb or a flag that no trial could be started with, before any is."""
    verb = sweep.command.verb
    if verb not in verbs:
        near = did_you_mean(verb, verbs)
        raise BadInput(f"{sweep.path}: a sweep can't run the verb {verb}{near}; it runs {', '.join(verbs)}")
    flags = verbs[verb]
    for name in (*sweep.space, *sweep.command.fixed_names):
        if name not in flags:
            near = did_you_mean(name, flags)
            raise BadInput(f"{sweep.path}: {verb} has no flag --{name}{near}; see ridgecode {verb} --help")
    if sweep.command.macro != "${args_no_boolean_flags}":
        return
    for name, distribution in sweep.space.items():
        if flags[name] is True and isinstance(distribution, Listed) and False in distribution.values:
            raise BadInput(
                f"{sweep.path}: parameter {name} can be false, which ${{args_no_boolean_flags}} leaves out, and {verb} "
                f"takes true where --{name} is left out; write ${{args}} in the command"
            )


def _limit(sweep: SweepFile, max_runs: int) -> int:
    """The most trials: the smallest of what the flag, the file and the grid allow."""
    if max_runs < 0:
        raise BadInput(f"--max_runs {max_runs} is too few; give 1 or more, or 0 for no limit of its own")
    limits = [limit for limit in (max_runs, sweep.run_cap, sweep.grid_size()) if limit]
    if not limits:
        raise BadInput(
            f"{sweep.path}: {sweep.method} search never ends by itself; add run_cap to it, or give --max_runs"
        )
    return min(limits)


def _write_report(book: TrialBook, finished: list[Trial]) -> Path:
    # Here, because the report brings in matplotlib, which a sweep that ends in none does not need.
    from ridgecode.report.tracked import log_report
    from ridgecode.report.write import write_report
    from ridgecode.runs.tracking import open_tracker

    runs = [book.run_dir(trial) for trial in finished]
    title = book.sweep.path.stem.replace("_", " ").capitalize()
    files = write_report(runs, book.out / "report", title)
    # The trials say whether they are tracked; the report of tracked trials is, too.
    kind = "wandb" if any((run / "wandb").is_dir() for run in runs) else "none"
    with open_tracker(kind, book.out, {"sweep": book.sweep.path.name}, f"{book.out.name}-report", "report") as tracker:
        log_report(tracker, files)
    return book.out / "report"
