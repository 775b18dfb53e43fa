"""`encode --out x.ridge` and `decode x.ridge`: what they write, and what they say of damaged and foreign files."""

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.cli import main
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.codec.ridge_file import RidgeFile, pack_archive, pack_print
from ridgecode.errors import BadInput
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import stack_prints
from ridgecode.study.autoencoder_training import windows
from ridgecode.study.coded_decode import coding_model

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
    codec, x = latent_codec(saved), windows(stack_prints(store, rows), saved.spec)
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
    assert not (tmp_path / "images").exists()


def test_refusals(archive: Path, synthetic_store: Path, coded_run: Path, tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "d.ridge").mkdir()
    assert "is a folder" in refused(*encode(synthetic_store, coded_run, tmp_path / "d.ridge"))
    assert "rows are 0 to 99" in refused("decode", archive, f"--out={tmp_path / 'o'}", "--select=100")
    assert "--model is missing" in refused("decode", tmp_path, f"--out={tmp_path / 'o'}")
    (tmp_path / "file").touch()
    assert "is a file" in refused("decode", archive, f"--out={tmp_path / 'file'}")
    assert "none.ridge does not exist" in refused("decode", tmp_path / "none.ridge", f"--out={tmp_path / 'o'}")
    assert "--ppi is of an image" in refused(*encode(synthetic_store, coded_run, tmp_path / "x.ridge", "--ppi=500"))
    (tmp_path / "new.ridge").write_bytes(b"RDG\x03" + bytes(40))
    assert "upgrade" in refused("decode", tmp_path / "new.ridge", f"--out={tmp_path / 'o'}")


def test_names_that_lead_out_of_the_folder(coded_run: Path, tmp_path: Path, refused: Refused) -> None:
    model = bytes.fromhex(load_autoencoder(coded_run).sha256)[:4]
    for name in ("../x", "/tmp/x", "", ".", "./", "a/..", "n" * 300, "a/" + "\u00fc" * 120 + "/b"):
        (tmp_path / "x.ridge").write_bytes(pack_archive(model, 32, 32, [name, "b"], [b"", b""]))
        said = refused("decode", tmp_path / "x.ridge", f"--out={tmp_path / 'o'}", f"--model={coded_run}")
        assert "no place in a folder" in said
    (tmp_path / "x.ridge").write_bytes(pack_archive(model, 32, 32, ["b", "./b"], [b"", b""]))
    assert "names two prints './b'" in refused(
        "decode", tmp_path / "x.ridge", f"--out={tmp_path / 'o'}", f"--model={coded_run}"
    )
    assert not (tmp_path / "o").exists() and not list(tmp_path.glob("**/*.png"))


def test_a_name_of_two_lines_is_told_in_one(coded_run: Path, tmp_path: Path, refused: Refused) -> None:
    model = bytes.fromhex(load_autoencoder(coded_run).sha256)[:4]
    data = bytearray(pack_archive(model, 32, 32, ["a\nb\x1b[2J", "b"], [b"payload", b""]))
    data[data.index(b"payload")] ^= 1
    (tmp_path / "x.ridge").write_bytes(data)
    said = refused("decode", tmp_path / "x.ridge", f"--out={tmp_path / 'o'}", f"--model={coded_run}", "--select=0")
    assert "1 of 1 prints are damaged" in said and "\x1b" not in said and "others" not in said


def test_names_that_no_archive_holds_are_refused_before_the_work(
    coded_run: Path, tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch, synthetic_store: Path
) -> None:
    monkeypatch.setattr("ridgecode.codec.ridge_directory.MOST_NAME_BYTES", 10)
    assert "a name has 10 at most" in refused(*encode(synthetic_store, coded_run, tmp_path / "x.ridge"))
    assert not list(tmp_path.iterdir())


def test_rows_that_are_named_twice_are_coded_once(synthetic_store: Path, coded_run: Path, tmp_path: Path) -> None:
    assert main(encode(synthetic_store, coded_run, tmp_path / "x.ridge", "--select=5,4-6")) == 0
    store = PrintStore.open(synthetic_store)
    expected = store.column("name")[store.rows("val", levels=None)[[5, 4, 6]]].tolist()
    assert RidgeFile.open(tmp_path / "x.ridge").names == expected


