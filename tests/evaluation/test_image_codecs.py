"""`ridgecode evaluate-codec` against the codec's own calls, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from skimage.metrics import structural_similarity

from ridgecode.codec.images.classical import classical_codec
from ridgecode.codec.images.fitted import fitted_codec
from ridgecode.commands.cli import main
from ridgecode.matching.minutiae.orb import Orb
from ridgecode.prints.store import PrintStore

Refused = Callable[..., str]
KEYS = {
    *("schema", "kind", "codec", "quality", "view", "split", "source", "data_digest", "n_prints", "n_subjects"),
    *("coded_shape", "pixels", "points"),
}
POINT_KEYS = {
    *("quality", "bytes", "bytes_low", "bytes_high", "bytes_without_header", "mse", "mse_low", "mse_high", "psnr_db"),
    *("ssim", "encode_ms", "decode_ms"),
}


def command(store: Path, /, verb: str = "evaluate-codec", **flags: object) -> list[str]:
    return [verb, *(f"--{name}={value}" for name, value in {"data": store, **flags}.items())]


@pytest.fixture(scope="module")
def out(matching_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("codec") / "jpeg.json"
    assert main(command(matching_store, codec="jpeg", qualities="6,30", out=out)) == 0
    return out


@pytest.fixture(scope="module")
def found(out: Path) -> dict[str, Any]:
    return dict(json.loads(out.read_text()))


def test_keys_and_files(found: dict[str, Any], out: Path, matching_store: Path) -> None:
    store = PrintStore.open(matching_store)
    assert found.keys() == KEYS
    assert all(point.keys() == POINT_KEYS for point in found["points"])
    assert (found["kind"], found["codec"], found["view"], found["split"]) == ("codec", "jpeg", "whole", "val")
    assert (found["n_prints"], found["n_subjects"], found["source"]) == (4, 2, "synthetic")
    assert (found["coded_shape"], found["pixels"]) == ([96, 90], 97 * 90)
    assert found["data_digest"] == store.digest
    assert [point["quality"] for point in found["points"]] == [6, 30]
    for point in found["points"]:
        assert point["bytes_low"] <= point["bytes"] <= point["bytes_high"]
        assert point["mse_low"] <= point["mse"] <= point["mse_high"]
        assert 0 < point["bytes_without_header"] < point["bytes"]
        assert point["encode_ms"] > 0 and point["decode_ms"] > 0
    per_print = pq.read_table(out.parent / "jpeg-files" / "per_print.parquet").to_pydict()
    assert per_print["name"] == 2 * store.column("name")[store.rows("val")].tolist()
    for i, point in enumerate(found["points"]):
        assert per_print["quality"][4 * i : 4 * i + 4] == 4 * [point["quality"]]
        for name in ("bytes", "bytes_without_header", "mse", "psnr_db", "ssim"):
            assert np.mean(per_print[name][4 * i : 4 * i + 4]) == pytest.approx(point[name])


def test_figures_are_those_of_the_codec(found: dict[str, Any], out: Path, matching_store: Path) -> None:
    """All 97 rows are compared, though the first is not coded: an autoencoder's window leaves it out too."""
    store, codec = PrintStore.open(matching_store), classical_codec("jpeg")
    sheet = np.load(out.parent / "jpeg-files" / "sheets" / "qualities.npz")
    assert sheet["x_hat"].shape == (2, 4, 97, 90)
    assert sheet["qualities"].tolist() == [6, 30]
    for i, point in enumerate(found["points"]):
        sizes, errors, ssim = [], [], []
        for row, name, truth, drawn in zip(
            store.rows("val"), sheet["names"], sheet["truth"], sheet["x_hat"][i], strict=True
        ):
            image = store.image(int(row))
            assert store.column("name")[row] == name and np.array_equal(image, truth)
            data = codec.encode(np.ascontiguousarray(image[1:]), point["quality"])
            decoded = codec.decode(data)
            x_hat = np.concatenate((decoded[:1], decoded))
            assert np.array_equal(x_hat, drawn)
            sizes.append(len(data))
            errors.append(np.mean((x_hat / 255.0 - image / 255.0) ** 2))
            ssim.append(structural_similarity(image / 255.0, x_hat / 255.0, data_range=1.0))
        assert point["bytes"] == np.mean(sizes)
        assert point["mse"] == pytest.approx(np.mean(errors), rel=1e-5)
        assert point["psnr_db"] == pytest.approx(np.mean(-10 * np.log10(errors)), rel=1e-5)
        assert point["ssim"] == pytest.approx(np.mean(ssim), abs=1e-4)


def test_the_same_prints_and_pixels_as_an_autoencoder(
    out: Path, autoencoder_run: Path, matching_store: Path, tmp_path: Path
) -> None:
    given = {"run": autoencoder_run, "protocols": "none", "threads": 1, "out": tmp_path / "pca.json"}
    assert main(command(matching_store, "evaluate", **given)) == 0
    theirs = np.load(tmp_path / "pca-files" / "sheets" / "validation.npz")
    ours = np.load(out.parent / "jpeg-files" / "sheets" / "qualities.npz")
    assert np.array_equal(theirs["truth"], ours["truth"])
    assert np.array_equal(theirs["names"], ours["names"])


