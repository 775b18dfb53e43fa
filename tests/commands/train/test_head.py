"""`ridgecode train-head` on a small synthetic store: every comparator and loss learns, resumes and repeats."""

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pytest
import torch
from PIL import Image

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.commands.cli import main
from ridgecode.commands.train import head as train_head
from ridgecode.matching.comparisons import comparison_list, probe_prints, reference_prints
from ridgecode.matching.heads import LatentHead, score_pairs
from ridgecode.matching.saved_matcher import load_matcher
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore
from ridgecode.training import head as head_training
from support.forked_runs import killed_runs

Refused = Callable[..., str]
QUICK: dict[str, object] = {
    "hidden": 16,
    "embedding_dim": 8,
    "batch_size": 8,
    "max_epochs": 1,
    "device": "cpu",
    "threads": 1,
    "tracker": "none",
    "evaluate": False,
}
HEAD_MOVED = ("head", "moved", "all", "all")
# An unbroken run, one that kills itself, the same again.
KILLED = (
    killed_runs("ridgecode.training.head.HeadTraining", "ridgecode.training.head.STEPS_PER_EPOCH", 4)
    + """
unbroken, broken = json.loads(sys.argv[1])
print(json.dumps([run(unbroken, 0), run(broken, 2), run(broken, 11), run(broken, 0)]))
"""
)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_training, "STEPS_PER_EPOCH", 2)


def command(store: Path, model: Path | None, run_dir: Path, /, **flags: object) -> list[str]:
    given = {"data": store, "run_dir": run_dir, **QUICK, **({"model": model} if model else {}), **flags}
    return ["train-head", *(f"--{name}={value}" for name, value in given.items())]


def metrics(run: Path) -> list[dict[str, Any]]:
    """Without what the clock says."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: v for name, v in row.items() if name not in ("seconds", "probes_per_second")} for row in rows]


def scores_of(head: LatentHead, store: Path, model: Path, split: str, protocol: str) -> tuple[np.ndarray, np.ndarray]:
    """(mated, non-mated) scores of the protocol's whole list."""
    prints, autoencoder = PrintStore.open(store), Autoencoder.load(model)
    listed = comparison_list(prints, split, protocol)
    z = autoencoder.encode(probe_prints(prints, listed)), autoencoder.encode(reference_prints(prints, listed))
    scores = score_pairs(head, *z, listed.probe_rows, listed.reference_rows)
    scores = scores.astype(np.float64)  # a threshold just above a float32 score is no float32
    return scores[listed.mated], scores[~listed.mated]


def wrong_order(mated: np.ndarray, non_mated: np.ndarray) -> float:
    """Share of (mated, non-mated) pairs of scores in the wrong order: 1 - AUC, by counting."""
    return float(np.mean(mated[:, None] < non_mated[None, :]))


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("loss", ["infonce", "bce", "contrastive", "triplet"])
@pytest.mark.parametrize("comparator", ["l1", "subtract", "euclidean", "cosine"])
def test_every_comparator_and_loss(
    matching_store: Path, autoencoder_run: Path, tmp_path: Path, comparator: str, loss: str
) -> None:
    run = tmp_path / "run"
    assert main(command(matching_store, autoencoder_run, run, comparator=comparator, loss=loss)) == 0
    (row,) = metrics(run)
    assert row["step"] == 2
    assert all(math.isfinite(value) for value in row.values())
    assert {"train_loss", "val_eer_aligned", "val_eer_moved", "learning_rate"} <= row.keys()
    terms = [value for name, value in row.items() if name.startswith("train_") and name != "train_loss"]
    assert sum(terms) == pytest.approx(row["train_loss"], rel=1e-5)  # the labelled terms of the loss
    matcher = load_matcher(run / "model.safetensors")
    assert (matcher.head.comparator, matcher.facts.loss, matcher.facts.protocol) == (comparator, loss, "moved")
    _, non_mated = scores_of(matcher.head, matching_store, autoencoder_run, "val", "moved")
    assert len(non_mated) == 72
    assert matcher.facts.fmr == pytest.approx(np.mean(non_mated >= matcher.facts.threshold), abs=1e-9)
    assert matcher.facts.fmr <= 0.001
    environment = json.loads((run / "environment.json").read_text())
    assert environment["finished"] is True
    assert (environment["threshold"], environment["threshold_fmr"]) == (matcher.facts.threshold, matcher.facts.fmr)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("loss", ["bce", "contrastive", "triplet"])
@pytest.mark.parametrize("pairs", ["random", "mined"])
def test_pairs(matching_store: Path, autoencoder_run: Path, tmp_path: Path, loss: str, pairs: str) -> None:
    """A triplet's random negative is another finger; mined pairs differ from random ones."""
    runs = {name: tmp_path / name for name in ("auto", pairs)}
    for name, run in runs.items():
        assert main(command(matching_store, autoencoder_run, run, loss=loss, pairs=name)) == 0
    same = (runs["auto"] / "model.safetensors").read_bytes() == (runs[pairs] / "model.safetensors").read_bytes()
    assert same == (pairs == ("mined" if loss == "triplet" else "random"))


