"""`ridgecode train-autoencoder` on a small synthetic store: what a run writes, refuses, and how it ends."""

import io
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import wandb
import yaml
from PIL import Image

from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.commands.cli import main
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.synthesise import synthesise
from support import quick_trainings
from support.quick_trainings import metrics, training

QUICK: dict[str, object] = {"backbone": "ridge", "latent_dim": 4, "precision": "32"}


def command(store: Path, run_dir: Path, **flags: object) -> list[str]:
    return training(store, run_dir, **(QUICK | flags))


def about(run_dir: Path) -> dict[str, Any]:
    return dict(json.loads((run_dir / "environment.json").read_text()))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def validation_crops(store: Path) -> torch.Tensor:
    prints = PrintStore.open(store)
    crops = [prints.image(int(row))[32:64, 29:61] for row in prints.rows("val")]
    return torch.from_numpy(np.stack(crops)).unsqueeze(1).float() / 255


@pytest.fixture(scope="module")
def trained(synthetic_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of 30 epochs; read it only."""
    run_dir = tmp_path_factory.mktemp("trained") / "run"
    assert main(command(synthetic_store, run_dir, max_epochs=30, seed=3)) == 0
    return run_dir


@pytest.fixture
def sentence(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command that must be refused; returns its one sentence."""

    def refused(arguments: list[str]) -> str:
        capsys.readouterr()
        assert main(arguments) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("ridgecode: ")
        assert said.err.count("\n") == 1
        return said.err

    return refused


def test_run_folder(trained: Path, synthetic_store: Path) -> None:
    names = {path.name for path in trained.iterdir() if path.name != ".lock"}
    assert names == {"config.yaml", "metrics.jsonl", "model.safetensors", "last.ckpt", "environment.json", "sheets"}
    config = yaml.safe_load((trained / "config.yaml").read_text())
    assert config["verb"] == "train-autoencoder"
    assert (config["data"], config["run_dir"]) == (str(synthetic_store), str(trained))
    given = quick_trainings.QUICK | QUICK | {"max_epochs": 30}
    assert {name: config[name] for name in given} == given
    assert (config["seed"], config["distortion"], config["view"]) == (3, "mse", "crop32")
    environment = about(trained)
    assert environment["finished"] is True
    assert environment["seconds"] > 0
    assert environment["data_digest"] == PrintStore.open(synthetic_store).digest
    with Image.open(trained / "sheets/training.png") as sheet:
        assert sheet.width > 100
    torch.load(trained / "last.ckpt", weights_only=True)


def test_metrics(trained: Path) -> None:
    rows = metrics(trained)
    assert [row["epoch"] for row in rows] == list(range(30))
    assert [row["step"] for row in rows] == [3 * (epoch + 1) for epoch in range(30)]  # 50 prints in batches of 16
    for row in rows:
        assert {"seconds", "train_loss", "val_loss", "val_mse", "val_psnr_db", "learning_rate", "crops_per_second"} <= (
            row.keys()
        )
        assert all(isinstance(value, int | float) and math.isfinite(value) for value in row.values())
        assert row["val_loss"] >= row["val_mse"] - 1e-6  # of raw output; clamping it to grey can only bring it nearer
    seconds = [row["seconds"] for row in rows]
    assert seconds == sorted(seconds)


def test_learning_rate_follows_the_cosine(trained: Path) -> None:
    for row in metrics(trained):
        used = (row["step"] - 1) / 90
        if used > 0.02:
            assert row["learning_rate"] == pytest.approx(4e-3 * math.cos(math.pi * used / 2) ** 2, rel=1e-6)


def test_learning_falls(trained: Path) -> None:
    rows = metrics(trained)
    assert rows[-1]["train_loss"] < 0.8 * rows[0]["train_loss"]
    assert min(row["val_loss"] for row in rows) < rows[0]["val_loss"]


def test_the_model_is_the_best_epochs(trained: Path, synthetic_store: Path) -> None:
    rows = metrics(trained)
    best = min(rows, key=lambda row: row["val_loss"])
    assert about(trained)["best_epoch"] == best["epoch"]
    model, x = load_autoencoder(trained), validation_crops(synthetic_store)
    with torch.no_grad():
        each = (model.net.decode(model.net.encode(x)) - x).square().mean((1, 2, 3))
    assert float(each.mean()) == pytest.approx(best["val_mse"], rel=1e-4)
    assert float((-10 * each.log10()).mean()) == pytest.approx(best["val_psnr_db"], rel=1e-4)


def test_scale_of_latent_vectors_is_the_training_prints(trained: Path, synthetic_store: Path) -> None:
    prints = PrintStore.open(synthetic_store)
    crops = np.stack([prints.image(int(row))[32:64, 29:61] for row in prints.rows("train")])
    model = load_autoencoder(trained)
    z = model.net.encode(torch.from_numpy(crops).unsqueeze(1).float() / 255).numpy()
    np.testing.assert_allclose(model.latent_mean.numpy(), z.mean(0), atol=1e-4)
    np.testing.assert_allclose(model.latent_std.numpy(), z.std(0, ddof=1), rtol=1e-3)


def test_a_finished_run_is_left_alone(trained: Path, synthetic_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(trained)
    assert main(command(synthetic_store, trained, max_epochs=30, seed=3)) == 0
    assert "finished already" in capsys.readouterr().err
    assert contents(trained) == before


def test_other_settings_in_the_same_folder(
    trained: Path, synthetic_store: Path, sentence: Callable[[list[str]], str]
) -> None:
    before = contents(trained)
    said = sentence(command(synthetic_store, trained, max_epochs=30, seed=4))
    assert str(trained) in said
    assert "--seed 3, not 4" in said
    assert contents(trained) == before


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("--latent_dims=8", "--latent_dims is no flag of this verb (did you mean --latent_dim?)"),
        ("--backbone=ridges", "--backbone takes one of pca, resnet18, resnet50, ridge, not ridges"),
        ("--distortion=ssim", "--distortion takes one of"),
        ("--latent_dim=-3", "--latent_dim is -3; give 1 or more"),
        ("--latent_dim=many", "--latent_dim takes"),
        ("--max_minutes=-1", "--max_minutes is -1"),
        ("--learning_rate=nan", "--learning_rate takes float, not nan"),
        ("--batch_size=-1", "--batch_size is -1; give 0 or more"),
        ("--seed=-1", "--seed is -1"),
        ("--devices=0", "--devices is 0; give 1 or more"),
        ("--pooling=max", "--pooling takes one of auto, mean, none, not max"),
        ("--seed_size=5", "--seed_size is 5; the decoder's first map has 4 places a side"),
        ("--first_conv=true", "--first_conv is a part of resnet18 and resnet50"),
    ],
)
def test_bad_flags(
    flag: str, said: str, synthetic_store: Path, tmp_path: Path, sentence: Callable[[list[str]], str]
) -> None:
    assert said in sentence([*command(synthetic_store, tmp_path / "run"), flag])
    assert not (tmp_path / "run").exists()


