"""`ridgecode sweep`: runs a sweep file on this machine."""

from dataclasses import MISSING, fields
from pathlib import Path

from ridgecode.commands.old_names import OLD_VERBS
from ridgecode.commands.settings.sweep import Sweep
from ridgecode.commands.verbs import VERBS
from ridgecode.sweep.run import run_sweep


def sweep(settings: Sweep) -> int:
    """Runs the sweep to its end, or goes on with it; the exit code is 1 when a trial failed."""
    result = run_sweep(
        settings.file,
        settings.data,
        settings.out or Path("runs") / settings.file.stem,
        jobs=settings.jobs,
        device=settings.device,
        max_runs=settings.max_runs,
        verbs=swept_verbs(),
    )
    return 1 if result.failed else 0


def swept_verbs() -> dict[str, dict[str, object]]:
    """The verbs that a trial may run, each with its flags and their defaults (None for one that has to be given). An
    earlier verb has the flags of all that it has become."""
    flags = {verb: _flags(verb) for verb in ("train-autoencoder", "train-head", "train-siamese")}
    return flags | {
        old: {name: default for verb in verbs for name, default in flags[verb].items()}
        for old, verbs in OLD_VERBS.items()
    }


def _flags(verb: str) -> dict[str, object]:
    settings = fields(VERBS[verb].settings_class())
    return {field.name: None if field.default is MISSING else field.default for field in settings}