@pytest.mark.parametrize(
    ("comparator", "loss"), [("cosine", "infonce"), ("l1", "bce"), ("euclidean", "contrastive"), ("cosine", "triplet")]
)
def test_learning(
    matching_store: Path,
    autoencoder_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    comparator: Any,
    loss: str,
) -> None:
    """Prints of training fingers, moved as the protocol moves them, come out in a better order than untrained."""
    monkeypatch.setattr(head_training, "STEPS_PER_EPOCH", 10)
    flags = {"max_epochs": 8, "batch_size": 20, "hidden": 64, "embedding_dim": 32, "learning_rate": 3e-3}
    run = tmp_path / "run"
    assert main(command(matching_store, autoencoder_run, run, comparator=comparator, loss=loss, **flags)) == 0
    rows = metrics(run)
    if loss != "triplet":  # the hardest triplets of a better head are harder
        assert rows[-1]["train_loss"] < 0.9 * rows[0]["train_loss"]
    last = torch.load(run / "last.ckpt", weights_only=True)["state_dict"]
    saved = Autoencoder.load(autoencoder_run)
    torch.manual_seed(0)
    head = LatentHead(12, 64, 32, comparator, saved.latent_mean, saved.latent_std)
    before = wrong_order(*scores_of(head, matching_store, autoencoder_run, "train", "moved"))
    head.load_state_dict({name.removeprefix("head."): tensor for name, tensor in last.items()})
    after = wrong_order(*scores_of(head, matching_store, autoencoder_run, "train", "moved"))
    assert after < 0.7 * before


@pytest.mark.usefixtures("short")
def test_the_same_seed_gives_the_same_matcher(matching_store: Path, autoencoder_run: Path, tmp_path: Path) -> None:
    files = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert main(command(matching_store, autoencoder_run, tmp_path / name, seed=seed)) == 0
        files.append((tmp_path / name / "model.safetensors").read_bytes())
    assert metrics(tmp_path / "a") == metrics(tmp_path / "b")
    assert files[0] == files[1] != files[2]


def test_killed_and_resumed(matching_store: Path, autoencoder_run: Path, tmp_path: Path) -> None:
    runs = tmp_path / "unbroken", tmp_path / "broken"
    jobs = [command(matching_store, autoencoder_run, run, max_epochs=4, loss="bce", hidden=64) for run in runs]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, json.dumps(jobs)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    # In the first epoch, then in the third of the four.
    assert json.loads(done.stdout.splitlines()[-1]) == [0, -signal.SIGKILL, -signal.SIGKILL, 0]
    assert len(metrics(runs[0])) == 4
    assert metrics(runs[1]) == metrics(runs[0])
    assert (runs[1] / "model.safetensors").read_bytes() == (runs[0] / "model.safetensors").read_bytes()
    ours, theirs = (torch.load(run / "last.ckpt", weights_only=True)["state_dict"] for run in runs)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.usefixtures("short")