def test_an_unknown_strategy(synthetic_store: Path, tmp_path: Path, sentence: Callable[[list[str]], str]) -> None:
    said = sentence(command(synthetic_store, tmp_path / "run", strategy="dppp"))
    assert "--strategy dppp" in said and said.endswith("; try auto or ddp\n")
    # The right command finds no half-begun run in its way, whatever its other settings.
    assert main(command(synthetic_store, tmp_path / "run", max_epochs=1, latent_dim=3)) == 0


def test_cuda_where_there_is_none(synthetic_store: Path, tmp_path: Path, sentence: Callable[[list[str]], str]) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert "--device cuda" in sentence(command(synthetic_store, tmp_path / "run", device="cuda"))


def test_data_that_cannot_be_trained_on(tmp_path: Path, sentence: Callable[[list[str]], str]) -> None:
    assert str(tmp_path / "none") in sentence(command(tmp_path / "none", tmp_path / "run"))
    synthesise(1, 1, tmp_path / "images", alterations=False, progress=False)
    one_subject = prepare("synthetic", tmp_path / "images", tmp_path / "store", progress=False).path
    assert "more subjects" in sentence(command(one_subject, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_a_damaged_checkpoint(synthetic_store: Path, tmp_path: Path, sentence: Callable[[list[str]], str]) -> None:
    run_dir = tmp_path / "run"
    assert main(command(synthetic_store, run_dir, max_epochs=1)) == 0
    environment = about(run_dir) | {"finished": False}
    (run_dir / "environment.json").write_text(json.dumps(environment))
    whole = (run_dir / "last.ckpt").read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"text"):
        (run_dir / "last.ckpt").write_bytes(damaged)
        assert "last.ckpt" in sentence(command(synthetic_store, run_dir, max_epochs=1))
    # A version with another optimiser wrote it.
    content = torch.load(io.BytesIO(whole), weights_only=True)
    content["optimizer_states"][0]["param_groups"].pop()
    torch.save(content, run_dir / "last.ckpt")
    assert "last.ckpt" in sentence(command(synthetic_store, run_dir, max_epochs=1))


def test_bce(synthetic_store: Path, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    assert main(command(synthetic_store, run_dir, distortion="bce+l1")) == 0
    x = validation_crops(synthetic_store).double()
    inner = x[(x > 0) & (x < 1)]
    floor = float(-(inner * inner.log() + (1 - inner) * (1 - inner).log()).sum() / x.numel())
    for row in metrics(run_dir):
        assert row["val_bce_above_floor"] == pytest.approx(row["val_bce"] - floor, abs=1e-5)
        assert row["val_bce_above_floor"] > 0
        assert row["val_loss"] == pytest.approx(row["val_bce"] + row["val_l1"], rel=1e-5)
        assert row["train_loss"] == pytest.approx(row["train_bce"] + row["train_l1"], rel=1e-5)
    assert load_autoencoder(run_dir).net.logits


def test_whole_view(synthetic_store: Path, tmp_path: Path) -> None:
    assert main(command(synthetic_store, tmp_path / "run", view="whole", max_epochs=1)) == 0
    assert load_autoencoder(tmp_path / "run").spec.window.height == 96
    (row,) = metrics(tmp_path / "run")
    # Both are of the print's own pixels, while training has the white margin too.
    assert row["val_loss"] == pytest.approx(row["val_mse"], rel=1e-6)


def test_pca_with_its_evaluation(synthetic_store: Path, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    assert main(command(synthetic_store, run_dir, backbone="pca", latent_dim=16, evaluate=True)) == 0
    (row,) = metrics(run_dir)
    model, x = load_autoencoder(run_dir), validation_crops(synthetic_store)
    mse = float((model.net.decode(model.net.encode(x)) - x).square().mean())
    assert row["val_mse"] == pytest.approx(mse, rel=1e-5)
    assert mse < float((x - x.mean()).square().mean())
    evaluation = json.loads((run_dir / "evaluation.json").read_text())
    assert evaluation["mse"] == pytest.approx(mse, rel=1e-5)
    assert (evaluation["n_prints"], evaluation["split"]) == (10, "val")
    assert about(run_dir)["finished"] is True


def test_pca_refuses(synthetic_store: Path, tmp_path: Path, sentence: Callable[[list[str]], str]) -> None:
    assert "--distortion mse" in sentence(command(synthetic_store, tmp_path / "a", backbone="pca", distortion="bce"))
    assert "--latent_dim 60" in sentence(command(synthetic_store, tmp_path / "b", backbone="pca", latent_dim=60))
    for crops in ("near", "warped"):
        refused = sentence(command(synthetic_store, tmp_path / "c", backbone="pca", train_crops=crops))
        assert f"--train_crops {crops}" in refused and "random or centre" in refused
    assert not (tmp_path / "c").exists()
    # Nothing is left that would stand in the way of the right command.
    assert main(command(synthetic_store, tmp_path / "a", backbone="pca")) == 0
    assert main(command(synthetic_store, tmp_path / "b", backbone="pca")) == 0


def test_pooling_and_seed_reach_the_model_and_its_file(synthetic_store: Path, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    flags = {"pooling": "mean", "seed_size": 2, "max_epochs": 1}
    assert main(command(synthetic_store, run_dir, **flags)) == 0
    saved = load_autoencoder(run_dir)
    assert (saved.spec.pooling, saved.spec.seed_size) == ("mean", 2)
    assert saved.net.to_latent.in_features == 2 * saved.spec.width
    assert saved.net.from_latent.out_features == 2 * saved.spec.width * 2 * 2
    config = yaml.safe_load((run_dir / "config.yaml").read_text())
    assert [config[name] for name in ("pooling", "seed_size", "first_conv", "maxpool1")] == ["mean", 2, False, False]


def test_minutes_end_a_run(synthetic_store: Path, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    assert main(command(synthetic_store, run_dir, max_minutes=0.05, max_epochs=100_000)) == 0
    rows, used = metrics(run_dir), about(run_dir)["seconds"]
    assert 3.0 <= used < 6.0
    assert rows[-1]["epoch"] < 99_999
    assert rows[-1]["seconds"] == pytest.approx(used, abs=1.0)
    # The schedule has followed the clock to its end, not the steps.
    assert rows[-1]["learning_rate"] < 0.1 * max(row["learning_rate"] for row in rows)
    assert about(run_dir)["finished"] is True


@pytest.fixture
def no_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)
    yield
    wandb.teardown()  # W&B reads its environment once a process


@pytest.mark.usefixtures("no_login")
def test_offline_tracker(synthetic_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    run_dir = tmp_path / "run"
    assert main(command(synthetic_store, run_dir, tracker="wandb")) == 0
    assert len(list((run_dir / "wandb").glob("offline-run-*/*.wandb"))) == 1
    assert json.loads((run_dir / "tracker.json").read_text())["wandb_run_id"]
    assert len(metrics(run_dir)) == 2


def test_two_processes_train_together(synthetic_store: Path, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    flags = {"devices": 2, "strategy": "ddp", "batch_size": 8, "max_epochs": 4}
    arguments = [sys.executable, "-m", "ridgecode", *command(synthetic_store, run_dir, **flags)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1"}
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    rows = metrics(run_dir)
    # 50 prints in batches of 8 are 6 steps for one process: each of the two took every second batch.
    assert [(row["epoch"], row["step"]) for row in rows] == [(epoch, 3 * (epoch + 1)) for epoch in range(4)]
    assert rows[-1]["train_loss"] < rows[0]["train_loss"]
    assert about(run_dir)["finished"] is True
    assert load_autoencoder(run_dir).spec.latent_dim == 4
