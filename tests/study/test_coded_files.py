"""`encode --out x.ridge` and `decode x.ridge`: what they write, and what they say of damaged and foreign files."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.cli import main
from ridgecode.codec.latent_codec import LatentCodec
from ridgecode.codec.ridge_file import RidgeFile, pack_archive, pack_print
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import stack_prints
from ridgecode.study.autoencoder_training import windows

Refused = Callable[..., str]


def encode(store: Path, model: object, out: Path, *flags: str) -> list[str]:
    return ["encode", str(store), f"--model={model}", f"--out={out}", "--split=val", "--threads=1", *flags]


def images(folder: Path) -> dict[str, np.ndarray]:
    found = {}
    for path in folder.rglob("*.png"):
        with Image.open(path) as image:
            assert image.mode == "L"
            found[str(path.relative_to(folder).with_suffix(""))] = np.asarray(image)
    return found


@pytest.fixture(scope="module")
def archive(synthetic_store: Path, coded_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The validation prints of `synthetic_store`, coded, with a copy of their model near by; read it only."""
    folder = tmp_path_factory.mktemp("archive")
    assert main(encode(synthetic_store, coded_run, folder / "x.ridge")) == 0
    (folder / "runs" / "a").mkdir(parents=True)
    shutil.copy(coded_run / "model.safetensors", folder / "runs" / "a")
    return folder / "x.ridge"


