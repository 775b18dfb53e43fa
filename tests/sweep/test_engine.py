"""The engine with a stand-in for `ridgecode`: coverage, resuming, kill -9, jobs, failures, early termination."""

import itertools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NAMES = [f"latent_dim-{dims}_flip-{flip}" for dims, flip in itertools.product([8, 16], [True, False])]
SIZES = {"latent_dim": {"values": [8, 16]}, "flip": {"values": [True, False]}, "backbone": {"value": "ridge"}}
BAYES: dict[str, Any] = {
    "method": "bayes",
    "run_cap": 9,
    "parameters": {"x": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0}},
}


def test_runs_every_trial_of_a_grid_and_then_nothing_again(written: Callable[..., Path], lab: Any) -> None:
    file = written()
    result, told = lab.sweep(file)
    assert [trial.name for trial in result.trials] == NAMES
    assert not result.failed and all(trial.best == 0 for trial in result.trials)
    assert all((lab.out / "runs" / name / "evaluation.json").exists() for name in NAMES)
    assert all(f"finished {name}, val_mse 0" in told for name in NAMES)
    first = lab.starts()["latent_dim-8_flip-True"][0]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    run_dir = lab.out / "runs" / "latent_dim-8_flip-True"
    assert first["argv"] == [
        "train-autoencoder", "--latent_dim=8", "--flip=True", "--backbone=ridge",
        f"--data={lab.store}", f"--run_dir={run_dir}", "--device=auto", f"--threads={cores}",
    ]  # fmt: skip
    before = lab.starts()
    again, _ = lab.sweep(file)
    assert lab.starts() == before and [trial.state for trial in again.trials] == ["finished"] * 4
    assert (lab.out / "sweep.yaml").read_text() == file.read_text()


def test_max_runs_limits_and_a_later_start_goes_on(written: Callable[..., Path], lab: Any) -> None:
    file = written()
    lab.sweep(file, max_runs=1)
    assert list(lab.starts()) == NAMES[:1]
    lab.sweep(file)
    assert sorted(lab.starts()) == sorted(NAMES)
    assert all(len(notes) == 2 for notes in lab.starts().values())


