"""Tracking with the real wandb, offline in a temporary folder: what the W&B file holds, the modes, and failures."""

import json
import logging
import os
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import wandb
from PIL import Image
from wandb.proto import wandb_internal_pb2

from ridgecode.errors import BadInput
from ridgecode.runs.tracking import Tracker, open_tracker, wandb_mode

KEY = "0123456789" * 4


@pytest.fixture(autouse=True)
def no_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A user without a W&B account, settings or agent, in an empty home and working folder."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.chdir(tmp_path)
    yield
    wandb.teardown()  # W&B reads its environment once a process


def records(run_dir: Path) -> list[Any]:
    """Every record of the run folder's W&B files, by the format's description: LevelDB's log behind a 7-byte header."""
    wandb.teardown()  # waits until W&B's service has written everything, as the end of a process does
    found = []
    for path in sorted(run_dir.glob("wandb/*run-*/*.wandb")):
        content, at, parts = path.read_bytes(), 7, b""
        assert content[:4] == b":W&B"
        while at < len(content):
            if 32768 - at % 32768 < 7:  # the end of a block too short for a header
                at += 32768 - at % 32768
                continue
            _, length, kind = struct.unpack_from("<IHB", content, at)
            parts += content[at + 7 : at + 7 + length]
            at += 7 + length
            if kind in (1, 4):  # whole, or the last part
                record = wandb_internal_pb2.Record()
                record.ParseFromString(parts)
                found.append(record)
                parts = b""
    return found


def logged(run_dir: Path) -> list[dict[str, Any]]:
    """The history rows, as dictionaries."""
    rows = [record.history for record in records(run_dir) if record.WhichOneof("record_type") == "history"]
    return [{item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in row.item} for row in rows]


def run_records(run_dir: Path) -> list[Any]:
    return [record.run for record in records(run_dir) if record.WhichOneof("record_type") == "run"]


def run_record(run_dir: Path) -> Any:
    return run_records(run_dir)[-1]


