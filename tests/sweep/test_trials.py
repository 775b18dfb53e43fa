"""The trials' names and the file that remembers them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ridgecode.errors import BadInput
from ridgecode.sweep.file import SweepFile
from ridgecode.sweep.trials import TrialBook, trial_name


def test_trial_names_are_readable_and_differ_where_the_values_do(sweep_of: Callable[..., SweepFile]) -> None:
    grid = sweep_of(parameters={"b": {"values": [1, 2]}, "a": {"values": [True, False]}, "c": {"value": "bce+l1"}})
    search = sweep_of(method="random", parameters={"x": {"min": 0.0, "max": 1.0}, "c": {"value": 3}})
    assert trial_name(grid, {"b": 2, "a": True, "c": "bce+l1"}) == "b-2_a-True"
    assert trial_name(search, {"x": 0.25, "c": 3}) == "x-0.25"
    near = trial_name(search, {"x": 0.123456, "c": 3}), trial_name(search, {"x": 0.123457, "c": 3})
    assert near[0] != near[1] and near[0].startswith("x-0.1235_")
    assert near[0] == trial_name(search, {"x": 0.123456, "c": 3})


def test_a_book_comes_back_as_it_was_saved(sweep_of: Callable[..., SweepFile], lab: Any) -> None:
    sweep = sweep_of(early_terminate={"type": "hyperband", "min_iter": 2})
    book = TrialBook.open(lab.out, sweep, lab.store)
    trial = book.add({"latent_dim": 8, "flip": True, "backbone": "ridge"}, {"device": "cpu", "threads": 1})
    trial.state, trial.best, trial.stopped_at = "stopped", 0.5, 2
    book.save()
    assert TrialBook.open(lab.out, sweep, lab.store).trials == [trial]


def test_a_book_of_an_earlier_version_is_read(sweep_of: Callable[..., SweepFile], lab: Any) -> None:
    sweep = sweep_of()
    TrialBook.open(lab.out, sweep, lab.store).add({"latent_dim": 8, "flip": True, "backbone": "ridge"}, {})
    path = lab.out / "trials.json"
    kept = json.loads(path.read_text())
    del kept["trials"][0]["stopped_at"]
    path.write_text(json.dumps(kept))
    assert TrialBook.open(lab.out, sweep, lab.store).trials[0].stopped_at is None


def test_a_stopped_trials_history_ends_where_it_was_judged(sweep_of: Callable[..., SweepFile], lab: Any) -> None:
    book = TrialBook.open(lab.out, sweep_of(), lab.store)
    trial = book.add({"latent_dim": 8, "flip": True, "backbone": "ridge"}, {})
    book.run_dir(trial).mkdir(parents=True)
    lines = [json.dumps({"val_mse": value}) for value in (3.0, 2.0, 1.0)]
    (book.run_dir(trial) / "metrics.jsonl").write_text("\n".join(lines))
    assert (book.history(trial), book.best(trial)) == ([3.0, 2.0, 1.0], 1.0)
    trial.stopped_at = 2
    assert (book.history(trial), book.best(trial)) == ([3.0, 2.0], 2.0)


def test_folders_that_do_not_fit_are_refused(written: Callable[..., Path], lab: Any) -> None:
    file = written()
    lab.sweep(file, max_runs=1)
    with pytest.raises(BadInput, match="another sweep"):
        lab.sweep(written("other.yaml", parameters={"latent_dim": {"values": [8, 32]}}))
    (lab.store / "store.json").write_text('{"digest": "another"}')
    with pytest.raises(BadInput, match="another store"):
        lab.sweep(file)
    (lab.out / "trials.json").write_text("{")
    with pytest.raises(BadInput, match=r"trials\.json"):
        lab.sweep(file)
