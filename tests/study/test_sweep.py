"""The sweep engine with a stand-in for `ridgecode`: coverage, resuming, kill -9, jobs, failures, wrong folders."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from ridgecode.errors import BadInput
from ridgecode.study.sweep import SweepResult, run_sweep
from ridgecode.study.sweep_process import TrialProcess
from ridgecode.study.sweep_trials import metric_history

FAKE = (sys.executable, str(Path(__file__).parent / "fake_ridgecode.py"))
GRID: dict[str, Any] = {
    "command": ["ridgecode", "train-autoencoder", "${args}"],
    "method": "grid",
    "metric": {"name": "val_mse", "goal": "minimize"},
    "parameters": {
        "latent_dim": {"values": [8, 16]},
        "flip": {"values": [True, False]},
        "backbone": {"value": "ridge"},
    },
}
NAMES = [f"latent_dim-{dims}_flip-{flip}" for flip, dims in itertools.product([True, False], [8, 16])]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "store.json").write_text('{"digest": "abc"}')
    return folder


def written(folder: Path, content: dict[str, Any], name: str = "sizes.yaml") -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def swept(file: Path, store: Path, out: Path, **settings: Any) -> tuple[SweepResult, str]:
    with (out.parent / "told.txt").open("w+") as told:
        console = Console(file=told, width=200)
        result = run_sweep(file, store, out, report=False, program=FAKE, console=console, **settings)
        told.seek(0)
        return result, told.read()


def starts(out: Path) -> dict[str, list[dict[str, Any]]]:
    """What each trial's stand-in noted at its starts and ends."""
    files = sorted(out.glob("runs/*/starts.jsonl"))
    return {file.parent.name: [json.loads(line) for line in file.read_text().splitlines()] for file in files}