def test_two_jobs_overlap_and_share_the_threads(
    written: Callable[..., Path], lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ridgecode.sweep.engine.usable_cores", lambda: 6)
    result, _ = lab.sweep(written(parameters=SIZES | {"pause": {"value": 0.2}}), jobs=2)
    assert not result.failed
    events = []
    for begin, end in lab.starts().values():
        assert begin["threads"] == "3" and "--threads=3" in begin["argv"]
        events += [(begin["time"], 1), (end["end"], -1)]
    running = list(itertools.accumulate(change for _, change in sorted(events)))
    assert max(running) == 2


def test_a_failed_trial_is_told_and_tried_again_next_time(written: Callable[..., Path], lab: Any) -> None:
    file = written()
    lab.out.mkdir()
    mark = lab.out / f"fail_{NAMES[1]}"
    mark.touch()
    result, told = lab.sweep(file)
    assert [trial.name for trial in result.failed] == [NAMES[1]]
    assert result.failed[0].message == "train: ridgecode: this trial was told to fail"
    assert told.count("this trial was told to fail") == 2, "when it happens and in the list at the end"
    assert [trial.state for trial in result.trials] == ["finished", "failed", "finished", "finished"]
    mark.unlink()
    again, _ = lab.sweep(file)
    counts = {name: len(notes) for name, notes in lab.starts().items()}
    assert not again.failed and counts == dict.fromkeys(NAMES, 2) | {NAMES[1]: 3}


def test_a_trial_that_ends_well_without_finishing_has_failed(written: Callable[..., Path], lab: Any) -> None:
    result, _ = lab.sweep(written(), program=(sys.executable, "-c", "pass"), max_runs=1)
    assert "environment.json does not say finished" in result.failed[0].message


@pytest.mark.parametrize("jobs", [1, 2])
def test_kill_9_in_the_middle_then_the_same_command(
    jobs: int,
    written: Callable[..., Path],
    lab: Any,
    wait_until: Callable[..., None],
    alive: Callable[[int], bool],
) -> None:
    file = written(parameters=SIZES | {"pause": {"value": 0.4}})
    sweep = lab.start(file, jobs)
    wait_until(lambda: len(lab.starts()) > jobs and (lab.out / "runs" / NAMES[jobs] / "metrics.jsonl").exists())
    sweep.kill()
    sweep.wait()
    killed = {name: notes[0]["pid"] for name, notes in lab.starts().items() if len(notes) == 1}
    assert killed, "the sweep was killed while a trial ran"
    broken = {name: (lab.out / "runs" / name / "metrics.jsonl").read_text() for name in killed}
    options = [trial["options"] for trial in lab.trials()]
    if sys.platform.startswith("linux"):
        wait_until(lambda: not any(alive(pid) for pid in killed.values()), 5)
    result, _ = lab.sweep(file, jobs=3 - jobs)
    assert sorted(trial.name for trial in result.trials) == sorted(NAMES) and not result.failed
    for name, notes in lab.starts().items():
        if name not in killed:
            assert len(notes) == 2, "a finished trial is not started again"
            continue
        assert notes[0]["argv"] == notes[1]["argv"], "a broken trial is resumed by its own command line"
        lines = (lab.out / "runs" / name / "metrics.jsonl").read_text()
        assert lines.startswith(broken[name]) and len(lines.splitlines()) == 3
    assert [trial.options for trial in result.trials[: len(options)]] == options


def test_ctrl_c_ends_the_trials_and_loses_nothing(
    written: Callable[..., Path], lab: Any, wait_until: Callable[..., None], alive: Callable[[int], bool]
) -> None:
    sweep = lab.start(written(parameters=SIZES | {"pause": {"value": 20}}), jobs=2)
    wait_until(lambda: len(lab.starts()) == 2)
    sweep.send_signal(signal.SIGINT)
    assert sweep.wait(10) != 0
    assert not any(alive(notes[0]["pid"]) for notes in lab.starts().values())
    assert len(lab.trials()) == 2


@pytest.mark.parametrize("method", ["random", "bayes"])
def test_a_search_gives_the_same_trials_broken_or_not(
    method: str, written: Callable[..., Path], lab: Any, wait_until: Callable[..., None]
) -> None:
    """Ended after 2 trials, then killed in the middle of one, then gone on with to the end."""
    file = written(**BAYES | {"method": method, "parameters": BAYES["parameters"] | {"pause": {"value": 0.05}}})
    whole, _ = lab.sweep(file, out=lab.folder / "whole", evaluate=False)
    lab.sweep(file, max_runs=2, evaluate=False)
    sweep = lab.start(file)
    wait_until(lambda: len(lab.starts()) == 6 and any(len(notes) == 1 for notes in lab.starts().values()))
    sweep.kill()
    sweep.wait()
    assert 6 <= len(lab.trials()) < 9
    parts, _ = lab.sweep(file, evaluate=False)
    assert [trial.parameters for trial in parts.trials] == [trial.parameters for trial in whole.trials]
    assert len({trial.name for trial in whole.trials}) == 9
    assert [trial.best for trial in parts.trials] == [trial.best for trial in whole.trials]


def test_no_new_trial_once_the_target_is_reached(written: Callable[..., Path], lab: Any) -> None:
    """x is tried in the order given; val_mse ends at the square of log10(x) + 2."""
    parameters = {"x": {"values": [1.0, 0.1, 0.02, 0.01, 0.001]}}
    file = written(metric={"name": "val_mse", "target": 0.5}, parameters=parameters)
    result, _ = lab.sweep(file)
    assert [trial.parameters["x"] for trial in result.trials] == [1.0, 0.1, 0.02]
    assert all(trial.state == "finished" for trial in result.trials)
    again, _ = lab.sweep(file)
    assert len(again.trials) == 3
    further, _ = lab.sweep(written(parameters=parameters))
    assert len(further.trials) == 5, "without the target it goes on"


LADDER: dict[str, Any] = {
    "early_terminate": {"type": "hyperband", "min_iter": 2},
    "parameters": {
        "x": {"values": [0.01, 1.0, 0.1, 0.012]},
        "steps": {"value": 12},
        "pause": {"value": 0.15},
    },
}


def test_early_termination_stops_trials_that_are_worse_at_a_bracket(written: Callable[..., Path], lab: Any) -> None:
    """Brackets are 2 and 6, and values end at 0, 4, 1 and 0.006. Of n trials at a bracket, the best 1 + n // 3 stay: at
    2 the second of two goes, the second of three and of four stay; at 6 the second of two goes, and of three stays."""
    file = written(**LADDER)
    result, told = lab.sweep(file)
    assert [(trial.state, trial.stopped_at) for trial in result.trials] == [
        ("finished", None), ("stopped", 2), ("stopped", 6), ("finished", None),
    ]  # fmt: skip
    stopped = result.trials[1]
    assert not result.failed and (stopped.best, result.trials[2].best) == (4 + 10, 1 + 6)
    assert f"stopped {stopped.name}, val_mse 14 after 2 values of it" in told
    assert "2 trials finished, 2 stopped early, 0 failed" in told
    run = lab.out / "runs" / stopped.name
    assert not (run / "environment.json").exists() and not (run / "evaluation.json").exists()
    assert len((run / "metrics.jsonl").read_text().splitlines()) < 12, "it ended before its time"
    before = lab.starts()
    again, _ = lab.sweep(file)
    assert lab.starts() == before, "a stopped trial is not begun again"
    assert again.trials == result.trials


def test_early_termination_ends_a_trial_that_will_not_stop(
    written: Callable[..., Path], lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ridgecode.sweep.engine.GRACE_SECONDS", 0.2)
    fake = Path(lab.FAKE[1]).read_text()
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + fake
    parameters = {"x": {"values": [0.01, 1.0]}, "steps": {"value": 4}, "pause": {"value": 0.2}}
    file = written(early_terminate={"type": "hyperband", "max_iter": 9, "s": 2}, parameters=parameters)
    lab.sweep(file, max_runs=1)
    result, _ = lab.sweep(file, program=(sys.executable, "-c", stubborn + "\ntime.sleep(60)\n"))
    assert [trial.state for trial in result.trials] == ["finished", "stopped"]


def test_a_sweep_killed_while_it_stops_trials_ends_with_the_same_ones(
    written: Callable[..., Path], lab: Any, wait_until: Callable[..., None]
) -> None:
    file = written(**LADDER)
    whole, _ = lab.sweep(file, out=lab.folder / "whole")
    sweep = lab.start(file)
    wait_until(lambda: len(lab.starts()) == 2)
    sweep.kill()
    sweep.wait()
    parts, _ = lab.sweep(file)
    seen = [[(t.parameters, t.state, t.stopped_at, t.best) for t in one.trials] for one in (whole, parts)]
    assert seen[0] == seen[1]


def test_an_agents_environment_does_not_reach_the_trials(
    written: Callable[..., Path], lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_RUN_ID", "agents")
    show = "import os; print(os.environ.get('WANDB_RUN_ID'), os.environ['WANDB_RUN_GROUP']); raise SystemExit(1)"
    result, _ = lab.sweep(written(), program=(sys.executable, "-c", show), max_runs=1)
    assert result.failed[0].message == "train: None sizes-out"
