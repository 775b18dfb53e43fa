"""`--task repair` from training to the report, on small synthetic stores."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from ridgecode.autoencoders import pca_fit
from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.commands.cli import main
from ridgecode.evaluation import reconstruction_figures
from ridgecode.evaluation.tracked import log_evaluation
from ridgecode.matching.baselines import PixelCosine
from ridgecode.matching.comparisons import Comparisons
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.labels import socofing_name
from ridgecode.prints.store import PrintStore
from ridgecode.prints.synthetic.synthesise import write_bmp
from ridgecode.report.read_runs import read_runs
from ridgecode.report.sections.repair import repair_sections
from ridgecode.report.study import study_of
from ridgecode.report.write import write_report
from ridgecode.runs.tracking import Tracker
from ridgecode.training.autoencoder import AutoencoderTraining
from support.quick_trainings import training

QUICK: dict[str, object] = {"task": "repair", "backbone": "ridge", "latent_dim": 4, "precision": "32"}


@pytest.fixture(autouse=True, scope="module")
def quick() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pca_fit, "N_CROPS", 64)
        patch.setattr(reconstruction_figures, "RATE_SECONDS", 0.01)
        yield


def command(store: Path, run_dir: Path, **flags: object) -> list[str]:
    return training(store, run_dir, **(QUICK | flags))


def metrics(run_dir: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (run_dir / "metrics.jsonl").read_text().splitlines()]
    return [{name: v for name, v in row.items() if name not in ("seconds", "crops_per_second")} for row in rows]


@pytest.fixture(scope="module")
def trained(matching_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished and evaluated run; read it only."""
    run_dir = tmp_path_factory.mktemp("repair") / "run"
    assert main(command(matching_store, run_dir, evaluate=True)) == 0
    return run_dir


@pytest.fixture(scope="module")
def evaluation(trained: Path) -> dict[str, Any]:
    return dict(json.loads((trained / "evaluation.json").read_text()))


def real_of(store: PrintStore, rows: np.ndarray) -> list[int]:
    """The row of each altered print's Real print, by its name."""
    names = store.column("name").tolist()
    return [names.index("Real/" + names[row].split("/")[-1].rsplit("_", 1)[0]) for row in rows]


def test_the_task_travels_with_the_run(trained: Path) -> None:
    assert yaml.safe_load((trained / "config.yaml").read_text())["task"] == "repair"
    assert load_autoencoder(trained).spec.task == "repair"


def test_validation_is_of_altered_prints_against_real_ones(trained: Path, matching_store: Path) -> None:
    store, saved = PrintStore.open(matching_store), load_autoencoder(trained)
    rows = store.rows("val", levels=("Easy", "Medium", "Hard"))
    assert len(rows) == 36

    def crops(rows: Any) -> torch.Tensor:
        return torch.from_numpy(np.stack([store.image(int(row))[32:64, 29:61] for row in rows]))[:, None].float() / 255

    with torch.no_grad():
        x_hat = saved.net.decode(saved.net.encode(crops(rows)))
    best = min(metrics(trained), key=lambda row: row["val_loss"])
    mse = float((x_hat - crops(real_of(store, rows))).square().mean())
    assert best["val_mse"] == pytest.approx(mse, rel=1e-4)
    with Image.open(trained / "sheets/training.png") as sheet:
        assert sheet.width > 5 * 96  # altered, first, best, last, truth


