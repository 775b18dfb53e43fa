"""`ridgecode evaluate` against slow computations from what `encode` and `decode` write and from the lists' files."""

import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from skimage.metrics import structural_similarity

from ridgecode.autoencoders import pca_fit
from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.commands.cli import main
from ridgecode.evaluation import reconstruction_figures
from ridgecode.matching.comparisons import Comparisons
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.movement import move, movements_for
from ridgecode.prints.store import PrintStore

KEYS = {
    "comparisons_per_second",
    *(
        "schema",
        "kind",
        "source",
        "data_digest",
        "other_store",
        "split",
        "n_prints",
        "n_subjects",
        "view",
        "backbone",
        "distortion",
        "latent_dim",
    ),
    *("mse", "mse_low", "mse_high", "psnr_db", "ssim", "bce", "bce_above_floor", "depth_bits", "mse_at_depth"),
    *("mse_at_bits", "bytes", "bpp", "coded", "encode_per_second", "parameters", "pca", "matching"),
}
ROW_KEYS = {
    *("system", "protocol", "level", "alteration", "eer", "eer_low", "eer_high", "fnmr_at_fmr_1", "fnmr_at_fmr_0_1"),
    *("fnmr_at_fmr_0_01", "auc", "d_prime", "threshold", "threshold_from", "accuracy", "precision", "recall", "tp"),
    *("fp", "tn", "fn", "n_mated", "n_non_mated", "n_subjects", "bytes", "n_sets", "threshold_n_non_mated"),
}
Refused = Callable[..., str]


@pytest.fixture(autouse=True, scope="module")
def quick() -> Any:
    """PCA of 64 windows, not 8,000, and a moment of timing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pca_fit, "N_WHOLE_PRINTS", 64)
        patch.setattr(reconstruction_figures, "RATE_SECONDS", 0.01)
        yield


@pytest.fixture(scope="module")
def own_run(autoencoder_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the autoencoder's run that evaluations may write to."""
    return copied(autoencoder_run, tmp_path_factory.mktemp("evaluated") / "run")


@pytest.fixture(scope="module")
def on_val(own_run: Path, matching_store: Path) -> dict[str, Any]:
    return evaluated(own_run, matching_store)


