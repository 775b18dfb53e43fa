"""Shows a sweep's progress: one bar for the trials, one line for each that runs."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from ridgecode.sweep.trials import Trial, TrialBook


class SweepProgress:
    """A live display on a terminal; elsewhere one line for each trial that ends. A context manager."""

    def __init__(self, book: TrialBook, limit: int, console: Console) -> None:
        self._book, self._console = book, console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._all = self._progress.add_task(escape(book.sweep.path.stem), total=limit, completed=self._ended())
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, running: Sequence[tuple[Trial, str]]) -> None:
        """Shows the trials that run now, each with its stage and, where the sweep has a metric, its last value."""
        if self._progress.disable:
            return
        names = {trial.name for trial, _ in running}
        for name in [name for name in self._tasks if name not in names]:
            self._progress.remove_task(self._tasks.pop(name))
        for trial, stage in running:
            if trial.name not in self._tasks:
                self._tasks[trial.name] = self._progress.add_task("", total=None)
            description = escape(f"  {stage} {trial.name}{self._last(trial)}")
            self._progress.update(self._tasks[trial.name], description=description)

    def ended(self, trial: Trial) -> None:
        """Prints that a trial finished, was stopped early or failed."""
        self._progress.update(self._all, completed=self._ended())
        if trial.state in ("finished", "stopped"):
            metric = self._book.sweep.metric
            figure = f", {metric.name} {trial.best:.5g}" if metric and trial.best is not None else ""
            bracket = f" after {trial.stopped_at} values of it" if trial.state == "stopped" else ""
            text = f"{trial.state} {trial.name}{figure}{bracket}, {trial.seconds:.0f} s"
        else:
            text = f"failed {trial.name}: {trial.message}"
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _ended(self) -> int:
        return sum(trial.state in ("finished", "stopped") for trial in self._book.trials)

    def _last(self, trial: Trial) -> str:
        metric, history = self._book.sweep.metric, self._book.history(trial)
        return f" {metric.name} {history[-1]:.5g}" if metric and history else ""
