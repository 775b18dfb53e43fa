"""Whether a verb's results can be written at all: looked at before the work, not after it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ridgecode.errors import BadInput
from ridgecode.files import why_not_writable

OUT = ("out", "run_dir")
"""Settings that name where results go."""


def check_places(verb: str, settings: Mapping[str, Any]) -> None:
    """Raises BadInput where nothing can be written at the place that a verb's results go to.

    `prepare` looks by itself: a finished store in a read-only place can be used as it is.
    """
    if verb == "prepare":
        return
    for name in OUT:
        if isinstance(place := settings.get(name), Path) and (reason := why_not_writable(place)):
            raise BadInput(f"--{name} {place} can't be written: {reason}; give another --{name}")
    run = settings.get("run") if verb.startswith("evaluate") and settings.get("out") is None else None
    if isinstance(run, Path) and run.is_dir() and (reason := why_not_writable(run / "evaluation.json")):
        raise BadInput(f"--run {run} can't be written: {reason}; name another place for the figures with --out")