@pytest.fixture(scope="module")
def latents(autoencoder_run: Path, matching_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `encode` writes of the validation prints."""
    out = tmp_path_factory.mktemp("latents")
    flags = ["--model", str(autoencoder_run), "--out", str(out), "--split=val", "--device=cpu", "--threads=1"]
    assert main(["encode", str(matching_store), *flags]) == 0
    return out


def copied(run: Path, to: Path) -> Path:
    to.mkdir(parents=True)
    for file in run.iterdir():
        if file.is_file():
            (to / file.name).write_bytes(file.read_bytes())
    return to


def command(run: Path, store: Path, /, **flags: object) -> list[str]:
    given = {"run": run, "data": store, "threads": 1, **flags}
    return ["evaluate", *(f"--{name}={value}" for name, value in given.items())]


def evaluated(run: Path, store: Path, out: Path | None = None, **flags: object) -> dict[str, Any]:
    assert main(command(run, store, **flags, **({"out": out} if out else {}))) == 0
    return dict(json.loads((out or run / "evaluation.json").read_text()))


def row_of(found: dict[str, Any], system: str, protocol: str) -> dict[str, Any]:
    rows = [r for r in found["matching"] if (r["system"], r["protocol"]) == (system, protocol)]
    return next(r for r in rows if r["level"] == r["alteration"] == "all")


def slow_rates(mated: list[float], non_mated: list[float], threshold: float) -> tuple[float, float]:
    """(FMR, FNMR) by counting."""
    return (
        sum(score >= threshold for score in non_mated) / len(non_mated),
        sum(score < threshold for score in mated) / len(mated),
    )


def slow_eer(mated: list[float], non_mated: list[float]) -> float:
    """Where the line through the measured (FMR, FNMR) points meets FMR = FNMR."""
    points = [slow_rates(mated, non_mated, t) for t in [*sorted({*mated, *non_mated}), np.inf]]
    for (fmr0, fnmr0), (fmr1, fnmr1) in pairwise(points):
        if fnmr1 >= fmr1:
            share = (fmr0 - fnmr0) / ((fmr0 - fnmr0) + (fnmr1 - fmr1))
            return fmr0 + share * (fmr1 - fmr0)
    raise AssertionError("the curve meets the diagonal")


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b)))


def test_keys_and_files(on_val: dict[str, Any], own_run: Path, matching_store: Path) -> None:
    assert on_val.keys() == KEYS
    assert all(row.keys() == ROW_KEYS for row in on_val["matching"])
    assert (on_val["kind"], on_val["split"], on_val["source"]) == ("autoencoder", "val", "synthetic")
    assert on_val["data_digest"] == PrintStore.open(matching_store).digest
    assert (on_val["n_prints"], on_val["n_subjects"]) == (4, 2)
    assert (on_val["bytes"], on_val["depth_bits"]) == (12, 8)
    assert on_val["bpp"] == pytest.approx(8 * 12 / (97 * 90))
    assert on_val["mse_low"] <= on_val["mse"] <= on_val["mse_high"]
    assert on_val["bce"] > on_val["bce_above_floor"] > 0
    for name in ("per_print.parquet", "curves.npz", "sheets/validation.npz"):
        assert (own_run / name).is_file(), name
    assert {file.name for file in (own_run / "comparisons").iterdir()} == {"aligned_val.parquet", "moved_val.parquet"}
    per_print = pq.read_table(own_run / "per_print.parquet").to_pydict()
    store = PrintStore.open(matching_store)
    assert per_print["name"] == store.column("name")[store.rows("val")].tolist()
    for name in ("mse", "psnr_db", "ssim", "bce", "bce_above_floor", "mse_at_depth"):
        assert np.mean(per_print[name]) == pytest.approx(on_val[name])


def test_reconstruction_is_that_of_encode_and_decode(
    on_val: dict[str, Any], autoencoder_run: Path, matching_store: Path, latents: Path, tmp_path: Path
) -> None:
    store = PrintStore.open(matching_store)
    assert main(["decode", str(latents), "--model", str(autoencoder_run), "--out", str(tmp_path)]) == 0
    mse, psnr, ssim = [], [], []
    for row in store.rows("val"):
        # All of the print's 97 rows, though the window has 96 of them.
        truth = store.image(int(row)).astype(np.float64) / 255
        with Image.open(tmp_path / f"{store.column('name')[row]}.png") as image:
            drawn = np.asarray(image).astype(np.float64) / 255
        mse.append(np.mean((truth - drawn) ** 2))
        psnr.append(10 * np.log10(1 / mse[-1]))
        ssim.append(structural_similarity(truth, drawn, data_range=1.0))
    # PNG rounds to 1/255: an error of at most 1/510 a pixel.
    assert on_val["mse"] == pytest.approx(np.mean(mse), abs=2 * np.sqrt(on_val["mse"]) / 510)
    assert on_val["mse"] == pytest.approx(np.mean(mse), rel=1e-3)
    assert on_val["psnr_db"] == pytest.approx(np.mean(psnr), abs=0.005)
    assert on_val["ssim"] == pytest.approx(np.mean(ssim), abs=0.002)


def test_latent_cosine_of_the_aligned_list(
    on_val: dict[str, Any], own_run: Path, autoencoder_run: Path, latents: Path
) -> None:
    z = np.load(latents / "latents.npy")
    names = pq.read_table(latents / "index.parquet")["name"].to_pylist()
    saved = load_autoencoder(autoencoder_run)
    standard = {n: (v - saved.latent_mean.numpy()) / saved.latent_std.numpy() for n, v in zip(names, z, strict=True)}
    listed = pq.read_table(own_run / "comparisons" / "aligned_val.parquet").to_pylist()
    scores: dict[bool, list[float]] = {True: [], False: []}
    for one in listed:
        scores[one["mated"]].append(cosine(standard[one["probe"]], standard[one["reference"]]))
    row = row_of(on_val, "cosine on z", "aligned")
    assert (row["n_mated"], row["n_non_mated"], row["n_subjects"]) == (len(scores[True]), len(scores[False]), 2)
    assert (row["n_mated"], row["n_non_mated"]) == (36, 72)  # 9 altered prints of 4 fingers; 2 fingers of the other
    assert row["eer"] == pytest.approx(slow_eer(scores[True], scores[False]), abs=1e-9)
    assert row["eer_low"] <= row["eer"] <= row["eer_high"]
    fmr, fnmr = slow_rates(scores[True], scores[False], row["threshold"] - 1e-6)
    assert fmr <= 0.001 + 1e-9
    assert row["recall"] == pytest.approx(1 - fnmr, abs=1e-9)
    assert row["tp"] + row["fn"] == row["n_mated"] and row["fp"] + row["tn"] == row["n_non_mated"]
    assert row["bytes"] == 4 * 12


def test_moved_probes_are_moved_by_their_names(
    on_val: dict[str, Any], own_run: Path, autoencoder_run: Path, matching_store: Path
) -> None:
    store, saved = PrintStore.open(matching_store), load_autoencoder(autoencoder_run)
    row_of_name = {name: row for row, name in enumerate(store.column("name").tolist())}

    def standard(name: str, moved: bool) -> np.ndarray:
        image = np.array(store.image(row_of_name[name]))[None]
        if moved:
            image = move(image, movements_for([name]))
        x = torch.from_numpy(saved.spec.window.take(image)).unsqueeze(1).float() / 255
        return ((saved.net.encode(x) - saved.latent_mean) / saved.latent_std)[0].numpy()

    listed = pq.read_table(own_run / "comparisons" / "moved_val.parquet").to_pylist()
    scores: dict[bool, list[float]] = {True: [], False: []}
    for one in listed:
        scores[one["mated"]].append(cosine(standard(one["probe"], True), standard(one["reference"], False)))
    assert row_of(on_val, "cosine on z", "moved")["eer"] == pytest.approx(
        slow_eer(scores[True], scores[False]), abs=1e-9
    )
    aligned = pq.read_table(own_run / "comparisons" / "aligned_val.parquet").to_pylist()
    pairs = ("probe", "reference", "mated")
    assert [[one[key] for key in pairs] for one in aligned] == [[one[key] for key in pairs] for one in listed]
    systems = {row["system"] for row in on_val["matching"]}
    for system in systems:
        assert row_of(on_val, system, "moved")["auc"] < row_of(on_val, system, "aligned")["auc"], system


def test_baselines_are_in_the_same_table(on_val: dict[str, Any], own_run: Path, matching_store: Path) -> None:
    # 20 training prints span no 64 components.
    assert {row["system"] for row in on_val["matching"]} == {"cosine on z", "pixels", "pca16", "pca12"}
    store = PrintStore.open(matching_store)
    mean = np.mean([store.image(int(row)) / 255.0 for row in store.rows("train")], axis=0)
    image = {name: store.image(row) / 255.0 - mean for row, name in enumerate(store.column("name").tolist())}
    scores: dict[bool, list[float]] = {True: [], False: []}
    for one in pq.read_table(own_run / "comparisons" / "aligned_val.parquet").to_pylist():
        scores[one["mated"]].append(cosine(image[one["probe"]].ravel(), image[one["reference"]].ravel()))
    row = row_of(on_val, "pixels", "aligned")
    assert row["eer"] == pytest.approx(slow_eer(scores[True], scores[False]), abs=1e-9)
    assert row["bytes"] == 97 * 90
    groups = [(r["level"], r["alteration"]) for r in on_val["matching"] if r["system"] == "pixels"]
    assert len(set(groups)) == 16 and len(groups) == 32  # all, 3 levels, 3 alterations, 9 pairs; 2 protocols


def test_the_threshold_of_the_test_split_comes_from_validation(
    on_val: dict[str, Any], own_run: Path, matching_store: Path
) -> None:
    before = {p: p.read_bytes() for p in own_run.rglob("*") if p.is_file()}
    found = evaluated(own_run, matching_store, own_run / "evaluation-test" / "evaluation.json", split="test")
    assert (found["split"], found["n_prints"], found["n_subjects"]) == ("test", 6, 3)
    for row in found["matching"]:
        assert row["threshold_from"] == "val"
        assert row["threshold"] == row_of(on_val, row["system"], row["protocol"])["threshold"]
    assert {p: p.read_bytes() for p in before} == before  # the validation figures are left alone
    assert (own_run / "evaluation-test" / "per_print.parquet").is_file()


@pytest.mark.parametrize(
    ("name", "beside"), [("metrics.json", "metrics-files"), ("lr-0.002", "lr-0.002-files"), ("run.json", "run-files")]
)
def test_out_leaves_the_run_as_it_is(
    autoencoder_run: Path, matching_store: Path, tmp_path: Path, name: str, beside: str
) -> None:
    run = copied(autoencoder_run, tmp_path / "run")
    before = {path: path.read_bytes() for path in run.iterdir()}
    evaluated(run, matching_store, tmp_path / "out" / name, protocols="aligned")
    assert {path: path.read_bytes() for path in run.iterdir()} == before
    assert {file.name for file in (tmp_path / "out").iterdir()} == {name, beside}
    files = ("per_print.parquet", "curves.npz", "sheets/validation.npz", "comparisons/aligned_val.parquet")
    for file in files:
        assert (tmp_path / "out" / beside / file).is_file(), file


def test_the_runs_own_list_is_drawn_anew_for_another_store(
    autoencoder_run: Path,
    matching_store: Path,
    tmp_path: Path,
    refused: Refused,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same names in another store: a list drawn from the first would hide that there are fewer prints here."""
    images = shutil.copytree(matching_store.parent / "images", tmp_path / "images")
    shutil.rmtree(images / "Altered" / "Altered-Hard")
    other = prepare("synthetic", images, tmp_path / "store", progress=False).path
    run = copied(autoencoder_run, tmp_path / "run")
    evaluated(run, matching_store, protocols="aligned")
    listed = run / "comparisons" / "aligned_val.parquet"
    evaluated(run, other, protocols="aligned")
    loaded = Comparisons.load(listed)
    assert (loaded.split, loaded.store_digest) == ("val", PrintStore.open(other).digest)
    assert set(loaded.probe_levels) == {"Easy", "Medium"}
    # One without a word of where it comes from, as older versions wrote them, is too.
    fields = {name: getattr(loaded, name) for name in loaded.__dataclass_fields__}
    Comparisons(**{**fields, "split": "", "store_digest": ""}).save(listed)
    evaluated(run, matching_store, protocols="aligned")
    assert Comparisons.load(listed).store_digest == PrintStore.open(matching_store).digest
    # A list that the user names is not ours to replace; it serves every store that has its prints.
    loaded.save(tmp_path / "lists" / "aligned_val.parquet")
    capsys.readouterr()
    found = evaluated(run, matching_store, protocols="aligned", comparisons=tmp_path / "lists")
    assert row_of(found, "pixels", "aligned")["n_mated"] == loaded.mated.sum()
    assert "was drawn from another store" in capsys.readouterr().err
    loaded.save(tmp_path / "lists" / "aligned_test.parquet")
    said = refused(*command(run, matching_store, protocols="aligned", split="test", comparisons=tmp_path / "lists"))
    assert "drawn from the split val, not test; give another --comparisons" in said


def test_one_validation_subject_gives_no_threshold(
    autoencoder_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A set of ten fingers, as FVC's are: 7 train, 1 validation, 2 test."""
    fingers = tmp_path / "images"
    for finger in range(1, 11):
        (fingers / f"{finger}").mkdir(parents=True)
        for n in range(3):
            pixels = np.random.default_rng(finger).integers(0, 256, (97, 90), np.uint8)
            pixels[n] = 255  # else they would count as one print under several names
            Image.fromarray(pixels).save(fingers / f"{finger}" / f"{n}.png")
    store = prepare("folder", fingers, tmp_path / "store", progress=False).path
    run = copied(autoencoder_run, tmp_path / "run")
    found = evaluated(run, store, split="all", protocols="fvc", out=tmp_path / "all.json")
    row = row_of(found, "pixels", "fvc")
    assert (row["n_mated"], row["n_non_mated"], row["threshold_from"]) == (30, 45, "all")
    assert row["fp"] == 0  # an FMR of 0.1 % of 45 comparisons allows none
    assert row["threshold_n_non_mated"] == 45
    assert [row[f"fnmr_at_fmr_{name}"] for name in ("1", "0_1", "0_01")] == [None, None, None]
    assert row["eer_low"] < row["eer_high"]
    capsys.readouterr()
    assert evaluated(run, store)["matching"] == []  # the one subject has nobody to be compared with
    assert "has no two subjects of one data set, so no comparison is measured" in capsys.readouterr().err


def test_protocols_none_matches_nothing(autoencoder_run: Path, matching_store: Path, tmp_path: Path) -> None:
    run = copied(autoencoder_run, tmp_path / "run")
    assert evaluated(run, matching_store, protocols="none")["matching"] == []
    assert not (run / "comparisons").exists()


def test_comparison_lists_are_used_where_they_are(
    on_val: dict[str, Any], own_run: Path, autoencoder_run: Path, matching_store: Path, tmp_path: Path
) -> None:
    """A list that holds half of the comparisons gives half of them."""
    whole = Comparisons.load(own_run / "comparisons" / "aligned_val.parquet")
    half = np.arange(len(whole)) % 2 == 0
    fields = {name: getattr(whole, name) for name in whole.__dataclass_fields__}
    shorter = {name: fields[name][half] for name in ("probe_rows", "reference_rows", "mated")}
    Comparisons(**{**fields, **shorter}).save(tmp_path / "lists" / "aligned_val.parquet")
    before = (tmp_path / "lists" / "aligned_val.parquet").read_bytes()
    found = evaluated(
        copied(autoencoder_run, tmp_path / "run"), matching_store, comparisons=tmp_path / "lists", protocols="aligned"
    )
    row = row_of(found, "pixels", "aligned")
    assert row["n_mated"] + row["n_non_mated"] == half.sum()
    assert row["n_mated"] == whole.mated[half].sum()
    assert (tmp_path / "lists" / "aligned_val.parquet").read_bytes() == before


def test_a_matcher_has_its_head_and_stored_threshold(matcher_run: Path, matching_store: Path, tmp_path: Path) -> None:
    run = copied(matcher_run, tmp_path / "run")
    found = evaluated(run, matching_store)
    assert found["kind"] == "matcher"
    assert {"head", "cosine on z", "pixels"} <= {row["system"] for row in found["matching"]}
    stored = json.loads((run / "environment.json").read_text())["threshold"]
    assert row_of(found, "head", "moved")["threshold"] == stored
    last = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    best = json.loads((run / "environment.json").read_text())["best_epoch"]
    for protocol in ("aligned", "moved"):  # training's lists hold all there is here, as evaluation's do
        assert row_of(found, "head", protocol)["eer"] == pytest.approx(last[best][f"val_eer_{protocol}"], abs=1e-6)


def test_a_list_of_another_store(autoencoder_run: Path, matching_store: Path, tmp_path: Path, refused: Refused) -> None:
    run = copied(autoencoder_run, tmp_path / "run")
    evaluated(run, matching_store, protocols="aligned")
    path = run / "comparisons" / "aligned_val.parquet"
    one = Comparisons.load(path)
    fields = {name: getattr(one, name) for name in one.__dataclass_fields__}
    names = one.probe_names.copy()
    names[0] = "Altered/Altered-Easy/999__M_Left_index_finger_CR"
    Comparisons(**{**fields, "probe_names": names}).save(path)
    given = command(run, matching_store, protocols="aligned", comparisons=path.parent)
    assert "999__M_Left_index_finger_CR" in refused(*given)
    path.write_text("probe,reference\n")
    assert "aligned_val.parquet" in refused(*command(run, matching_store, protocols="aligned"))


@pytest.mark.parametrize("out", ["config.yaml", "model.safetensors", "evaluation.json", ""])
def test_an_out_that_would_spoil_the_run(
    autoencoder_run: Path, matching_store: Path, tmp_path: Path, refused: Refused, out: str
) -> None:
    run = copied(autoencoder_run, tmp_path / "run")
    before = {path: path.read_bytes() for path in run.iterdir()}
    assert f"--out {run / out}" in refused(*command(run, matching_store, split="test", out=run / out))
    assert {path: path.read_bytes() for path in run.iterdir()} == before


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"protocols": "alligned"}, "--protocols alligned"),
        ({"protocols": "fvc"}, "one impression a finger"),
        ({"run": "nowhere"}, "nowhere is not a run"),
        ({"depth_bits": 9}, "--depth_bits is 9"),
        ({"depth_bits": 0}, "--depth_bits is 0"),
        ({"split": "vall"}, "--split takes one of"),
        ({"data": "nowhere"}, "nowhere"),
    ],
)
def test_refusals(own_run: Path, matching_store: Path, refused: Refused, flags: dict[str, object], said: str) -> None:
    assert said in refused(*command(own_run, matching_store, **flags))


