"""A run's folder: what it takes in, what it refuses, and what a killed process leaves behind."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
import yaml

from ridgecode.errors import BadInput
from ridgecode.runs.run_folder import NOT_COMPARED, RunFolder, plain


@dataclass(frozen=True)
class Settings:
    data: Path = Path("store")
    run_dir: Path = Path("run")
    latent_dim: int = 8
    distortion: str = "mse"
    learning_rate: float = 0.002
    seed: int = 3
    threads: int = 0
    device: str = "auto"


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "deep/run")


def begun(run: RunFolder) -> RunFolder:
    """`run` with the settings above and a checkpoint, so that there is work to protect."""
    run.begin("v", Settings(), "abc")
    run.checkpoint.touch()
    return run


def test_begin_writes_settings_and_environment(run: RunFolder) -> None:
    run.begin("train-autoencoder", Settings(), "abc")
    expected = {"verb": "train-autoencoder", **plain(Settings())}
    assert yaml.safe_load(run.config.read_text()) == expected == run.read_config()
    about = json.loads(run.environment.read_text())
    assert about["data_digest"] == "abc"
    assert about["seed"] == 3
    assert about["finished"] is False
    assert about["versions"]["torch"] == torch.__version__
    assert not run.finished()


def test_the_same_settings_resume(run: RunFolder) -> None:
    begun(run)
    before = run.config.read_bytes()
    run.begin("v", Settings(), "abc")
    # How and where it is carried out may change.
    run.begin("v", replace(Settings(), data=Path("moved"), threads=1, device="cpu"), "abc")
    assert run.config.read_bytes() == before


@pytest.mark.parametrize(
    "change", [{"latent_dim": 16}, {"distortion": "bce"}, {"learning_rate": 0.001}, {"seed": 4}], ids=str
)
def test_other_settings_are_refused(run: RunFolder, change: dict[str, object]) -> None:
    begun(run)
    (name,) = change
    old = getattr(Settings(), name)
    with pytest.raises(BadInput, match=f"--{name} {old}, not {change[name]}; choose another --run_dir"):
        run.begin("v", replace(Settings(), **change), "abc")  # type: ignore[arg-type]
    assert run.read_config()[name] == old


@pytest.mark.parametrize("kept", ["last.ckpt", "model.safetensors"])
def test_a_run_without_a_checkpoint_gives_way_to_other_settings(run: RunFolder, kept: str) -> None:
    """What a refused command, or one killed in its first epoch, has left."""
    run.begin("v", Settings(), "abc")
    run.begin("w", replace(Settings(), latent_dim=16), "abd")
    assert run.read_config() == {"verb": "w", **plain(replace(Settings(), latent_dim=16))}
    assert run.read_environment()["data_digest"] == "abd"
    (run.path / kept).touch()
    with pytest.raises(BadInput, match="--latent_dim 16, not 8"):
        run.begin("w", Settings(), "abd")


def test_a_finished_run_without_its_weights_is_protected(run: RunFolder) -> None:
    """As results/ keeps them."""
    run.begin("v", Settings(), "abc")
    run.write_environment({"finished": True})
    with pytest.raises(BadInput, match="--latent_dim 8, not 16"):
        run.begin("v", replace(Settings(), latent_dim=16), "abc")


def test_nothing_of_a_run_that_gave_way_stays(run: RunFolder) -> None:
    run.begin("v", Settings(), "abc")
    run.write_environment({"threshold": 0.5})
    left = [run.path / "tracker.json", run.metrics, run.sheets / "training.png"]
    run.sheets.mkdir()
    for path in left:
        path.touch()
    run.begin("v", Settings(), "abc")
    assert all(path.is_file() for path in left)  # the same run goes on
    run.begin("v", replace(Settings(), latent_dim=16), "abc")
    assert not any(path.exists() for path in left)
    assert "threshold" not in run.read_environment()


def test_two_trainings_in_one_folder(run: RunFolder) -> None:
    with run.held(), pytest.raises(BadInput, match="in use by another training"), RunFolder(run.path).held():
        pass
    with RunFolder(run.path).held():
        pass


def test_another_programs_folder_is_left_alone(run: RunFolder) -> None:
    run.path.mkdir(parents=True)
    run.config.write_text("theme: dark\n")
    with pytest.raises(BadInput, match="that ridgecode did not write"):
        run.begin("v", Settings(), "abc")
    assert run.config.read_text() == "theme: dark\n"


def test_other_data_are_refused(run: RunFolder) -> None:
    begun(run)
    with pytest.raises(BadInput, match="another store"):
        run.begin("v", Settings(), "abd")


def test_a_setting_that_the_old_run_did_not_know(run: RunFolder) -> None:
    begun(run)
    content = run.read_config()
    del content["distortion"]
    run.config.write_text(yaml.safe_dump(content))
    with pytest.raises(BadInput, match="--distortion"):
        run.begin("v", Settings(), "abc")


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "run").touch()
    with pytest.raises(BadInput, match="is a file"):
        RunFolder(tmp_path / "run").held().__enter__()


def test_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not a run"):
        RunFolder(tmp_path).read_config()
    (tmp_path / "config.yaml").write_text("just words")
    with pytest.raises(BadInput, match="holds no settings"):
        RunFolder(tmp_path).read_config()
    (tmp_path / "environment.json").write_text('{"half": ')
    with pytest.raises(BadInput, match="is not JSON"):
        RunFolder(tmp_path).finished()


def test_finished(run: RunFolder) -> None:
    assert not run.finished()
    run.begin("v", Settings(), "abc")
    run.write_environment({"finished": True, "seconds": 1.5})
    assert run.finished()
    about = run.read_environment()
    assert (about["data_digest"], about["seconds"]) == ("abc", 1.5)


def test_metrics_of_a_killed_run(run: RunFolder) -> None:
    assert run.metrics_before(5) == []
    run.path.mkdir(parents=True)
    rows = [{"epoch": epoch, "val_mse": epoch / 10} for epoch in range(4)]
    for row in rows:
        run.append_metrics(row)
    with run.metrics.open("a") as file:
        file.write('{"epoch": 4, "val_')
    assert run.metrics_before(10) == rows
    assert run.metrics_before(2) == rows[:2]
    run.write_metrics(run.metrics_before(3))
    assert [json.loads(line) for line in run.metrics.read_text().splitlines()] == rows[:3]


def test_what_is_not_compared_is_not_what_a_run_is() -> None:
    assert not NOT_COMPARED & {"latent_dim", "distortion", "learning_rate", "seed", "max_epochs", "batch_size"}


def test_a_refused_training_leaves_no_folder(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "runs" / "deep" / "run")
    with pytest.raises(BadInput, match="no"), run.held():
        run.begin("v", Settings(), "abc")
        raise BadInput("no")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [BadInput("no"), KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_what_was_there_or_has_begun_stays(tmp_path: Path, error: BaseException) -> None:
    run = RunFolder(tmp_path / "mine")
    run.path.mkdir()
    (run.path / "notes.txt").touch()
    with pytest.raises(type(error)), run.held():
        raise error
    assert (run.path / "notes.txt").exists()
    other = RunFolder(tmp_path / "other")
    with pytest.raises(type(error)), other.held():
        begun(other)
        raise error
    assert other.begun()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "choose another --run_dir"),
        (
            {"SLURM_NTASKS": "4", "SLURM_PROCID": "2"},
            "SLURM has started this command 4 times, and this is SLURM_PROCID=2",
        ),
        ({"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "1"}, "mpirun has started this command 2 times"),
        ({"WORLD_SIZE": "2", "RANK": "1"}, "torchrun has started this command 2 times"),
    ],
)
def test_who_has_started_the_other_training(
    run: RunFolder, variables: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SLURM_NTASKS", "SLURM_STEP_NUM_TASKS", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with run.held(), pytest.raises(BadInput) as refused, run.held():
        pass
    assert said in str(refused.value) and ("has started" in str(refused.value)) is bool(variables)


def test_a_checkpoint_that_an_earlier_version_left_half_written(run: RunFolder) -> None:
    run.path.mkdir(parents=True)
    (run.path / ".last.ckpt").touch()
    run.begin("v", Settings(), "abc")
    assert not (run.path / ".last.ckpt").exists()
