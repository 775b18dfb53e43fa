"""The end of a training: facts and figures are written, and the best model is evaluated."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ridgecode.commands.evaluate import evaluate_run
from ridgecode.commands.settings.evaluate import Evaluate
from ridgecode.evaluation.tracked import log_evaluation
from ridgecode.runs.run_folder import RunFolder
from ridgecode.runs.tracking import Tracker


def finish_training(
    run: RunFolder,
    tracker: Tracker,
    settings: Mapping[str, Any],
    best: Mapping[str, Any],
    facts: Mapping[str, Any],
    store: Path | None,
) -> None:
    """Marks the run as finished, when all else of it is written.

    settings: the verb's, as plain values; best: the best epoch's line of metrics.jsonl; facts: for environment.json;
    store: on whose validation subjects the model is evaluated; None leaves the evaluation out. A run that is killed in
    here does the whole end again.
    """
    run.write_environment({**facts, "best_epoch": best["epoch"]})
    if store is not None:
        log_evaluation(tracker, run.path, evaluate_run(Evaluate(run=run.path, data=store)))
    run.write_environment({"finished": True})
    # Under the metrics' own names: a sweep's search reads the best epoch there, not the last.
    figures = {key: value for key, value in best.items() if key.startswith("val_")}
    more = {key: facts[key] for key in ("threshold", "threshold_n_non_mated") if key in facts}
    tracker.summary({**figures, "best_epoch": best["epoch"], **more})
    kind = "matcher" if "threshold" in facts else "autoencoder"
    tracker.log_model(run.model, f"{kind}-{run.path.name}", {**settings, **best})
    if tracker.is_on:
        print(tracker.where, file=sys.stderr)


def print_finished_before(run: RunFolder) -> None:
    """Prints that there is nothing left to do."""
    print(f"{run.path} is finished already; choose another --run_dir to train again", file=sys.stderr)