def test_a_run_without_a_model(autoencoder_run: Path, matching_store: Path, tmp_path: Path, refused: Refused) -> None:
    run = copied(autoencoder_run, tmp_path / "run")
    (run / "model.safetensors").unlink()
    assert "model.safetensors" in refused(*command(run, matching_store))
    (run / "model.safetensors").write_bytes(b"\x10\0\0")
    assert "model.safetensors" in refused(*command(run, matching_store))
    (run / "config.yaml").write_text("verb: [train")
    assert "config.yaml" in refused(*command(run, matching_store))


def test_a_foreign_folder(matching_store: Path, tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "holiday.txt").write_text("sun")
    assert "config.yaml" in refused(*command(tmp_path, matching_store))


def test_a_place_that_cannot_be_written(
    autoencoder_run: Path, matching_store: Path, tmp_path: Path, refused: Refused
) -> None:
    run = copied(autoencoder_run, tmp_path / "run")
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    for out in (tmp_path / "file" / "metrics.json", tmp_path / "folder"):
        assert str(tmp_path) in refused(*command(run, matching_store, protocols="none", out=out))
    assert not list((tmp_path / "folder").iterdir())


def test_json_for_programs(
    autoencoder_run: Path, matching_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "figures.json"
    capsys.readouterr()
    assert main([*command(autoencoder_run, matching_store, protocols="aligned", out=out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(out.read_text())