def test_crops(matching_store: Path, tmp_path: Path) -> None:
    out = tmp_path / "crops.json"
    assert main(command(matching_store, codec="jpeg2000", view="crop32", out=out, split="test")) == 0
    found = json.loads(out.read_text())
    assert (found["coded_shape"], found["pixels"], found["n_prints"]) == ([32, 32], 1024, 6)
    assert [point["quality"] for point in found["points"]] == list(classical_codec("jpeg2000").qualities)
    sizes = [point["bytes"] for point in found["points"]]
    assert sizes == sorted(sizes)
    truth = np.load(tmp_path / "crops-files" / "sheets" / "qualities.npz")["truth"]
    store = PrintStore.open(matching_store)
    assert np.array_equal(truth[0], store.image(int(store.rows("test")[0]))[32:64, 29:61])


@pytest.mark.parametrize(("name", "view"), [("klt", "whole"), ("pca", "crop32")])
def test_fitted_codecs_know_train_subjects_alone(name: str, view: str, matching_store: Path, tmp_path: Path) -> None:
    out = tmp_path / "fitted.json"
    assert main(command(matching_store, codec=name, view=view, qualities="300,100", out=out)) == 0
    found = json.loads(out.read_text())
    store = PrintStore.open(matching_store)
    train, val = (store.prints(split) for split in ("train", "val"))
    if view == "whole":
        fitted, shown = train[:, 1:], val[:, 1:]
    else:
        places = [(32 + y, 29 + x) for y in (8, 0, -8) for x in (8, 0, -8)]  # a print moved down shows what is above
        fitted = np.concatenate([train[:, y : y + 32, x : x + 32] for y, x in places])
        shown = val[:, 32:64, 29:61]
    codec = fitted_codec(name, np.ascontiguousarray(fitted))
    for point in found["points"]:
        sizes = [len(codec.encode(np.ascontiguousarray(image), point["quality"])) for image in shown]
        assert point["bytes"] == np.mean(sizes)
        assert point["bytes_without_header"] == point["bytes"] - 2


def test_minutiae_of_what_a_codec_gives(matching_store: Path, tmp_path: Path) -> None:
    out = tmp_path / "minutiae.json"
    given = {"matcher": "orb", "protocol": "reconstruction", "codec": "jpeg", "qualities": 20, "jobs": 1, "out": out}
    assert main(command(matching_store, "evaluate-minutiae", **given)) == 0
    found = json.loads(out.read_text())
    assert (found["codec"], found["quality"], found["view"]) == ("jpeg", 20, "whole")
    assert (found["matching"][0]["n_mated"], found["matching"][0]["n_non_mated"]) == (4, 8)
    store, orb, codec = PrintStore.open(matching_store), Orb(), classical_codec("jpeg")
    names = store.column("name").tolist()
    pairs = pq.read_table(tmp_path / "minutiae-comparisons.parquet").to_pydict()
    sizes = []
    for i in range(5):
        data = codec.encode(np.ascontiguousarray(store.image(names.index(pairs["probe"][i]))[1:]), 20)
        sizes.append(len(data))
        decoded = codec.decode(data)
        reference = store.image(names.index(pairs["reference"][i]))
        probe = np.concatenate((decoded[:1], decoded))
        assert pairs["score"][i] == orb.compare(orb.extract(probe), orb.extract(reference))
    assert found["bytes"] == np.mean(sizes[:4])  # the mated pairs come first, one a print


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({}, "--out is missing"),
        ({"run": "runs/a", "out": "x.json"}, "--run is no flag of this verb"),
        ({"out": ""}, "is a folder"),
        ({"out": "x.json", "qualities": "6,6"}, "must name each quality once"),
        ({"out": "x.json", "qualities": "six"}, "--qualities six are no numbers"),
        ({"out": "x.json", "qualities": "101"}, "jpeg takes no quality 101"),
        ({"out": "x.json", "depth_bits": 4}, "--depth_bits is no flag of this verb"),
        ({"out": "x.json", "max_prints": 9}, "--max_prints is no flag of this verb"),
        ({"out": "x.json", "protocols": "aligned"}, "--protocols is no flag of this verb"),
        ({"out": "x.json", "codec": "gif"}, "--codec takes one of"),
        ({"out": "x.json", "codec": "none"}, "--codec takes one of"),
        ({"out": "x.json", "codec": "wsq", "view": "crop32"}, "wsq can't code 32x32 pixels"),
        ({"out": "x.json", "codec": "klt", "qualities": "0"}, "klt takes no quality 0"),
        ({"out": "x.json", "codec": "klt", "data": "gone"}, "gone"),
    ],
)
def test_refusals(
    matching_store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: Refused,
    flags: dict[str, object],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in refused(*command(matching_store, **{"codec": "jpeg", **flags}))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"run": "runs/a", "qualities": "6", "out": "x.json"}, "leave out --run"),
        ({"out": "x.json", "protocol": "aligned"}, "--protocol aligned compares the store's own"),
        ({"out": "x.json"}, "--codec jpeg is compared at one quality"),
        ({"out": "x.json", "qualities": "6,30"}, "--codec jpeg is compared at one quality"),
        ({"out": "x.json", "qualities": "6", "view": "crop32"}, "--view is no flag of this verb"),
        ({"out": "x.json", "qualities": "6", "codec": "none", "protocol": "aligned"}, "--qualities is for --codec"),
        ({"qualities": "6"}, "--out is missing"),
    ],
)
def test_refusals_of_a_codec_in_a_runs_place(
    matching_store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: Refused,
    flags: dict[str, object],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {"matcher": "orb", "codec": "jpeg", **flags}
    assert said in refused(*command(matching_store, "evaluate-minutiae", **given))
    assert not list(tmp_path.iterdir())