def opened(run_dir: Path, kind: str = "wandb") -> Tracker:
    return open_tracker(kind, run_dir, {"latent_dim": 8, "distortion": "bce+l1"}, "a+b", "train-autoencoder")


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The tracker's own warnings; wandb's log lines go to its debug files."""
    return [record.message for record in caplog.records if record.name == "ridgecode.runs.tracking"]


def test_everything_reaches_the_offline_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run_dir, picture, model = tmp_path / "runs" / "a", tmp_path / "sheet.png", tmp_path / "model.safetensors"
    Image.new("L", (8, 8)).save(picture)
    model.write_bytes(b"weights")
    started = time.monotonic()
    with opened(run_dir) as tracker:
        assert tracker.is_on and "wandb sync" in tracker.where
        tracker.log({"val_mse": 0.5, "epoch": 0}, step=1)
        tracker.log_image("sheet", picture, "truth last", step=1)
        tracker.log({"val_mse": 0.25}, step=2)
        tracker.log_curve("det", picture, ["fmr", "fnmr"], [(0.1, 0.2), (0.2, 0.1)])
        tracker.log_table("latent_sizes", ["latent_dim", "mse"], [(8, 0.1), (16, None)])
        tracker.log_model(model, "autoencoder-a+b", {"mse": 0.25})
        tracker.summary({"best_val_mse": 0.25})
    assert time.monotonic() - started < 20, "offline waits for no network"

    rows = logged(run_dir)
    assert [row["val_mse"] for row in rows if "val_mse" in row] == [0.5, 0.25]
    keys = {key for row in rows for key in row}
    assert {"sheet", "det", "det_points", "latent_sizes"} <= {key.split("/")[0] for key in keys}
    run = run_record(run_dir)
    config = {item.key: json.loads(item.value_json) for item in run.config.update}
    assert config["latent_dim"] == 8 and config["distortion"] == "bce+l1"
    assert (run.project, run.display_name, run.job_type) == ("ridgecode", "a+b", "train-autoencoder")
    assert run.run_id == json.loads((run_dir / "tracker.json").read_text())["wandb_run_id"]
    summaries = [record.summary for record in records(run_dir) if record.WhichOneof("record_type") == "summary"]
    assert ("best_val_mse", "0.25") in [(item.key, item.value_json) for summary in summaries for item in summary.update]
    artifacts = [r.request.log_artifact.artifact for r in records(run_dir) if r.request.HasField("log_artifact")]
    artifacts += [r.artifact for r in records(run_dir) if r.WhichOneof("record_type") == "artifact"]
    assert [(artifact.type, artifact.name) for artifact in artifacts if artifact.type == "model"] == [
        ("model", "autoencoder-a-b")
    ]
    table = next(run_dir.glob("wandb/offline-run-*/files/media/table/latent_sizes*.json"))
    assert json.loads(table.read_text())["data"] == [[8, 0.1], [16, None]]

    out, err = capfd.readouterr()
    assert out == "" and err == ""
    assert not list((tmp_path / "home").glob("[!.]*")) and not (tmp_path / "wandb").exists()


def test_a_resumed_run_continues_its_own_wandb_run(tmp_path: Path) -> None:
    for step in (1, 2):
        with opened(tmp_path / "a") as tracker:
            tracker.log({"val_mse": 1 / step}, step=step)
    ids = {record.run.run_id for record in records(tmp_path / "a") if record.WhichOneof("record_type") == "run"}
    assert len(ids) == 1
    assert [row["val_mse"] for row in logged(tmp_path / "a")] == [1.0, 0.5]
    with opened(tmp_path / "b"):
        pass
    assert run_record(tmp_path / "b").run_id not in ids


def test_a_broken_tracker_file_costs_only_the_old_wandb_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "tracker.json").write_text("{")
    with opened(tmp_path / "a") as tracker:
        assert tracker.is_on
    assert "tracker.json" in caplog.text


# wandb 0.31 leaves the agent's file to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed file .*config.yaml:ResourceWarning")
def test_the_agents_run_and_sweep_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment and the file that `wandb agent` prepares for its child."""
    with opened(tmp_path / "a"):
        pass
    wandb.teardown()
    swept = tmp_path / "config.yaml"
    swept.write_text("latent_dim:\n  value: 64\nwandb_version: 1\n")
    monkeypatch.setenv("WANDB_RUN_ID", "agents01")
    monkeypatch.setenv("WANDB_SWEEP_ID", "sweep001")
    monkeypatch.setenv("WANDB_SWEEP_PARAM_PATH", str(swept))
    monkeypatch.setenv("WANDB_PROJECT", "theirs")
    with opened(tmp_path / "a"):
        pass
    run = next(run for run in run_records(tmp_path / "a") if run.run_id == "agents01")
    assert (run.run_id, run.sweep_id, run.project) == ("agents01", "sweep001", "theirs")
    assert {item.key: item.value_json for item in run.config.update}["latent_dim"] == "64"
    assert json.loads((tmp_path / "a" / "tracker.json").read_text()) == {"wandb_run_id": "agents01"}


def test_exit_code_tells_a_failed_run(tmp_path: Path) -> None:
    with pytest.raises(KeyError), opened(tmp_path / "a"):
        raise KeyError("a crash in training")
    exits = [record.exit for record in records(tmp_path / "a") if record.WhichOneof("record_type") == "exit"]
    assert [exit.exit_code for exit in exits] == [1]


def test_off_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path / "a", "none") as tracker:
        assert not tracker.is_on
        tracker.log({"val_mse": 1.0}, step=0)
        tracker.log_image("sheet", tmp_path / "none.png")
    monkeypatch.setenv("WANDB_MODE", "disabled")
    with opened(tmp_path / "a") as tracker:
        assert not tracker.is_on
    assert not (tmp_path / "a").exists()


def test_words_that_are_not_known_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="--tracker mlflow"):
        opened(tmp_path / "a", "mlflow")
    monkeypatch.setenv("WANDB_MODE", "sometimes")
    with pytest.raises(BadInput, match="WANDB_MODE=sometimes is not known: set it to online, offline or disabled"):
        opened(tmp_path / "a")