def test_one_image(
    synthetic_store: Path, coded_run: Path, tmp_path: Path, refused: Refused, capsys: pytest.CaptureFixture[str]
) -> None:
    """The store's own image file gives the store's own payload; so does the print at twice the resolution, nearly."""
    store = PrintStore.open(synthetic_store)
    row = store.rows("val", levels=None)[0]
    print_ = store.image(row)
    Image.fromarray(print_).save(tmp_path / "print.png")
    framed = np.zeros((103, 96), np.uint8)
    framed[2:-4, 2:-4] = print_
    Image.fromarray(framed).save(tmp_path / "framed.bmp")
    Image.fromarray(print_).resize((180, 194)).save(tmp_path / "large.png")
    model = ["--threads=1", f"--model={coded_run}"]
    assert main(encode(synthetic_store, coded_run, tmp_path / "x.ridge", "--select=0")) == 0
    expected = (tmp_path / "x.ridge").read_bytes()
    for name in ("print.png", "framed.bmp"):
        capsys.readouterr()
        assert main(["encode", str(tmp_path / name), f"--out={tmp_path / 'y.ridge'}", *model]) == 0
        assert (tmp_path / "y.ridge").read_bytes() == expected
        assert f"1 print in {len(expected)} bytes" in capsys.readouterr().out
    large = ["encode", str(tmp_path / "large.png"), f"--out={tmp_path / 'large.ridge'}", *model]
    assert "give its pixels per inch with --ppi" in refused(*large)
    assert "no resolution" in refused(*large, "--ppi=-1")
    assert "--split and --select" in refused(*large, "--select=0")
    assert "ends in .ridge" in refused("encode", tmp_path / "large.png", f"--out={tmp_path / 'folder'}", *model)
    assert main([*large, "--ppi=400"]) == 0
    assert main(["decode", str(tmp_path / "large.ridge"), f"--out={tmp_path / 'o'}", *model]) == 0
    assert main(["decode", str(tmp_path / "x.ridge"), f"--out={tmp_path / 'o'}", *model]) == 0
    found = images(tmp_path / "o")
    assert np.abs(found["large"].astype(int) - found["x"]).mean() < 20


def test_where_a_model_is_looked_for(
    archive: Path, coded_run: Path, tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    near, here = tmp_path / "near", tmp_path / "here"
    near.mkdir()
    here.mkdir()
    shutil.copy(archive, near / "x.ridge")
    monkeypatch.chdir(here)
    file = RidgeFile.open(near / "x.ridge")
    os.mkfifo(near / "model.safetensors")  # would wait for ever where it is opened
    (near / "other").mkdir()
    (near / "other" / "model.safetensors").write_bytes(b"another")

    def found(folder: Path) -> bool:
        folder.mkdir(parents=True)
        shutil.copy(coded_run / "model.safetensors", folder)
        try:
            return coding_model(file, "").sha256 == load_autoencoder(coded_run).sha256
        except BadInput as error:
            assert file.model.hex() in str(error) and "--model" in str(error)
            return False
        finally:
            shutil.rmtree(folder)

    assert found(near / "a" / "b" / "c" / "d") and found(here / "runs" / "a")
    assert not found(near / "a" / "b" / "c" / "e" / "f") and not found(here / ".hidden")
    monkeypatch.setattr("ridgecode.study.coded_decode.MOST_FOLDERS", 3)
    assert found(near / "a2") and not found(near / "z" / "z")


def test_another_shape_than_the_models(coded_run: Path, tmp_path: Path, refused: Refused) -> None:
    model = bytes.fromhex(load_autoencoder(coded_run).sha256)[:4]
    (tmp_path / "x.ridge").write_bytes(pack_print(model, 96, 96, b"abc"))
    assert "96x96" in refused("decode", tmp_path / "x.ridge", f"--out={tmp_path / 'o'}", f"--model={coded_run}")


def test_mutated_files_through_the_command(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image that is written is right; all else is one sentence and exit code 2."""
    data, rng = archive.read_bytes(), random.Random(1)
    assert main(["decode", str(archive), f"--out={tmp_path / 'right'}"]) == 0
    right = images(tmp_path / "right")
    model = archive.parent / "runs" / "a"
    # Loading the model takes longest of a call; it is the same each time.
    saved = load_autoencoder(model)
    monkeypatch.setattr("ridgecode.study.coded_decode.load_autoencoder", lambda path: saved)
    seen = Counter[int]()
    for number in range(300):
        spoilt = bytearray(data[: rng.randrange(len(data))] if number % 10 == 0 else data)
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(spoilt) + 1)
            spoilt[place : place + rng.randrange(40)] = rng.randbytes(rng.randrange(40))
        (tmp_path / "spoilt.ridge").write_bytes(spoilt)
        out = tmp_path / f"o{number}"
        capsys.readouterr()
        first = rng.randrange(99)
        selected = f"--select={first}-{first + 1}"
        code = main(["decode", str(tmp_path / "spoilt.ridge"), f"--out={out}", f"--model={model}", selected])
        seen[code] += 1
        said = capsys.readouterr().err
        assert code in (0, 2)
        if code == 2:
            assert said.startswith("ridgecode: ") and said.count("\n") == 1
        drawn = images(out)
        assert code == 2 or len(drawn) == 2
        for name, image in drawn.items():
            assert (image == right[name]).all()
    assert seen[0] > 20 and seen[2] > 20
