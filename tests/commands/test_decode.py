"""`ridgecode decode`: images of latent vectors and of coded files; damaged and foreign files."""

import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, load_autoencoder, save_autoencoder
from ridgecode.autoencoders.windows import windows
from ridgecode.codec.codec import Codec
from ridgecode.codec.ridge_file import RidgeFile, pack_archive, pack_print
from ridgecode.commands.cli import main
from ridgecode.prints.store import PrintStore
from support.encoding import decode, encode, encode_coded, images

Refused = Callable[..., str]


def pngs(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.png"))


@pytest.fixture
def own_latents(latents: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    (tmp_path / "own").mkdir()
    for file in latents.iterdir():
        (tmp_path / "own" / file.name).write_bytes(file.read_bytes())
    return tmp_path / "own"


def test_decoded_images_are_the_models_reconstructions(
    latents: Path, matching_store: Path, autoencoder_run: Path, tmp_path: Path
) -> None:
    assert main(decode(latents, autoencoder_run, tmp_path, "--select=3,10-12")) == 0
    store, saved = PrintStore.open(matching_store), load_autoencoder(autoencoder_run)
    names = store.column("name")[[3, 10, 11, 12]].tolist()
    assert pngs(tmp_path) == sorted(names)
    for row, name in zip((3, 10, 11, 12), names, strict=True):
        x = torch.from_numpy(saved.spec.window.take(store.image(row)[None].copy())).unsqueeze(1).float() / 255
        x_hat = saved.net.decode(saved.net.encode(x))[0, 0, :, 3:93].numpy() * 255
        with Image.open(tmp_path / f"{name}.png") as image:
            assert (image.mode, image.size) == ("L", (90, 97))
            drawn = np.asarray(image).astype(float)
        assert np.abs(drawn[1:] - x_hat).max() <= 0.501
        np.testing.assert_array_equal(drawn[0], drawn[1])


def test_a_bce_model_decodes_to_grey(matching_store: Path, tmp_path: Path) -> None:
    """Its decoder gives logits; its images must lie on the grey scale all the same."""
    torch.manual_seed(0)
    spec = AutoencoderSpec("ridge", "crop32", 4, "bce")
    net = build_network(spec)
    save_autoencoder(tmp_path / "model.safetensors", net, spec, torch.zeros(4), torch.ones(4))
    model, out = tmp_path / "model.safetensors", tmp_path / "images"
    assert main(encode(matching_store, model, tmp_path / "z", "--split=val")) == 0
    assert main(decode(tmp_path / "z", model, out, "--select=0")) == 0
    store, saved = PrintStore.open(matching_store), load_autoencoder(model)
    row = store.rows("val", levels=None)[0]
    x = torch.from_numpy(store.image(int(row))[32:64, 29:61].copy())[None, None].float() / 255
    with torch.no_grad():
        grey = torch.sigmoid(saved.net(x).x_hat)[0, 0].numpy() * 255
    with Image.open(next(out.rglob("*.png"))) as image:
        assert np.abs(np.asarray(image) - grey).max() <= 0.51


def test_all_are_decoded_without_a_selection(matching_store: Path, autoencoder_run: Path, tmp_path: Path) -> None:
    assert main(encode(matching_store, autoencoder_run, tmp_path / "z", "--split=val")) == 0
    assert main(decode(tmp_path / "z", autoencoder_run, tmp_path / "images")) == 0
    assert pngs(tmp_path / "images") == sorted(pq.read_table(tmp_path / "z" / "index.parquet")["name"].to_pylist())


def test_a_model_of_other_dims(latents: Path, tmp_path: Path, refused: Refused) -> None:
    spec = AutoencoderSpec("ridge", "crop32", 4, "mse")
    save_autoencoder(tmp_path / "other.safetensors", build_network(spec), spec, torch.zeros(4), torch.ones(4))
    said = refused(*decode(latents, tmp_path / "other.safetensors", tmp_path / "images"))
    assert "12 dims" in said and "decodes 4" in said
    assert not (tmp_path / "images").exists()


def test_latents_that_cannot_be_read(
    own_latents: Path, autoencoder_run: Path, tmp_path: Path, refused: Refused
) -> None:
    command = decode(own_latents, autoencoder_run, tmp_path / "images")
    file, index = own_latents / "latents.npy", own_latents / "index.parquet"
    whole, rows = file.read_bytes(), index.read_bytes()
    for broken in (whole[:-100], whole[:40], b"", b"not an array"):
        file.write_bytes(broken)
        assert "encode` again" in refused(*command)
    file.unlink()
    assert "latents.npy does not exist" in refused(*command)
    file.write_bytes(whole)
    index.write_bytes(rows[: len(rows) // 2])
    assert "encode` again" in refused(*command)
    pq.write_table(pa.table({"something": [1, 2]}), index)
    assert "encode` again" in refused(*command)
    pq.write_table(pa.table({"name": ["Real/1"]}), index)
    assert "don't belong together" in refused(*command)
    index.unlink()
    assert "index.parquet does not exist" in refused(*command)
    assert not (tmp_path / "images").exists()


def test_names_of_an_index_that_lead_out_of_the_folder(
    own_latents: Path, autoencoder_run: Path, tmp_path: Path, refused: Refused
) -> None:
    """An index from someone else must not write where it likes."""
    index = own_latents / "index.parquet"
    table = pq.read_table(index)
    for name in ("../outside", str(tmp_path / "absolute"), "."):
        names = [name, *table["name"].to_pylist()[1:]]
        pq.write_table(table.set_column(0, "name", pa.array(names)), index)
        assert "index.parquet" in refused(*decode(own_latents, autoencoder_run, tmp_path / "images", "--select=0"))
    assert not list(tmp_path.glob("outside*")) and not list(tmp_path.glob("absolute*"))


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
    codec, x = Codec(Autoencoder(saved)).latent_codec, windows(store.stack(rows), saved.spec.window)
    with torch.no_grad():
        drawn = saved.net.decode(codec.decode(codec.encode(saved.net.encode(x))))[:, 0].numpy() * 255
    for name, expected in zip(store.column("name")[rows], drawn, strict=True):
        assert np.abs(found[name] - expected).max() < 0.51


def test_a_selection_and_what_it_says_of_bytes(
    archive: Path, synthetic_store: Path, coded_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(encode_coded(synthetic_store, coded_run, tmp_path / "y.ridge", "--select=7,20-22")) == 0
    said, size = capsys.readouterr().out, (tmp_path / "y.ridge").stat().st_size
    assert f"4 prints in {size} bytes, {size / 4:.1f} a print" in said and "1024 bytes" in said
    assert main(["decode", str(archive), f"--out={tmp_path / 'a'}", "--select=7,20-22"]) == 0
    assert main(["decode", str(tmp_path / "y.ridge"), f"--out={tmp_path / 'b'}", f"--model={coded_run}"]) == 0
    ours, theirs = images(tmp_path / "a"), images(tmp_path / "b")
    assert ours.keys() == theirs.keys() and len(ours) == 4
    assert all((ours[name] == theirs[name]).all() for name in ours)


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
    assert "is a folder" in refused(*encode_coded(synthetic_store, coded_run, tmp_path / "d.ridge"))
    assert "rows are 0 to 99" in refused("decode", archive, f"--out={tmp_path / 'o'}", "--select=100")
    assert "--model is missing" in refused("decode", tmp_path, f"--out={tmp_path / 'o'}")
    (tmp_path / "file").touch()
    assert "is a file" in refused("decode", archive, f"--out={tmp_path / 'file'}")
    assert "none.ridge does not exist" in refused("decode", tmp_path / "none.ridge", f"--out={tmp_path / 'o'}")
    assert "--ppi is for an image" in refused(
        *encode_coded(synthetic_store, coded_run, tmp_path / "x.ridge", "--ppi=500")
    )
    (tmp_path / "new.ridge").write_bytes(b"RDG\x03" + bytes(40))
    assert "upgrade" in refused("decode", tmp_path / "new.ridge", f"--out={tmp_path / 'o'}")


def test_names_that_lead_out_of_the_folder(coded_run: Path, tmp_path: Path, refused: Refused) -> None:
    model = bytes.fromhex(load_autoencoder(coded_run).sha256)[:4]
    for name in ("../x", "/tmp/x", "", ".", "./", "a/..", "n" * 300, "a/" + "\u00fc" * 120 + "/b"):
        (tmp_path / "x.ridge").write_bytes(pack_archive(model, 32, 32, [name, "b"], [b"", b""]))
        said = refused("decode", tmp_path / "x.ridge", f"--out={tmp_path / 'o'}", f"--model={coded_run}")
        assert "can't be a file name" in said
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
    autoencoder = Autoencoder.load(model)
    monkeypatch.setattr(Autoencoder, "load", lambda path: autoencoder)
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