def test_an_archive_decodes_to_what_the_model_draws(
    archive: Path, synthetic_store: Path, coded_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The model is found near the file."""
    assert main(["decode", str(archive), f"--out={tmp_path / 'images'}", "--threads=1"]) == 0
    assert "100 images" in capsys.readouterr().out
    store, saved = PrintStore.open(synthetic_store), load_autoencoder(coded_run)
    rows = store.rows("val", levels=None)
    found = images(tmp_path / "images")
    assert sorted(found) == sorted(store.column("name")[rows])
    codec, x = LatentCodec.of(saved), windows(stack_prints(store, rows), saved.spec)
    with torch.no_grad():
        drawn = saved.net.decode(codec.decode(codec.encode(saved.net.encode(x))))[:, 0].numpy() * 255
    for name, expected in zip(store.column("name")[rows], drawn, strict=True):
        assert np.abs(found[name] - expected).max() < 0.51


def test_a_selection_and_what_it_says_of_bytes(
    archive: Path, synthetic_store: Path, coded_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(encode(synthetic_store, coded_run, tmp_path / "y.ridge", "--select=7,20-22")) == 0
    said, size = capsys.readouterr().out, (tmp_path / "y.ridge").stat().st_size
    assert f"4 prints in {size} bytes, {size / 4:.1f} a print" in said and "1024 bytes" in said
    assert main(["decode", str(archive), f"--out={tmp_path / 'a'}", "--select=7,20-22"]) == 0
    assert main(["decode", str(tmp_path / "y.ridge"), f"--out={tmp_path / 'b'}", f"--model={coded_run}"]) == 0
    ours, theirs = images(tmp_path / "a"), images(tmp_path / "b")
    assert ours.keys() == theirs.keys() and len(ours) == 4
    assert all((ours[name] == theirs[name]).all() for name in ours)


def test_one_print_has_a_short_file_and_the_files_name(
    archive: Path, synthetic_store: Path, coded_run: Path, tmp_path: Path
) -> None:
    assert main(encode(synthetic_store, coded_run, tmp_path / "thumb.ridge", "--select=3")) == 0
    payload = RidgeFile.open(archive).payload(3)
    assert (tmp_path / "thumb.ridge").stat().st_size == len(payload) + 16
    assert RidgeFile.open(tmp_path / "thumb.ridge").payload(0) == payload
    assert main(["decode", str(tmp_path / "thumb.ridge"), f"--out={tmp_path / 'out'}", f"--model={coded_run}"]) == 0
    assert list(images(tmp_path / "out")) == ["thumb"]


def test_damaged_prints_are_named_and_the_others_written(archive: Path, tmp_path: Path, refused: Refused) -> None:
    data = bytearray(archive.read_bytes())
    names = RidgeFile.open(archive).names
    data[len(data) // 2] ^= 1
    spoilt = archive.with_name("spoilt.ridge")
    spoilt.write_bytes(data)
    said = refused("decode", spoilt, f"--out={tmp_path / 'images'}")
    assert "1 of 100 prints are damaged and were left out" in said
    lost = [name for name in names if name in said]
    assert len(lost) >= 1 and len(images(tmp_path / "images")) == 99


def test_foreign_models(
    archive: Path, synthetic_store: Path, coded_run: Path, tmp_path: Path, refused: Refused, autoencoder_run: Path
) -> None:
    elsewhere = tmp_path / "alone" / "x.ridge"
    elsewhere.parent.mkdir()
    shutil.copy(archive, elsewhere)
    said = refused("decode", elsewhere, f"--out={tmp_path / 'images'}")
    assert "SHA-256 begins with" in said and "--model" in said
    said = refused("decode", elsewhere, f"--out={tmp_path / 'images'}", f"--model={autoencoder_run}")
    assert "was coded by another model" in said
    assert "no codec" in refused(*encode(synthetic_store, autoencoder_run, tmp_path / "z.ridge"))
    assert not (tmp_path / "z.ridge").exists() and not (tmp_path / "images").exists()


def test_refusals(archive: Path, synthetic_store: Path, coded_run: Path, tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "d.ridge").mkdir()
    assert "is a folder" in refused(*encode(synthetic_store, coded_run, tmp_path / "d.ridge"))
    assert "rows are 0 to 99" in refused("decode", archive, f"--out={tmp_path / 'o'}", "--select=100")
    assert "--model is missing" in refused("decode", tmp_path, f"--out={tmp_path / 'o'}")
    (tmp_path / "file").touch()
    assert "is a file" in refused("decode", archive, f"--out={tmp_path / 'file'}")
    (tmp_path / "new.ridge").write_bytes(b"RDG\x03" + bytes(40))
    assert "upgrade" in refused("decode", tmp_path / "new.ridge", f"--out={tmp_path / 'o'}")


def test_names_that_lead_out_of_the_folder(coded_run: Path, tmp_path: Path, refused: Refused) -> None:
    model = bytes.fromhex(load_autoencoder(coded_run).sha256)[:4]
    for name in ("../x", "/tmp/x", "", "a\0b"):
        (tmp_path / "x.ridge").write_bytes(pack_archive(model, 32, 32, [name, "b"], [b"", b""]))
        said = refused("decode", tmp_path / "x.ridge", f"--out={tmp_path / 'o'}", f"--model={coded_run}")
        assert "no place in a folder" in said
    assert not (tmp_path / "o").exists()


def test_another_shape_than_the_models(coded_run: Path, tmp_path: Path, refused: Refused) -> None:
    model = bytes.fromhex(load_autoencoder(coded_run).sha256)[:4]
    (tmp_path / "x.ridge").write_bytes(pack_print(model, 96, 96, b"abc"))
    assert "96x96" in refused("decode", tmp_path / "x.ridge", f"--out={tmp_path / 'o'}", f"--model={coded_run}")


def test_mutated_files_through_the_command(archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An image that is written is right; all else is one sentence and exit code 2."""
    data, rng = archive.read_bytes(), random.Random(1)
    assert main(["decode", str(archive), f"--out={tmp_path / 'right'}"]) == 0
    right = images(tmp_path / "right")
    model = archive.parent / "runs" / "a"
    for number in range(40):
        spoilt = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(spoilt))
            spoilt[place : place + rng.randrange(40)] = rng.randbytes(rng.randrange(40))
        (tmp_path / "spoilt.ridge").write_bytes(spoilt)
        out = tmp_path / f"o{number}"
        capsys.readouterr()
        code = main(["decode", str(tmp_path / "spoilt.ridge"), f"--out={out}", f"--model={model}", "--select=0-9"])
        said = capsys.readouterr().err
        assert code in (0, 2)
        if code == 2:
            assert said.startswith("ridgecode: ") and said.count("\n") == 1
        for name, image in images(out).items():
            assert (image == right[name]).all()
