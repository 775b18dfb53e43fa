"""`train-autoencoder --identity_weight`: the matching loss in training and in its figures."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from ridgecode.commands.cli import main
from ridgecode.prints.store import PrintStore
from support.quick_trainings import metrics, training

QUICK: dict[str, object] = {"width": 8, "latent_dim": 64, "batch_size": 10, "max_epochs": 3}


def command(store: Path, run_dir: Path, **flags: object) -> list[str]:
    return training(store, run_dir, **(QUICK | flags))


@pytest.fixture(scope="module")
def trained(matching_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with a rate and an identity weight; read it only."""
    run_dir = tmp_path_factory.mktemp("identity") / "run"
    assert main(command(matching_store, run_dir, rate_weight=0.02, identity_weight=0.1, max_epochs=12)) == 0
    return run_dir


def test_the_loss_is_the_sum_of_its_weighted_terms(trained: Path) -> None:
    for row in metrics(trained):
        for split in ("train", "val"):
            total = row[f"{split}_mse"] + 0.02 * row[f"{split}_bpp"] + 0.1 * row[f"{split}_identity"]
            assert row[f"{split}_loss"] == pytest.approx(total, rel=1e-5)
    assert metrics(trained)[-1]["train_identity"] < 0.8 * metrics(trained)[0]["train_identity"]


def test_a_weight_makes_mates_alike(matching_store: Path, tmp_path: Path) -> None:
    """Beside the smallest of weights, with the same seed, steps and pairs."""
    for name, weight in (("small", 1e-9), ("large", 1.0)):
        assert main(command(matching_store, tmp_path / name, identity_weight=weight, max_epochs=12)) == 0
    assert metrics(tmp_path / "large")[-1]["train_identity"] < 0.9 * metrics(tmp_path / "small")[-1]["train_identity"]


@pytest.mark.parametrize(
    "flags", [{}, pytest.param({"backbone": "resnet18", "width": 0, "view": "crop32"}, marks=pytest.mark.slow)]
)
def test_it_needs_no_rate_and_no_ridge(matching_store: Path, tmp_path: Path, flags: dict[str, object]) -> None:
    run_dir = tmp_path / "run"
    assert main(command(matching_store, run_dir, identity_weight=0.1, max_epochs=1, **flags)) == 0
    (row,) = metrics(run_dir)
    assert row["train_loss"] == pytest.approx(row["train_mse"] + 0.1 * row["train_identity"], rel=1e-5)
    assert row["val_identity"] > 0


def test_other_impressions_are_mates_too(matching_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a store without altered prints: here the altered ones are told to be further impressions."""
    column = PrintStore.column

    def as_impressions(store: PrintStore, name: str) -> np.ndarray:
        found = column(store, name)
        return np.full_like(found, "Real") if name == "level" else found

    monkeypatch.setattr(PrintStore, "column", as_impressions)
    assert main(command(matching_store, tmp_path / "run", identity_weight=0.1, max_epochs=1)) == 0
    assert "train_identity" in metrics(tmp_path / "run")[0]


def test_equal_runs_give_equal_files(matching_store: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for run_dir in (one, other):
        assert main(command(matching_store, run_dir, rate_weight=0.02, identity_weight=0.1)) == 0
    assert (one / "model.safetensors").read_bytes() == (other / "model.safetensors").read_bytes()


def test_a_run_older_than_the_setting_goes_on(trained: Path, matching_store: Path, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    assert main(command(matching_store, run_dir, max_epochs=1)) == 0
    config = yaml.safe_load((run_dir / "config.yaml").read_text())
    del config["identity_weight"]
    (run_dir / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    assert main(command(matching_store, run_dir, max_epochs=1)) == 0


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"identity_weight": -1}, "--identity_weight is -1"),
        (
            {"identity_weight": 0.1, "backbone": "pca", "width": 0, "latent_dim": 4},
            "--identity_weight needs a network, and --backbone pca",
        ),
        ({"identity_weight": 0.1, "task": "repair"}, "--task repair makes alike by decoding"),
        ({"identity_weight": 0.1, "split_by": "file"}, "--identity_weight takes Real prints by subject"),
        ({"identity_weight": 0.1, "train_levels": "all"}, "--identity_weight takes Real prints by subject"),
        ({"identity_weight": 0.1, "batch_size": 1}, "give --batch_size 2 or more"),
    ],
)
def test_refusals(
    matching_store: Path, tmp_path: Path, refused: Callable[..., str], flags: dict[str, object], said: str
) -> None:
    assert said in refused(*command(matching_store, tmp_path / "run", **flags))
    assert not (tmp_path / "run").exists()


def test_a_head_in_the_loss_is_trained_along_and_its_templates_are_compared(
    trained: Path, matching_store: Path, tmp_path: Path
) -> None:
    head = ["train-head", "--model", str(trained), "--data", str(matching_store), "--run_dir", str(tmp_path / "head")]
    head += ["--head", "places", "--max_steps", "2", "--batch_size", "8", "--tracker", "none", "--evaluate", "false"]
    assert main([*head, "--bank_views", "2", "--threads", "1", "--device", "cpu"]) == 0
    for name in ("one", "other"):
        flags = {"start_from": trained, "rate_weight": 0.02, "identity_weight": 0.1, "identity_head": tmp_path / "head"}
        assert main(command(matching_store, tmp_path / name, **flags)) == 0
    rows = metrics(tmp_path / "one")
    for row in rows:
        total = row["train_mse"] + 0.02 * row["train_bpp"] + 0.1 * row["train_identity"]
        assert row["train_loss"] == pytest.approx(total, rel=1e-5)
    assert rows[-1]["train_identity"] < rows[0]["train_identity"]
    assert (tmp_path / "one" / "model.safetensors").read_bytes() == (
        tmp_path / "other" / "model.safetensors"
    ).read_bytes()


def test_a_head_without_a_weight_and_one_of_another_size_are_refused(
    trained: Path, matching_store: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    said = refused(*command(matching_store, tmp_path / "run", identity_head="x"))
    assert "--identity_head x is for --identity_weight" in said
    said = refused(*command(matching_store, tmp_path / "run", identity_weight=0.1, identity_head=trained))
    assert str(trained) in said and not (tmp_path / "run").exists()