def test_a_broken_run_goes_on_bit_for_bit(
    matching_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    flags = {"max_epochs": 3, "batch_size": 4}  # 20 Real prints: 5 steps an epoch
    assert main(command(matching_store, unbroken, **flags)) == 0
    step, calls = AutoencoderTraining.training_step, iter(range(1000))

    def breaking(*arguments: Any) -> torch.Tensor:
        if next(calls) == 12:
            raise RuntimeError("the plug was pulled")
        return step(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(AutoencoderTraining, "training_step", breaking)
        with pytest.raises(RuntimeError, match="the plug"):
            main(command(matching_store, broken, **flags))
    assert len(metrics(broken)) == 2
    assert main(command(matching_store, broken, **flags)) == 0
    assert metrics(broken) == metrics(unbroken)
    assert [row["step"] for row in metrics(broken)] == [5, 10, 15]
    assert (broken / "model.safetensors").read_bytes() == (unbroken / "model.safetensors").read_bytes()


def test_evaluation_of_pixels(evaluation: dict[str, Any], trained: Path, matching_store: Path) -> None:
    store, saved = PrintStore.open(matching_store), load_autoencoder(trained)
    assert evaluation["task"] == "repair"
    repair = evaluation["repair"]
    assert repair["n_prints"] == 36
    rows = [row for row in store.rows("val", levels=("Hard",)) if store.column("alteration")[row] == "CR"]
    altered, truth = (
        np.stack([store.image(row)[32:64, 29:61] for row in which]) / 255 for which in (rows, real_of(store, rows))
    )
    with torch.no_grad():
        x_hat = saved.net.decode(saved.net.encode(torch.from_numpy(altered).float()[:, None]))[:, 0].double().numpy()
    (done,), (nothing,) = (
        [r for r in repair["pixels"] if (r["variant"], r["level"], r["alteration"]) == (variant, "Hard", "CR")]
        for variant in ("repaired", "nothing done")
    )
    assert done["mse"] == pytest.approx(((x_hat - truth) ** 2).mean(), rel=1e-4)
    assert nothing["mse"] == pytest.approx(((altered - truth) ** 2).mean(), rel=1e-4)
    assert nothing["mse_outside"] < 1e-4 < nothing["mse_inside"]
    assert done["n_prints"] == len(rows) == 4
    assert done["mse_low"] <= done["mse"] <= done["mse_high"]


def test_evaluation_of_scores(evaluation: dict[str, Any], trained: Path, matching_store: Path) -> None:
    """Doing nothing is the matching table's own row; the mean mated scores follow from the list and the pixels."""
    scores = evaluation["repair"]["scores"]
    table = {
        (row["system"], row["level"], row["alteration"]): row
        for row in evaluation["matching"]
        if row["protocol"] == "aligned"
    }
    assert {row["variant"] for row in scores} == {"nothing done", "repaired", "composed"}
    assert "cosine on z" not in {row["system"] for row in scores}
    for row in scores:
        if row["variant"] == "nothing done":
            known = table[row["system"], row["level"], row["alteration"]]
            for key in ("eer", "eer_low", "eer_high", "d_prime", "n_mated", "n_non_mated"):
                assert row[key] == pytest.approx(known[key]), key
    store, saved = PrintStore.open(matching_store), load_autoencoder(trained)
    comparisons = Comparisons.load(trained / "comparisons/aligned_val.parquet")
    names = store.column("name").tolist()
    matcher = PixelCosine.fit(np.stack([store.image(row) for row in store.rows("train")]))
    found: dict[bool, list[float]] = {True: [], False: []}
    for probe, reference, mated in zip(comparisons.probe, comparisons.reference, comparisons.mated, strict=True):
        image = store.image(names.index(probe)).copy()
        x = torch.from_numpy(image[32:64, 29:61].copy())[None, None].float() / 255
        image[32:64, 29:61] = (saved.net.decode(saved.net.encode(x))[0, 0] * 255).round().to(torch.uint8).numpy()
        both = matcher.vectors(np.stack([image, store.image(names.index(reference))]))
        found[bool(mated)].append(float(both[0] @ both[1]))
    (row,) = [
        r
        for r in scores
        if (r["system"], r["variant"], r["level"], r["alteration"]) == ("pixels", "repaired", "all", "all")
    ]
    assert row["mated_score"] == pytest.approx(np.mean(found[True]), abs=1e-4)
    assert row["non_mated_score"] == pytest.approx(np.mean(found[False]), abs=1e-4)


def test_the_sheet(trained: Path, matching_store: Path) -> None:
    store = PrintStore.open(matching_store)
    with np.load(trained / "sheets/repair.npz") as sheet:
        assert len(set(sheet["kinds"].tolist())) == len(sheet["names"]) == 9
        for i, name in enumerate(sheet["names"].tolist()):
            row = store.column("name").tolist().index(name)
            assert sheet["kinds"][i] == f"{store.column('level')[row]} {store.column('alteration')[row]}"
            np.testing.assert_array_equal(sheet["altered"][i], store.image(row)[32:64, 29:61])
            (real,) = real_of(store, np.array([row]))
            np.testing.assert_array_equal(sheet["truth"][i], store.image(real)[32:64, 29:61])
    with Image.open(trained / "sheets/repair.png") as picture:
        assert picture.height > 9 * 96


def test_reconstruction_and_matching_are_measured_as_ever(evaluation: dict[str, Any]) -> None:
    assert evaluation["n_prints"] == 4
    assert evaluation["mse"] > 0
    assert {row["protocol"] for row in evaluation["matching"]} == {"aligned", "moved"}


def test_evaluate_tells_it_in_a_line(trained: Path, matching_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = trained.parent / "again.json"
    flags = [f"--data={matching_store}", "--protocols=none", "--threads=1", f"--out={out}"]
    assert main(["evaluate", f"--run={trained}", *flags]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("repair of 36 altered prints")]
    assert "nothing done" in line
    assert json.loads(out.read_text())["repair"]["scores"] == []
    assert (out.parent / "again.json-files").exists() is False
    assert (out.parent / "again-files/sheets/repair.png").is_file()


class Shown(Tracker):
    """Keeps the names of pictures and tables."""

    def __init__(self) -> None:
        super().__init__(run=object())
        self.names: list[str] = []

    def log_image(self, key: str, png_path: Path | str, caption: str = "", step: int | None = None) -> None:
        assert Path(png_path).is_file()
        self.names.append(key)

    def log_table(self, key: str, columns: Any, rows: Any) -> None:
        assert all(len(row) == len(columns) for row in rows)
        self.names.append(key)

    def summary(self, values: Any) -> None:
        pass


def test_a_tracker_is_shown_the_sheet(evaluation: dict[str, Any], trained: Path) -> None:
    tracker = Shown()
    log_evaluation(tracker, trained, evaluation)
    assert {"val_repair", "val_repair_pixels"} <= set(tracker.names)


def test_the_report(trained: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    shutil.copytree(trained, plain)
    config = yaml.safe_load((plain / "config.yaml").read_text())
    del config["task"]  # an older run, which did what its task now names
    (plain / "config.yaml").write_text(yaml.safe_dump(config))
    content = json.loads((plain / "evaluation.json").read_text())
    repair, _ = content.pop("repair"), content.pop("task")
    (plain / "evaluation.json").write_text(json.dumps(content))
    files = write_report([trained, plain], tmp_path / "report")
    text = files.markdown.read_text()
    assert "## Repair of altered prints" in text
    assert (tmp_path / "report/figures/repair_1.png").is_file()
    assert "repair, ridge, mse" in text
    with files.latent_sizes.open() as rows:
        assert {row["run"]: row["task"] for row in csv.DictReader(rows)} == {"run": "repair", "plain": ""}
    (row,) = [r for r in repair["pixels"] if (r["variant"], r["level"], r["alteration"]) == ("repaired", "all", "all")]
    assert f"{row['mse_inside']:#.3g}" in text
    assert "Repair of altered prints" in files.html.read_text()
    # Only runs that learnt it have the section.
    assert repair_sections(study_of(read_runs([plain]))) == []


def test_an_older_run_goes_on_as_reconstruct(matching_store: Path, tmp_path: Path, refused: Callable[..., str]) -> None:
    run = tmp_path / "run"
    assert main(command(matching_store, run, task="reconstruct", max_epochs=1)) == 0
    config = yaml.safe_load((run / "config.yaml").read_text())
    del config["task"]
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    assert main(command(matching_store, run, task="reconstruct", max_epochs=1)) == 0
    said = refused(*command(matching_store, run, task="repair", max_epochs=1))
    assert "--task reconstruct, not repair" in said


def test_refusals(matching_store: Path, tmp_path: Path, refused: Callable[..., str]) -> None:
    assert "--task repair" in refused(*command(matching_store, tmp_path / "run", backbone="pca"))
    assert "--task takes one of" in refused(*command(matching_store, tmp_path / "run", task="mend"))
    (tmp_path / "images/Real").mkdir(parents=True)
    for subject in "123":
        name = socofing_name(subject, "M", "Left", "index")
        write_bmp(tmp_path / "images" / f"{name}.BMP", np.full((97, 90), 100, np.uint8))
    store = prepare("synthetic", tmp_path / "images", tmp_path / "store", progress=False).path
    assert f"--data {store} has no altered print" in refused(*command(store, tmp_path / "run"))
    assert not (tmp_path / "run").exists()