@pytest.mark.parametrize(
    ("environment", "netrc", "mode"),
    [
        ({}, "", "offline"),
        ({"WANDB_API_KEY": KEY}, "", "online"),
        ({"WANDB_API_KEY": KEY, "WANDB_MODE": "offline"}, "", "offline"),
        ({"WANDB_API_KEY": KEY, "WANDB_MODE": "dryrun"}, "", "offline"),
        ({"WANDB_MODE": "disabled"}, "", "disabled"),
        ({"WANDB_MODE": "Disabled"}, "", "disabled"),
        ({"WANDB_API_KEY": KEY, "WANDB_MODE": "OFFLINE"}, "", "offline"),
        ({"WANDB_API_KEY": KEY, "WANDB_MODE": "Online"}, "", "online"),
        ({"WANDB_API_KEY": KEY, "WANDB_DISABLED": "true"}, "", "disabled"),
        ({"WANDB_API_KEY": KEY, "WANDB_DISABLED": "1", "WANDB_MODE": "online"}, "", "disabled"),
        ({"WANDB_API_KEY": KEY, "WANDB_DISABLED": "Yes"}, "", "disabled"),
        ({"WANDB_API_KEY": KEY, "WANDB_DISABLED": "false", "WANDB_MODE": "offline"}, "", "offline"),
        ({"WANDB_MODE": "online"}, "", "offline"),
        ({}, f"machine api.wandb.ai login user password {KEY}", "online"),
        ({}, f"machine github.com login user password {KEY}", "offline"),
        ({}, f"default login user password {KEY}", "offline"),
        ({}, "machine api.wandb.ai login", "offline"),
        ({"WANDB_BASE_URL": "https://own.example"}, f"machine api.wandb.ai login user password {KEY}", "offline"),
        ({"WANDB_BASE_URL": "https://own.example"}, f"machine own.example login user password {KEY}", "online"),
    ],
)
def test_modes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], netrc: str, mode: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if netrc:
        path = tmp_path / "home" / ".netrc"
        path.write_text(netrc + "\n")
        path.chmod(0o600)
    assert wandb_mode() == mode


def test_a_shared_run_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "shared")
    with pytest.raises(BadInput, match="WANDB_MODE=shared is for several processes of one W&B run"):
        open_tracker("wandb", tmp_path / "run", {}, "a", "train")


def test_wandb_offline_and_disabled_commands_are_heeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `wandb disabled` leaves in the working folder."""
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    (tmp_path / "wandb").mkdir()
    (tmp_path / "wandb" / "settings").write_text("[default]\nmode = disabled\n")
    assert wandb_mode() == "disabled"


def test_no_network_keeps_the_run_offline_and_tells_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")  # the discard port: nothing listens
    monkeypatch.setattr("ridgecode.runs.tracking.ONLINE_TIMEOUT_SECONDS", 1.0)
    with caplog.at_level(logging.WARNING), opened(tmp_path / "a") as tracker:
        assert "offline" in tracker.where
        tracker.log({"val_mse": 1.0}, step=1)
    assert [row["val_mse"] for row in logged(tmp_path / "a") if "val_mse" in row] == [1.0]
    assert len(warnings_of(caplog)) == 1 and "kept offline" in warnings_of(caplog)[0]


def test_a_tracker_that_fails_is_told_once_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise wandb.Error("the server is on fire")

    with caplog.at_level(logging.WARNING), Tracker(Broken()) as tracker:
        tracker.log({"val_mse": 1.0}, step=1)
        tracker.log_image("sheet", "none.png", step=1)
        tracker.log_table("sizes", ["a"], [(1,)])
        tracker.log_model("none", "model")
        tracker.summary({"val_mse": 1.0})
    assert len(warnings_of(caplog)) == 1 and "the server is on fire" in warnings_of(caplog)[0]


def test_a_start_that_fails_is_told_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**settings: Any) -> None:
        raise RuntimeError("no service")

    monkeypatch.setattr(wandb, "init", broken)
    with caplog.at_level(logging.WARNING), opened(tmp_path / "a") as tracker:
        assert not tracker.is_on
    assert len(warnings_of(caplog)) == 1 and "no service" in warnings_of(caplog)[0]


def test_nothing_prompts_or_chatters_in_a_plain_process(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from ridgecode.runs.tracking import open_tracker\n"
        "with open_tracker('wandb', Path('runs/a'), {}, 'a', 'train') as t: t.log({'x': 1}, step=0); print(t.where)"
    )
    done = subprocess.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("W&B offline; upload with: wandb sync ") and done.stdout.count("\n") == 1
