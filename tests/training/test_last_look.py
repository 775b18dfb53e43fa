"""What the look at the end of a training finds, at hand-made figures and in trainings."""

import json
from pathlib import Path

import pytest

from ridgecode.autoencoders.ridge import RidgeAutoencoder
from ridgecode.commands.cli import main
from ridgecode.training.collapse import DIVERGED, LAST_PATIENCE, CollapseWatch, Health
from ridgecode.training.last_look import fault
from support.quick_trainings import training

WELL = {"val_loss": 0.05, "val_mse": 0.05}


@pytest.mark.parametrize(
    ("validated", "spreads", "said"),
    [
        (WELL, (0.2, 0.3), ""),
        ({"val_loss": float("nan"), "val_mse": 0.05}, (0.2, 0.3), "diverged: its val_loss is nan"),
        ({"val_loss": 1.0, "val_mse": float("inf")}, (0.2, 0.3), "diverged: its val_mse is inf"),
        ({"val_loss": 1.2, "val_mse": 1.2}, (0.2, 0.3), "diverged: its val_mse is 1.2, where one grey image"),
        ({"val_loss": 0.9, "val_mse": 0.9}, (0.2, 0.3), ""),  # bad, but not by so much
        (WELL, (0.0, 0.3), "all prints get the same latent vector"),
        (WELL, (0.2, 1e-4), "all prints are decoded to the same image"),
        (WELL, (0.0, 0.0), "get the same latent vector and are decoded to the same image"),
    ],
)
def test_what_an_autoencoder_shows(validated: dict[str, float], spreads: tuple[float, float], said: str) -> None:
    found = fault(validated, 0.1, *spreads, steps=1000)
    assert said in found and bool(said) == bool(found)


def test_a_first_few_steps_may_draw_nearly_the_same_image() -> None:
    assert fault(WELL, 0.1, 0.2, 1e-4, steps=10) == ""
    assert "decoded to the same image" in fault(WELL, 0.1, 0.2, 0.0, steps=10)


def test_a_short_collapsed_siamese_run_is_found_at_its_end() -> None:
    dead = Health(2.0, 1.0, 0.0)
    watch = CollapseWatch(0.25)
    assert not watch.update(dead, 10)  # every training begins at the floor
    assert watch.last_look(dead, 0.5)
    assert "100 % of the units of a layer are dead, all images get the same embedding" in watch.sentence
    assert not watch.last_look(dead, 0.5)  # once


def test_a_hopeless_run_needs_no_patience() -> None:
    watch = CollapseWatch(0.25)
    assert watch.update(Health(2.0, 1.0, 0.0), 100)
    assert not CollapseWatch(0.25).update(Health(0.5, 1.0, 0.3), 100)  # a dead layer beside others that live


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), 1e21, 0.25 * DIVERGED + 1])
def test_a_diverged_siamese_run_is_found_at_its_end(loss: float) -> None:
    watch = CollapseWatch(0.25)
    assert watch.last_look(Health(loss / 0.25, 0.1, 0.3), loss)
    assert watch.sentence.startswith("this run has diverged") and "lower --learning_rate" in watch.sentence


def test_a_fine_short_run_is_left_in_peace() -> None:
    watch = CollapseWatch(0.25)
    for epoch in range(LAST_PATIENCE - 1):
        assert not watch.update(Health(1.0, 0.2, 0.3), 100 + epoch)
    assert not watch.last_look(Health(1.0, 0.2, 0.3), 0.25)
    assert watch.sentence == ""
    watch.update(Health(1.0, 0.2, 0.3), 200)
    assert watch.last_look(Health(1.0, 0.2, 0.3), 0.25)  # as many epochs at the floor as the last look wants


@pytest.mark.parametrize("collapsed", [False, True])
def test_trainings(
    collapsed: bool,
    matching_store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if collapsed:
        encode = RidgeAutoencoder.encode
        monkeypatch.setattr(RidgeAutoencoder, "encode", lambda self, x: 0 * encode(self, x))
    assert main(training(matching_store, tmp_path / "run", backbone="ridge", latent_dim=8, width=8)) == 0
    said = json.loads((tmp_path / "run" / "environment.json").read_text()).get("collapsed", "")
    assert ("all prints get the same latent vector" in said) is collapsed
    assert ("this run has collapsed" in capsys.readouterr().err) is collapsed
