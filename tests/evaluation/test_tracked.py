"""What an evaluation shows a tracker, recorded by a fake one, and that the folder is the same without any."""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import wandb
from PIL import Image

from ridgecode.autoencoders import pca_fit
from ridgecode.codec import coded_prints
from ridgecode.commands import evaluate
from ridgecode.commands.evaluate import evaluate_run
from ridgecode.commands.settings.evaluate import Evaluate
from ridgecode.evaluation import reconstruction as evaluate_reconstruction
from ridgecode.evaluation import reconstruction_figures
from ridgecode.evaluation.tracked import log_evaluation
from ridgecode.runs.tracking import Tracker


class Recording(Tracker):
    """Keeps what it is given. Pictures are opened as they come: a tracker may read them at once."""

    def __init__(self) -> None:
        super().__init__(run=object())
        self.images: dict[str, tuple[int, int]] = {}
        self.tables: dict[str, tuple[list[str], list[list[Any]]]] = {}
        self.values: dict[str, Any] = {}

    def log_image(self, key: str, png_path: Path | str, caption: str = "", step: int | None = None) -> None:
        with Image.open(png_path) as image:
            self.images[key] = image.size

    def log_table(self, key: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        self.tables[key] = list(columns), [list(row) for row in rows]

    def summary(self, values: Mapping[str, Any]) -> None:
        self.values |= values


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """PCA of 64 windows, not 8,000, and a moment of timing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pca_fit, "N_WHOLE_PRINTS", 64)
        patch.setattr(reconstruction_figures, "RATE_SECONDS", 0.01)
        yield


@pytest.fixture(scope="module")
def evaluated(
    matcher_run: Path, matching_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """The folder of an evaluated matcher, and what its JSON holds."""
    run = Path(shutil.copytree(matcher_run, tmp_path_factory.mktemp("tracked") / "run"))
    return run, evaluate_run(Evaluate(run=run, data=matching_store, threads=1))


@pytest.fixture
def shown(evaluated: tuple[Path, dict[str, Any]]) -> Recording:
    tracker = Recording()
    log_evaluation(tracker, *evaluated)
    return tracker


def test_every_figure_and_curve_is_shown(shown: Recording, evaluated: tuple[Path, dict[str, Any]]) -> None:
    run, content = evaluated
    assert shown.values["val_mse"] == content["mse"]
    assert shown.values["val_bytes"] == 12
    assert shown.values["val_bce_above_floor"] == content["bce_above_floor"]
    eer = {
        (row["system"], row["protocol"]): row["eer"]
        for row in content["matching"]
        if row["level"] == row["alteration"] == "all"
    }
    for protocol in ("aligned", "moved"):
        assert shown.values[f"val_eer_{protocol}_head"] == eer["head", protocol]
        assert shown.values[f"val_eer_{protocol}_cosine_on_z"] == eer["cosine on z", protocol]
        row = next(row for row in content["matching"] if row["protocol"] == protocol)
        assert shown.values[f"val_n_mated_{protocol}"] == row["n_mated"]
        assert shown.values[f"val_n_non_mated_{protocol}"] == row["n_non_mated"]
    assert not [name for name in shown.values if "pixels" in name or "pca" in name]  # the run's own figures
    curves = {f"val_{kind}_{protocol}" for kind in ("roc", "det", "pr") for protocol in ("aligned", "moved")}
    assert shown.images.keys() == {"val_reconstructions", *curves}
    assert all(width > 200 and height > 100 for width, height in shown.images.values())
    assert {file.name for file in (run / "figures").iterdir()} == {
        f"{name.split('_')[1]}_{name.split('_')[2]}_val.png" for name in curves
    }


def test_tables_hold_all_rows(shown: Recording, evaluated: tuple[Path, dict[str, Any]]) -> None:
    run, content = evaluated
    columns, rows = shown.tables["val_matching"]
    assert [dict(zip(columns, row, strict=True)) for row in rows] == content["matching"]
    with np.load(run / "curves.npz") as lines:
        for protocol in ("aligned", "moved"):
            columns, points = shown.tables[f"val_det_{protocol}_points"]
            assert columns == ["system", "fmr", "fnmr"]
            for system in ("head", "cosine on z", "pixels", "pca16"):
                own = np.array([point[1:] for point in points if point[0] == system])
                np.testing.assert_array_equal(own[:, 0], lines[f"{system}|{protocol}|fmr"])
                np.testing.assert_array_equal(own[:, 1], lines[f"{system}|{protocol}|fnmr"])


def test_without_matching_the_sheet_is_shown(evaluated: tuple[Path, dict[str, Any]]) -> None:
    run, content = evaluated
    tracker = Recording()
    log_evaluation(tracker, run, content | {"matching": []})
    assert list(tracker.images) == ["val_reconstructions"]
    assert not tracker.tables


def test_a_tracker_that_is_off_is_given_nothing(evaluated: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    log_evaluation(Tracker(), tmp_path, evaluated[1])  # the folder is empty: reading it would fail
    assert not list(tmp_path.iterdir())


def test_the_folder_is_the_same_without_a_tracker(
    matcher_run: Path,
    matching_store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(evaluate_reconstruction, "windows_per_second", lambda net, x: 1.0)  # the clock's figures
    monkeypatch.setattr(evaluate, "comparisons_per_second", lambda system, scored: 1.0)
    monkeypatch.setattr(coded_prints, "time", SimpleNamespace(perf_counter=lambda: 0.0))
    monkeypatch.setenv("WANDB_MODE", "offline")
    found = []
    for kind in ("none", "wandb"):
        run = Path(shutil.copytree(matcher_run, tmp_path / kind))
        evaluate.evaluate(Evaluate(run=run, data=matching_store, protocols="moved", tracker=kind, threads=1))
        printed = capsys.readouterr().out
        assert "val: 4 prints, mse" in printed and "moved, head: EER" in printed
        assert printed.splitlines()[-1] == f"figures lie in {run / 'evaluation.json'}"
        found.append({name: (run / name).read_bytes() for name in ("evaluation.json", "per_print.parquet")})
        with np.load(run / "curves.npz") as lines:
            found[-1] |= {name: lines[name].tobytes() for name in lines}
    wandb.teardown()
    assert found[0] == found[1]
    assert json.loads(found[0]["evaluation.json"])["kind"] == "matcher"
    assert not (tmp_path / "none" / "wandb").exists()
    assert list((tmp_path / "wandb" / "wandb").glob("offline-run-*/*.wandb"))
    pictures = tmp_path / "wandb" / "wandb"
    assert {"val_reconstructions", "val_roc_moved", "val_det_moved"} <= {
        picture.name.rpartition("_")[0].rpartition("_")[0] for picture in pictures.rglob("media/images/*.png")
    }
