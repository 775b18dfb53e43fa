"""The evaluation of a model of images of any size."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import structural_similarity

from ridgecode.codec.full_codec import FullCodec
from ridgecode.commands.cli import main
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.store import PrintStore
from support.full_models import saved_full_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved_full_model(tmp_path_factory.mktemp("full") / "model.safetensors")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(0)
    for name in ("A", "B"):
        (folder / name).mkdir()
        for finger in range(1, 4):
            height, width = random.integers(70, 130, 2)
            Image.fromarray(random.integers(0, 256, (height, width), np.uint8)).save(folder / name / f"{finger}_1.png")
    return prepare("impressions", folder, folder.parent / "store", canonical_ppi=500, progress=False).path


def test_figures_are_those_of_prints_through_the_real_bytes(model: Path, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.json"
    command = f"evaluate --run {model} --data {store} --split all --threads 1 --out {out}"
    assert main(command.split()) == 0
    found, opened, codec = json.loads(out.read_text()), PrintStore.open(store), FullCodec.load(model)
    images = [np.asarray(opened.image(row)) for row in range(len(opened))]
    files = codec.encode(images)
    back = codec.decode(files)
    mse = [((a.astype(float) - b) ** 2).mean() / 255**2 for a, b in zip(images, back, strict=True)]
    ssim = [structural_similarity(a, b, data_range=255) for a, b in zip(images, back, strict=True)]
    coded = found["coded"]
    assert coded["mse"] == pytest.approx(np.mean(mse), rel=1e-5)
    assert coded["ssim"] == pytest.approx(np.mean(ssim), rel=1e-4)
    assert coded["bytes"] == pytest.approx(np.mean([len(data) for data in files]))
    assert coded["payload_bytes"] == pytest.approx(coded["bytes"] - 20)
    assert found["n_prints"] == 6 and set(found["per_set"]) == {"A", "B"}
    assert found["view"] == "full" and found["matching"] == []
    with np.load(tmp_path / "found-files" / "sheets" / "validation.npz") as sheet:
        assert sheet["truth"].shape == sheet["decoded"].shape == (6, 256, 256)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("--protocols moved", "--protocols moved"),
        ("--window print", "--window"),
        ("--depth_bits 4", "--depth_bits"),
    ],
)
def test_what_is_of_thumbnails_is_refused(
    model: Path, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: str, sentence: str
) -> None:
    command = f"evaluate --run {model} --data {store} --split all --threads 1 --out {tmp_path / 'x.json'} {more}"
    assert main(command.split()) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "x.json").exists()