def wait_until(ready: Any, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").exists() else True


def start_sweep(file: Path, store: Path, out: Path, jobs: int = 1) -> subprocess.Popen[bytes]:
    """The sweep in a process of its own, to be killed."""
    code = "import sys; from ridgecode.study.sweep import run_sweep as r; f, d, o, j, *p = sys.argv[1:]; "
    code += "r(f, d, o, int(j), report=False, program=p)"
    sweep = subprocess.Popen([sys.executable, "-c", code, str(file), str(store), str(out), str(jobs), *FAKE])
    _STARTED.append(sweep)
    return sweep


_STARTED: list[subprocess.Popen[bytes]] = []


@pytest.fixture(autouse=True)
def _leave_no_sweep_running() -> Iterator[None]:
    """A test that fails before it kills its sweep must not disturb the next."""
    yield
    while _STARTED:
        sweep = _STARTED.pop()
        sweep.kill()
        sweep.wait()


def test_runs_every_trial_of_a_grid_and_then_nothing_again(tmp_path: Path, store: Path) -> None:
    file, out = written(tmp_path, GRID), tmp_path / "out"
    result, told = swept(file, store, out)
    assert [trial.name for trial in result.trials] == NAMES
    assert not result.failed and all(trial.best == 0 for trial in result.trials)
    assert all((out / "runs" / name / "evaluation.json").exists() for name in NAMES)
    assert all(f"finished {name}, val_mse 0" in told for name in NAMES)
    first = starts(out)["latent_dim-8_flip-True"][0]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    run_dir = out / "runs" / "latent_dim-8_flip-True"
    assert first["argv"] == [
        "train-autoencoder", "--latent_dim=8", "--flip=True", "--backbone=ridge",
        f"--data={store}", f"--run_dir={run_dir}", "--device=auto", f"--threads={cores}",
    ]  # fmt: skip
    before = starts(out)
    again, _ = swept(file, store, out)
    assert starts(out) == before and [trial.state for trial in again.trials] == ["finished"] * 4
    assert (out / "sweep.yaml").read_text() == file.read_text()


def test_max_runs_limits_and_a_later_start_goes_on(tmp_path: Path, store: Path) -> None:
    file, out = written(tmp_path, GRID), tmp_path / "out"
    swept(file, store, out, max_runs=1)
    assert list(starts(out)) == NAMES[:1]
    swept(file, store, out)
    assert sorted(starts(out)) == sorted(NAMES)
    assert all(len(notes) == 2 for notes in starts(out).values())


def test_two_jobs_overlap_and_share_the_threads(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ridgecode.study.sweep_engine._cores", lambda: 6)
    content = GRID | {"parameters": {**GRID["parameters"], "pause": {"value": 0.2}}}
    out = tmp_path / "out"
    result, _ = swept(written(tmp_path, content), store, out, jobs=2)
    assert not result.failed
    events = []
    for begin, end in starts(out).values():
        assert begin["threads"] == "3" and "--threads=3" in begin["argv"]
        events += [(begin["time"], 1), (end["end"], -1)]
    running = list(itertools.accumulate(change for _, change in sorted(events)))
    assert max(running) == 2


def test_a_failed_trial_is_told_and_tried_again_next_time(tmp_path: Path, store: Path) -> None:
    file, out = written(tmp_path, GRID), tmp_path / "out"
    out.mkdir()
    mark = out / f"fail_{NAMES[1]}"
    mark.touch()
    result, told = swept(file, store, out)
    assert [trial.name for trial in result.failed] == [NAMES[1]]
    assert result.failed[0].message == "train: ridgecode: this trial was told to fail"
    assert told.count("this trial was told to fail") == 2, "when it happens and in the list at the end"
    assert [trial.state for trial in result.trials] == ["finished", "failed", "finished", "finished"]
    mark.unlink()
    again, _ = swept(file, store, out)
    assert not again.failed and {name: len(notes) for name, notes in starts(out).items()} == dict.fromkeys(NAMES, 2) | {
        NAMES[1]: 3
    }


def test_a_trial_that_ends_well_without_finishing_has_failed(tmp_path: Path, store: Path) -> None:
    nothing = (sys.executable, "-c", "pass")
    out = tmp_path / "out"
    result = run_sweep(written(tmp_path, GRID), store, out, report=False, program=nothing, max_runs=1)
    assert "environment.json does not say finished" in result.failed[0].message


@pytest.mark.parametrize("jobs", [1, 2])
def test_kill_9_in_the_middle_then_the_same_command(tmp_path: Path, store: Path, jobs: int) -> None:
    content = GRID | {"parameters": {**GRID["parameters"], "pause": {"value": 0.4}}}
    file, out = written(tmp_path, content), tmp_path / "out"
    sweep = start_sweep(file, store, out, jobs)
    wait_until(lambda: len(starts(out)) > jobs and (out / "runs" / NAMES[jobs] / "metrics.jsonl").exists())
    sweep.kill()
    sweep.wait()
    killed = {name: notes[0]["pid"] for name, notes in starts(out).items() if len(notes) == 1}
    assert killed, "the sweep was killed while a trial ran"
    broken = {name: (out / "runs" / name / "metrics.jsonl").read_text() for name in killed}
    options = [trial["options"] for trial in json.loads((out / "trials.json").read_text())["trials"]]
    if sys.platform.startswith("linux"):
        wait_until(lambda: not any(alive(pid) for pid in killed.values()), 5)
    result, _ = swept(file, store, out, jobs=3 - jobs)
    assert sorted(trial.name for trial in result.trials) == sorted(NAMES) and not result.failed
    for name, notes in starts(out).items():
        if name not in killed:
            assert len(notes) == 2, "a finished trial is not started again"
            continue
        assert notes[0]["argv"] == notes[1]["argv"], "a broken trial is resumed by its own command line"
        lines = (out / "runs" / name / "metrics.jsonl").read_text()
        assert lines.startswith(broken[name]) and len(lines.splitlines()) == 3
    assert [trial.options for trial in result.trials[: len(options)]] == options


def test_a_trial_that_outlived_its_sweep_is_ended_before_it_is_started_again(tmp_path: Path) -> None:
    """As where the kernel can't end it, or it takes its time to end: the lock lasts as long as the process."""
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
    )
    log, lock = tmp_path / "a.log", tmp_path / "a.lock"
    old = TrialProcess([sys.executable, "-c", stubborn], log, lock, os.environ)
    wait_until(lambda: "here" in log.read_text().splitlines())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ridgecode.study.sweep_process.GRACE_SECONDS", 0.2)
        new = TrialProcess([sys.executable, "-c", "print('new')"], log, lock, os.environ)
    wait_until(lambda: new.exit_code is not None)
    assert old.exit_code == -signal.SIGKILL and old.last_sentence() == "it was ended by SIGKILL"
    assert new.exit_code == 0 and new.last_sentence() == "new"


def test_ctrl_c_ends_the_trials_and_loses_nothing(tmp_path: Path, store: Path) -> None:
    content = GRID | {"parameters": {**GRID["parameters"], "pause": {"value": 20}}}
    file, out = written(tmp_path, content), tmp_path / "out"
    sweep = start_sweep(file, store, out, jobs=2)
    wait_until(lambda: len(starts(out)) == 2)
    sweep.send_signal(signal.SIGINT)
    assert sweep.wait(10) != 0
    assert not any(alive(notes[0]["pid"]) for notes in starts(out).values())
    assert len(json.loads((out / "trials.json").read_text())["trials"]) == 2


def test_a_folder_in_use_is_refused(tmp_path: Path, store: Path) -> None:
    content = GRID | {"parameters": {**GRID["parameters"], "pause": {"value": 20}}}
    file, out = written(tmp_path, content), tmp_path / "out"
    sweep = start_sweep(file, store, out)
    try:
        wait_until(lambda: starts(out))
        with pytest.raises(BadInput, match="in use"):
            swept(file, store, out)
    finally:
        sweep.terminate()
        sweep.wait()


def test_folders_and_settings_that_do_not_fit_are_refused(tmp_path: Path, store: Path) -> None:
    file, out = written(tmp_path, GRID), tmp_path / "out"
    swept(file, store, out, max_runs=1)
    other = GRID | {"parameters": {"latent_dim": {"values": [8, 32]}}}
    with pytest.raises(BadInput, match="another sweep"):
        swept(written(tmp_path, other, "other.yaml"), store, out)
    (store / "store.json").write_text('{"digest": "another"}')
    with pytest.raises(BadInput, match="another store"):
        swept(file, store, out)
    with pytest.raises(BadInput, match="ridgecode prepare"):
        swept(file, tmp_path / "nothing", tmp_path / "out2")
    with pytest.raises(BadInput, match="--jobs 0"):
        swept(file, store, out, jobs=0)
    endless = GRID | {"method": "random"}
    with pytest.raises(BadInput, match="run_cap"):
        swept(written(tmp_path, endless, "endless.yaml"), store, tmp_path / "out3")
    (out / "trials.json").write_text("{")
    with pytest.raises(BadInput, match=r"trials\.json"):
        swept(file, store, out)


def test_bayes_sweep_gives_the_same_trials_broken_or_not(tmp_path: Path, store: Path) -> None:
    content = GRID | {
        "method": "bayes",
        "run_cap": 6,
        "parameters": {"x": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0}},
    }
    file = written(tmp_path, content)
    whole, _ = swept(file, store, tmp_path / "whole")
    for limit in (2, 4, 0):
        parts, _ = swept(file, store, tmp_path / "parts", max_runs=limit)
    assert [trial.parameters for trial in parts.trials] == [trial.parameters for trial in whole.trials]
    assert len(whole.trials) == 6
    assert whole.trials[-1].best == pytest.approx(
        metric_history(tmp_path / "whole/runs" / whole.trials[-1].name, read_metric(file))[-1]
    )


