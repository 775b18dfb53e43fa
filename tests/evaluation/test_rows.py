"""Runs split by file, Real and altered prints together, and prints of other sensors, against slow computations."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from ridgecode.autoencoders import pca_fit
from ridgecode.autoencoders.pca import PCA
from ridgecode.autoencoders.saved import SavedAutoencoder, load_autoencoder
from ridgecode.commands.cli import main
from ridgecode.evaluation import reconstruction_figures
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.foreground import print_windows
from ridgecode.prints.store import PrintStore
from ridgecode.prints.training_rows import split_by_file
from ridgecode.report.write import write_report

Refused = Callable[..., str]


@pytest.fixture(autouse=True, scope="module")
def quick() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pca_fit, "N_CROPS", 600)
        patch.setattr(reconstruction_figures, "RATE_SECONDS", 0.01)
        yield


def trained(store: Path, run_dir: Path, **flags: object) -> Path:
    given = {"data": store, "run_dir": run_dir, "backbone": "pca", "latent_dim": 6, "train_crops": "centre", "seed": 5}
    given |= {"device": "cpu", "threads": 1, "tracker": "none", **flags}
    assert main(["train-autoencoder", *(f"--{name}={value}" for name, value in given.items())]) == 0
    return run_dir


@pytest.fixture(scope="module")
def by_file(altered_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(altered_store, tmp_path_factory.mktemp("file") / "run", split_by="file")


@pytest.fixture(scope="module")
def by_subject(altered_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(altered_store, tmp_path_factory.mktemp("subject") / "run", evaluate=False)


@pytest.fixture(scope="module")
def fvc_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sets of three fingers and two impressions: random blots of 150 x 150 pixels at 200 ppi, off the middle."""
    folder = tmp_path_factory.mktemp("fvc")
    random = np.random.default_rng(1)
    for name, ppi in (("FVC2002_DB1_B", 500), ("FVC2002_DB2_B", 569)):
        (folder / "images" / name).mkdir(parents=True)
        side = round(150 * ppi / 200)
        for finger in (101, 102, 103):
            for impression in (1, 2):
                grey = np.full((side, side), 220, np.uint8)
                top, left = random.integers(0, side // 2, 2)
                grey[top : top + 150, left : left + 150] = random.integers(0, 256, (50, 50)).repeat(3, 0).repeat(3, 1)
                Image.fromarray(grey).save(folder / "images" / name / f"{finger}_{impression}.tif")
    return prepare("fvc", folder / "images", folder / "store", progress=False).path


def evaluated(run: Path, store: Path, out: Path, **flags: object) -> dict[str, Any]:
    assert main(command(run, store, out=out, **flags)) == 0
    return dict(json.loads(out.read_text()))


def command(run: Path, store: Path, **flags: object) -> list[str]:
    given = {"run": run, "data": store, "threads": 1, "protocols": "none", **flags}
    return ["evaluate", *(f"--{name}={value}" for name, value in given.items())]


def slow_mse(saved: SavedAutoencoder, prints: list[np.ndarray], bits: int = 0) -> float:
    """One crop at a time, in float64, each latent dim to its nearest level."""
    errors = []
    for grey in prints:
        top, left = (grey.shape[0] - 32) // 2, (grey.shape[1] - 32) // 2
        x = torch.from_numpy(grey[top : top + 32, left : left + 32].astype(np.float32) / 255)[None, None]
        z = saved.net.encode(x)
        if bits:
            step = saved.latent_std * {4: 0.3352, 8: 0.03076}[bits]
            levels = (torch.arange(2**bits) - (2**bits - 1) / 2)[:, None] * step + saved.latent_mean
            z = levels.gather(0, (levels - z).abs().argmin(0)[None])
        errors.append(float((saved.net.decode(z) - x).double().square().mean()))
    return float(np.mean(errors))


def images(store: PrintStore, rows: Any) -> list[np.ndarray]:
    return [store.image(int(row)) for row in rows]


def test_a_run_split_by_file_is_measured_on_what_it_held_out(by_file: Path, altered_store: Path) -> None:
    found = json.loads((by_file / "evaluation.json").read_text())
    store, saved = PrintStore.open(altered_store), load_autoencoder(by_file)
    split = split_by_file(store, seed=5)
    level = store.column("level")
    real = [row for row in sorted(split.val) if level[row] == "Real"]
    assert (found["split"], found["n_prints"], found["matching"]) == ("file", len(real), [])
    assert "split by file" in found["leak"]
    assert found["mse"] == pytest.approx(slow_mse(saved, images(store, real)), rel=1e-4)
    everything = found["all_files"]
    assert everything["n_prints"] == len(split.val) == 16
    assert everything["mse"] == pytest.approx(slow_mse(saved, images(store, split.val)), rel=1e-4)
    for one, mse in everything["mse_by_level"].items():
        rows = [row for row in split.val if level[row] == one]
        assert mse == pytest.approx(slow_mse(saved, images(store, rows)), rel=1e-4)
    (row,) = [json.loads(line) for line in (by_file / "metrics.jsonl").read_text().splitlines()]
    assert row["val_mse"] == pytest.approx(everything["mse"], rel=1e-4)
    names = pq.read_table(by_file / "per_file.parquet")["name"].to_pylist()
    assert names == [store.column("name")[row] for row in sorted(split.val)]


def test_it_was_trained_on_the_other_files(by_file: Path, altered_store: Path) -> None:
    store, saved = PrintStore.open(altered_store), load_autoencoder(by_file)
    crops = [grey[32:64, 29:61] for grey in images(store, split_by_file(store, seed=5).train)]
    pca = PCA.fit(torch.from_numpy(np.stack(crops)).unsqueeze(1).float() / 255, 6)
    torch.testing.assert_close(saved.net.state_dict()["mean"], pca.mean, atol=1e-5, rtol=0)
    torch.testing.assert_close(saved.net.state_dict()["variances"], pca.variances, atol=1e-3, rtol=1e-3)


def test_bits_of_4_and_8_stand_beside_each_other(by_subject: Path, altered_store: Path, tmp_path: Path) -> None:
    found = evaluated(by_subject, altered_store, tmp_path / "x.json", depth_bits=3)
    store, saved = PrintStore.open(altered_store), load_autoencoder(by_subject)
    assert found["mse_at_bits"].keys() == {"3", "4", "8"}
    assert found["mse_at_depth"] == found["mse_at_bits"]["3"]
    for bits in (4, 8):
        expected = slow_mse(saved, images(store, store.rows("val")), bits)
        assert found["mse_at_bits"][str(bits)] == pytest.approx(expected, rel=1e-3)
    assert "all_files" not in found and "leak" not in found and "per_set" not in found


def test_all_files_of_a_run_by_subject(by_subject: Path, altered_store: Path, tmp_path: Path) -> None:
    found = evaluated(by_subject, altered_store, tmp_path / "x.json", all_files=True)
    store, saved = PrintStore.open(altered_store), load_autoencoder(by_subject)
    assert (found["split"], found["n_prints"], found["all_files"]["n_prints"]) == ("val", 4, 16)
    expected = slow_mse(saved, images(store, store.rows("val", None)))
    assert found["all_files"]["mse"] == pytest.approx(expected, rel=1e-4)


def test_train_levels_all_keeps_subjects_apart(altered_store: Path, tmp_path: Path) -> None:
    run = trained(altered_store, tmp_path / "run", train_levels="all")
    store, saved = PrintStore.open(altered_store), load_autoencoder(run)
    found = json.loads((run / "evaluation.json").read_text())
    assert found["split"] == "val" and "leak" not in found
    assert found["all_files"]["n_prints"] == 16
    crops = [grey[32:64, 29:61] for grey in images(store, store.rows("train", None))]
    assert len(crops) == 80
    np.testing.assert_allclose(saved.net.state_dict()["mean"], np.mean(crops, 0).ravel() / 255, atol=1e-5)


def test_other_splits_of_a_run_split_by_file(
    by_file: Path, altered_store: Path, fvc_store: Path, tmp_path: Path, refused: Refused
) -> None:
    for split in ("train", "all"):
        said = refused(*command(by_file, altered_store, split=split))
        assert f"--split {split} holds files" in said and "give --split val" in said
    found = evaluated(by_file, altered_store, tmp_path / "test.json", split="test")
    assert found["split"] == "test" and found["n_prints"] == 2 and "leak" not in found
    other = evaluated(by_file, fvc_store, tmp_path / "fvc.json", split="all")
    assert other["split"] == "all" and "leak" not in other


def test_a_leak_stands_in_the_report(by_file: Path, by_subject: Path, tmp_path: Path) -> None:
    text = write_report([by_file, by_subject], tmp_path / "report").markdown.read_text()
    assert "LEAK: " in text and "split by file" in text
    assert "LEAK: " not in write_report([by_subject], tmp_path / "other").markdown.read_text()


@pytest.mark.parametrize("window", ["frame", "print"])
def test_sets_of_other_sensors(
    by_subject: Path, altered_store: Path, fvc_store: Path, tmp_path: Path, window: str
) -> None:
    flags = {"split": "all", "window": window, "pca_data": altered_store}
    flags["protocols"] = "fvc" if window == "frame" else "none"  # matchers compare frames
    found = evaluated(by_subject, fvc_store, tmp_path / "x.json", **flags)
    store, saved = PrintStore.open(fvc_store), load_autoencoder(by_subject)
    assert found["pca_source"] == "socofing"
    assert found["per_set"].keys() == {"FVC2002_DB1_B", "FVC2002_DB2_B"}
    pca = pca_fit.fit_pca(
        PrintStore.open(altered_store).prints("train"),
        saved.spec.window,
        6,
        "random",
        0,
    )
    for name, part in found["per_set"].items():
        rows = [i for i, one in enumerate(store.column("name")) if one.startswith(name)]
        assert (part["n_prints"], part["n_subjects"]) == (6, 3)
        prints = images(store, rows)
        if window == "print":
            prints = list(print_windows(store, np.array(rows), 32, 32))
        else:  # the sets differ by no pixel here, but a frame is cut to 97x90 where they do
            assert {grey.shape for grey in prints} == {(150, 150)}
        assert part["mse"] == pytest.approx(slow_mse(saved, prints), rel=1e-4)
        twin = SavedAutoencoder(pca, saved.spec, saved.latent_mean, saved.latent_std, "")
        assert part["pca"]["mse"] == pytest.approx(slow_mse(twin, prints), rel=1e-3)
        crops = [grey[(h - 32) // 2 :][:32, (w - 32) // 2 :][:, :32] for grey in prints for h, w in [grey.shape]]
        assert part["variance"] == pytest.approx(np.mean([np.var(crop / 255) for crop in crops]), rel=1e-6)
    assert bool(found["matching"]) == (window == "frame")
    for row in found["matching"]:
        assert (row["n_sets"], row["n_mated"], row["n_non_mated"]) == (2, 6, 6)
        assert row["per_set"].keys() == found["per_set"].keys()
        for part in row["per_set"].values():  # 3 fingers of 2 impressions
            assert (part["n_mated"], part["n_non_mated"], part["n_subjects"]) == (3, 3, 3)
            assert part["eer_low"] < part["eer_high"] and part["fnmr_at_fmr_1"] is None
    means = [part["mse"] for part in found["per_set"].values()]
    assert found["mse"] == pytest.approx(np.mean(means))


def test_refusals(by_file: Path, altered_store: Path, tmp_path: Path, refused: Refused) -> None:
    said = refused(*command(by_file, altered_store, protocols="aligned"))
    assert "split by file; give none" in said
    assert "add --protocols none" in refused(*command(by_file, altered_store, window="print", protocols="auto"))
    assert "nowhere" in refused(*command(by_file, altered_store, pca_data=tmp_path / "nowhere"))
    said = refused("train-autoencoder", f"--data={altered_store}", "--task=repair", "--split_by=file")
    assert "leave out --split_by" in said