def test_runs_without_a_model_share_one_that_is_trained_once(
    matching_store: Path, autoencoder_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def trained(config: Any) -> Path:
        """Takes the place of a training; others that start now must find the lock taken."""
        asked.append(config)
        with pytest.raises(filelock.Timeout):
            filelock.FileLock(tmp_path / f".{config.run_dir.name}.lock").acquire(timeout=0)
        assert config.tracker == "none"  # the agent's run is the matcher's alone
        config.run_dir.mkdir(exist_ok=True)
        (config.run_dir / "model.safetensors").write_bytes((autoencoder_run / "model.safetensors").read_bytes())
        return Path(config.run_dir)

    monkeypatch.setattr(train_head, "train_autoencoder", trained)
    monkeypatch.setenv("WANDB_RUN_ID", "agents01")
    for name in ("a", "b"):
        assert main(command(matching_store, None, tmp_path / name, autoencoder_minutes=0.5)) == 0
    assert asked[0] == asked[1]  # train_autoencoder leaves a finished run as it is
    assert (asked[0].view, asked[0].latent_dim, asked[0].max_minutes) == ("whole", 128, 0.5)
    # Beside the matchers, under a name of its own and not the agent's, which is set.
    assert asked[0].run_dir == tmp_path / "autoencoder-whole-128"
    own = [(tmp_path / name / "autoencoder.safetensors").read_bytes() for name in ("a", "b")]
    assert own[0] == own[1] == (autoencoder_run / "model.safetensors").read_bytes()
    # A finished matcher needs it no more, nor does a resumed one.
    assert main(command(matching_store, None, tmp_path / "a", autoencoder_minutes=0.5)) == 0
    assert len(asked) == 2


@pytest.mark.usefixtures("short")
def test_a_finished_run_is_left_alone_and_another_setting_is_refused(
    matching_store: Path,
    autoencoder_run: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    refused: Refused,
) -> None:
    run = tmp_path / "run"
    assert main(command(matching_store, autoencoder_run, run)) == 0
    before = {path: path.read_bytes() for path in run.iterdir() if path.is_file()}
    mated = comparison_list(PrintStore.open(matching_store), "val", "moved").mated
    of = f" on {mated.sum():,} mated and {(~mated).sum():,} non-mated comparisons; the run lies in"
    assert of in capsys.readouterr().out
    assert main(command(matching_store, autoencoder_run, run)) == 0
    assert "finished already" in capsys.readouterr().err
    assert "--comparator cosine, not l1" in refused(*command(matching_store, autoencoder_run, run, comparator="l1"))
    assert {path: path.read_bytes() for path in run.iterdir() if path.is_file()} == before


@pytest.mark.usefixtures("short")
def test_its_autoencoder_may_move_but_not_change(
    matching_store: Path, autoencoder_run: Path, tmp_path: Path, refused: Refused
) -> None:
    run, model = tmp_path / "run", tmp_path / "model.safetensors"
    content = (autoencoder_run / "model.safetensors").read_bytes()
    model.write_bytes(content)
    assert main(command(matching_store, model, run)) == 0
    assert main(command(matching_store, autoencoder_run, run)) == 0
    model.unlink()
    assert main(command(matching_store, model, run)) == 0  # the run has its own copy
    other = tmp_path / "pca-3"
    flags = ["--backbone=pca", "--view=whole", "--latent_dim=3", "--train_crops=centre", "--tracker=none"]
    flags += [f"--data={matching_store}", f"--run_dir={other}", "--evaluate=False", "--threads=1"]
    assert main(["train-autoencoder", *flags]) == 0
    assert "another autoencoder than --model" in refused(*command(matching_store, other, run))
    assert (run / "autoencoder.safetensors").read_bytes() == content


@pytest.mark.usefixtures("short")
def test_the_threshold_is_the_one_that_evaluate_finds(
    matching_store: Path, autoencoder_run: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    assert main(command(matching_store, autoencoder_run, run, evaluate=True, max_epochs=2)) == 0
    rows = json.loads((run / "evaluation.json").read_text())["matching"]
    row = next(r for r in rows if (r["system"], r["protocol"], r["level"], r["alteration"]) == HEAD_MOVED)
    facts = load_matcher(run / "model.safetensors").facts
    assert (row["threshold"], row["fp"] / row["n_non_mated"]) == (facts.threshold, facts.fmr)
    _, non_mated = scores_of(
        load_matcher(run / "model.safetensors").head, matching_store, autoencoder_run, "val", "moved"
    )
    assert (non_mated >= facts.threshold).mean() <= 0.001


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            {"loss": "infonce", "pairs": "mined"},
            "--loss infonce takes all pairs: leave it out",
        ),
        ({"loss": "hinge"}, "--loss takes one of"),
        ({"comparator": "manhattan"}, "--comparator takes one of"),
        ({"batch_size": 1}, "--batch_size is 1"),
        ({"hidden": 0}, "--hidden is 0"),
        ({"learning_rate": -1}, "--learning_rate is -1"),
        ({"max_minutes": -1}, "--max_minutes is -1"),
        ({"autoencoder_minutes": 0}, "--autoencoder_minutes is 0"),
        ({"data": "nowhere"}, "nowhere"),
        ({"model": "nowhere"}, "nowhere"),
    ],
)
def test_refusals(
    matching_store: Path, autoencoder_run: Path, tmp_path: Path, refused: Refused, flags: dict[str, object], said: str
) -> None:
    assert said in refused(*command(matching_store, autoencoder_run, tmp_path / "run", **flags))
    # The right command then finds no half-begun run in its way.
    assert not (tmp_path / "run").exists()


def test_a_store_with_one_print_a_finger(
    matching_store: Path, autoencoder_run: Path, tmp_path: Path, refused: Refused
) -> None:
    images = tmp_path / "images" / "Real"
    images.mkdir(parents=True)
    for file in (matching_store.parent / "images" / "Real").iterdir():
        (images / file.name).write_bytes(file.read_bytes())
    store = prepare("synthetic", images.parent, tmp_path / "store", progress=False).path
    assert "one print a finger" in refused(*command(store, autoencoder_run, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_a_store_with_one_validation_subject(autoencoder_run: Path, tmp_path: Path, refused: Refused) -> None:
    images = tmp_path / "FVC2002_DB1_B"
    images.mkdir()
    for number, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (20, 97, 90), np.uint8)):
        Image.fromarray(pixels).save(images / f"{101 + number // 2}_{number % 2 + 1}.tif")
    store = PrintStore.open(prepare("fvc", images, tmp_path / "store", progress=False).path)
    assert len(np.unique(store.column("subject")[store.rows("val")])) == 1
    said = refused(*command(store.path, autoencoder_run, tmp_path / "run"))
    assert "has no two validation subjects of one data set" in said and "give a store of more subjects" in said
    assert not (tmp_path / "run").exists()
