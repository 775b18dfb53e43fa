"""`encode` and `decode` of images of any size: an image, a folder of images, a store."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ridgecode.codec.full_codec import FullCodec
from ridgecode.codec.full_size import FullSize
from ridgecode.codec.ridge_file import RidgeFile
from ridgecode.commands.cli import main
from ridgecode.prints.datasets.prepare import prepare
from ridgecode.prints.images import read_image
from ridgecode.prints.store import PrintStore
from support.full_models import saved_full_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved_full_model(tmp_path_factory.mktemp("full") / "model.safetensors")


def _save(path: Path, height: int, width: int, ppi: float = 0.0) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    grey = np.random.default_rng(height).integers(0, 256, (height, width), np.uint8)
    Image.fromarray(grey).save(path, **({"dpi": (ppi, ppi)} if ppi else {}))
    return grey


def test_an_image_is_coded_and_drawn_at_its_size_and_ppi(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grey = _save(tmp_path / "print.png", 90, 130, 508)
    out = tmp_path / "print.ridge"
    command = f"encode {tmp_path / 'print.png'} --model {model} --out {out} --threads 1"
    assert main(command.split()) == 0
    assert "1 print in" in capsys.readouterr().out
    assert RidgeFile.open(out).size(0) == FullSize(90, 130, 508)
    assert main(f"decode {out} --model {model} --out {tmp_path / 'drawn'} --threads 1".split()) == 0
    drawn = read_image(tmp_path / "drawn" / "print.png")
    codec = FullCodec.load(model)
    (expected,) = codec.decode(codec.encode([grey], 508))
    assert np.array_equal(drawn.grey, expected) and drawn.ppi == 508


@pytest.mark.parametrize(("flag", "ppi"), [("", 500.0), ("--ppi 1000", 1000.0)])
def test_without_a_tag_the_flag_or_500_ppi_count(model: Path, tmp_path: Path, flag: str, ppi: float) -> None:
    _save(tmp_path / "print.png", 80, 90)
    out = tmp_path / "print.ridge"
    command = f"encode {tmp_path / 'print.png'} --model {model} --out {out} --threads 1 {flag}"
    assert main(command.split()) == 0
    assert RidgeFile.open(out).size(0) == FullSize(80, 90, ppi)


@pytest.mark.parametrize("image_format", ["png", "tiff"])
def test_a_folder_comes_back_with_its_names_and_sizes(model: Path, tmp_path: Path, image_format: str) -> None:
    sizes = {"a/2": (80, 90, 500.0), "a/10": (70, 64, 1000.0), "b": (64, 200, 300.0)}
    for name, (height, width, ppi) in sizes.items():
        _save(tmp_path / "scans" / f"{name}.png", height, width, ppi)
    out = tmp_path / "all.ridge"
    assert main(f"encode {tmp_path / 'scans'} --model {model} --out {out} --threads 1".split()) == 0
    assert RidgeFile.open(out).names == list(sizes)
    assert (
        main(f"decode {out} --model {model} --out {tmp_path / 'drawn'} --format {image_format} --threads 1".split())
        == 0
    )
    for name, (height, width, ppi) in sizes.items():
        drawn = read_image(tmp_path / "drawn" / f"{name}.{image_format}")
        assert (*drawn.grey.shape, drawn.ppi) == (height, width, ppi)


def test_a_store_is_coded_with_its_names_and_resolution(model: Path, tmp_path: Path) -> None:
    for finger in (1, 2):
        _save(tmp_path / "images" / f"{finger}_1.png", 80 + finger, 90)
    store = prepare("impressions", tmp_path / "images", tmp_path / "store", canonical_ppi=500, progress=False).path
    out = tmp_path / "all.ridge"
    assert main(f"encode {store} --model {model} --out {out} --threads 1".split()) == 0
    file, opened = RidgeFile.open(out), PrintStore.open(store)
    assert file.names == opened.column("name").tolist()
    assert [file.size(k) for k in (0, 1)] == [FullSize(81, 90, 500), FullSize(82, 90, 500)]


@pytest.mark.parametrize(
    ("source", "more", "sentence"),
    [
        ("small.png", "", "20x20 pixels"),
        ("nothing.png", "", "does not exist"),
        ("empty", "", "empty"),
        ("cut.png", "", "truncated or damaged"),
        ("good.png", "--ppi 3", "--ppi 3"),
        ("good.png", "--select 1", "--split and --select"),
        ("good.png", "--out latents", "ends in .ridge"),
    ],
)
def test_what_can_not_be_coded_is_refused(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, more: str, sentence: str
) -> None:
    _save(tmp_path / "small.png", 20, 20)
    _save(tmp_path / "good.png", 80, 80)
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:2000])
    (tmp_path / "empty").mkdir()
    out = "" if "--out" in more else f"--out {tmp_path / 'x.ridge'}"
    assert main(f"encode {tmp_path / source} --model {model} --threads 1 {out} {more}".split()) == 2
    error = capsys.readouterr().err
    assert sentence in error and "Traceback" not in error
    assert not (tmp_path / "x.ridge").exists()
