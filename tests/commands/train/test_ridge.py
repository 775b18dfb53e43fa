"""`ridgecode train-siamese --system ridge`: several stores, resuming, starting from another run, refusals."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ridgecode.commands.cli import main
from ridgecode.commands.train import ridge_settings
from ridgecode.matching.matcher import Matcher
from ridgecode.matching.siamese.saved import load_siamese
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.synthesise import synthesise
from support.forked_runs import killed_runs

Refused = Callable[..., str]
KILLED = (
    killed_runs(
        "ridgecode.training.ridge_siamese.RidgeTraining", "ridgecode.commands.train.ridge_settings.STEPS_PER_EPOCH", 2
    )
    + """
whole, broken = sys.argv[1:3]
common = sys.argv[3:]
assert run([*common, "--run_dir", whole], 0) == 0
assert run([*common, "--run_dir", broken], 4) == -signal.SIGKILL
assert run([*common, "--run_dir", broken], 0) == 0
"""
)


def train(run: Path, *flags: object) -> list[str]:
    common = ["train-siamese", "--system", "ridge", "--run_dir", str(run), "--device", "cpu", "--threads", "1"]
    return [*common, "--tracker", "none", *(str(flag) for flag in flags)]


@pytest.fixture(scope="module")
def impressions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of synthetic second impressions of a larger field of view: 40 fingers of 2 impressions."""
    folder = tmp_path_factory.mktemp("impressions")
    synthesise(4, 2, folder / "images", alterations=False, progress=False, field_of_view=1.3)
    return prepare("impressions", folder / "images", folder / "store", progress=False, person_digits=0).path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, matching_store: Path, impressions: Path) -> Path:
    run = tmp_path_factory.mktemp("run") / "ridge"
    data = ("--data", f"{matching_store},{impressions}", "--shares", "0.5,0.5")
    assert main(train(run, *data, "--max_steps", 4, "--batch_size", 16)) == 0
    return run


def test_a_run_of_two_stores_has_figures_of_both_and_templates_of_64_bytes(trained: Path) -> None:
    row = json.loads((trained / "metrics.jsonl").read_text().splitlines()[-1])
    assert row["val_eer"] == pytest.approx((row["val_eer_moved"] + row["val_eer_impressions"]) / 2)
    saved = load_siamese(trained / "model.safetensors")
    assert saved.facts.template is not None and saved.facts.template.bytes == 64
    assert json.loads((trained / "evaluation.json").read_text())["bytes"] == 64


def test_a_matcher_of_such_a_run_scores_a_print_with_itself_highest(trained: Path, impressions: Path) -> None:
    matcher = Matcher.load(trained)
    store = PrintStore.open(impressions)
    prints = store.fitted(lambda one: one[:, :100, :100] if len(one) else np.empty((0, 100, 100), np.uint8))
    templates = matcher.templates(prints.stack(np.arange(4)))
    scores = matcher.score(templates, templates)
    assert templates.data.shape == (4, 64)
    assert (scores.argmax(axis=1) == np.arange(4)).all()


def test_a_killed_run_ends_with_the_weights_of_an_unbroken_one(tmp_path: Path, matching_store: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    flags = ("--data", matching_store, "--max_steps", 4, "--batch_size", 8, "--evaluate", "false")
    command = train(whole, *flags)
    at = command.index("--run_dir")
    subprocess.run(
        [sys.executable, "-c", KILLED, str(whole), str(broken), *command[:at], *command[at + 2 :]], check=True
    )
    assert (whole / "model.safetensors").read_bytes() == (broken / "model.safetensors").read_bytes()
    assert len((broken / "metrics.jsonl").read_text().splitlines()) == 2


def test_start_from_begins_with_the_other_runs_weights(
    trained: Path, tmp_path: Path, matching_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = ("--data", matching_store, "--max_steps", 1, "--batch_size", 8, "--evaluate", "false")
    assert main(train(tmp_path / "more", *flags, "--start_from", trained, "--learning_rate", 1e-9)) == 0
    theirs, ours = (load_siamese(run / "model.safetensors").net.state_dict() for run in (trained, tmp_path / "more"))
    name = "branch.0.weight" if "branch.0.weight" in theirs else next(key for key in theirs if key.endswith("weight"))
    np.testing.assert_allclose(ours[name], theirs[name], atol=1e-6)


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (("--channels", 3), "--channels 3"),
        (("--n_pairs", 10), "--n_pairs 10"),
        (("--recipe", "published"), "--recipe published"),
        (("--template_bytes", 65), "--template_bytes is 65"),
        (("--template_dim", 100), "100"),
        (("--shares", "0.5,0.5"), "--shares"),
        (("--batch_size", 4), "--batch_size is 4"),
        (("--max_steps", 5, "--max_epochs", 5), "--max_steps 5"),
    ],
)
def test_flags_that_do_not_fit_are_refused_by_name(
    refused: Refused, tmp_path: Path, matching_store: Path, flags: tuple[object, ...], named: str
) -> None:
    said = refused(*train(tmp_path / "run", "--data", matching_store, *flags))
    assert named in said
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("flag", ["shares", "template_bytes", "template_dim", "start_from", "max_steps", "precision"])
def test_flags_of_ridge_are_refused_for_the_published_systems(
    refused: Refused, tmp_path: Path, matching_store: Path, flag: str
) -> None:
    value = {"shares": "1", "template_bytes": 32, "start_from": "x", "precision": "32"}.get(flag, 7)
    command = ["train-siamese", "--system", "subtract", "--data", str(matching_store), "--run_dir", str(tmp_path / "r")]
    said = refused(*command, f"--{flag}", value)
    assert f"--{flag} {value}" in said and "--system ridge" in said


def test_the_steps_of_an_epoch_make_up_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from ridgecode.commands.settings.train_siamese import TrainSiamese

    for asked in (1, 249, 250, 251, 999, 3000):
        found = ridge_settings.ridge_amounts(TrainSiamese("ridge", max_steps=asked))
        assert asked - found.epochs < found.epochs * found.steps <= asked


def test_a_store_that_was_trained_on_is_known_as_such(
    trained: Path, impressions: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Its validation subjects were held out, so that no warning is due."""
    evaluate = ["evaluate", "--run", str(trained), "--data", str(impressions), "--out", str(tmp_path / "found.json")]
    assert main([*evaluate, "--threads", "1"]) == 0
    assert "was not trained on" not in capsys.readouterr().err
    assert json.loads((tmp_path / "found.json").read_text())["other_store"] is False