def read_metric(file: Path) -> Any:
    from ridgecode.study.sweep_file import read_sweep_file

    return read_sweep_file(file).metric


def test_metric_history_leaves_out_what_is_no_figure(tmp_path: Path) -> None:
    lines = ['{"val_mse": 0.5}', '{"epoch": 1}', "[1]", '{"val_mse": "x"}', '{"val_mse": 0.25}', '{"val_m']
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines))
    metric = read_metric(written(tmp_path, GRID))
    assert metric_history(tmp_path, metric) == [0.5, 0.25]
    assert metric_history(tmp_path, None) == [] == metric_history(tmp_path / "none", metric)


def test_an_agents_environment_does_not_reach_the_trials(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_RUN_ID", "agents")
    show = "import os; print(os.environ.get('WANDB_RUN_ID'), os.environ['WANDB_RUN_GROUP']); raise SystemExit(1)"
    out = tmp_path / "out"
    program = (sys.executable, "-c", show)
    result = run_sweep(written(tmp_path, GRID), store, out, report=False, program=program, max_runs=1)
    assert result.failed[0].message == "train: None sizes-out"


@pytest.mark.parametrize(
    ("verb", "parameter", "said"),
    [
        ("train-autoencodr", "latent_dim", "can't run the verb train-autoencodr"),
        ("train-autoencoder", "latent_dims", "has no flag --latent_dims"),
        ("train-matcher", "latent_dim", "train-matcher has no flag --latent_dim"),
    ],
)
def test_names_that_no_trial_knows_are_refused_before_any_starts(
    tmp_path: Path, store: Path, verb: str, parameter: str, said: str
) -> None:
    content = {"command": ["ridgecode", verb, "${args}"], "method": "grid", "parameters": {parameter: {"value": 8}}}
    with pytest.raises(BadInput, match=said):
        run_sweep(written(tmp_path, content), store, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_store_that_is_none_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no prepared store"):
        run_sweep(written(tmp_path, GRID), tmp_path / "nowhere", tmp_path / "out", program=FAKE)
    assert not (tmp_path / "out").exists()
