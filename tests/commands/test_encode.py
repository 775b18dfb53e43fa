"""`ridgecode encode`: latent vectors of a store, coded files of a store or an image, and what it refuses."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.codec.ridge_file import RidgeFile
from ridgecode.commands.cli import main
from ridgecode.prints.store import PrintStore
from support.encoding import encode, encode_coded, images

Refused = Callable[..., str]


def test_latent_vectors_of_all_prints(latents: Path, matching_store: Path, autoencoder_run: Path) -> None:
    assert {file.name for file in latents.iterdir()} == {"latents.npy", "index.parquet"}
    z, index = np.load(latents / "latents.npy"), pq.read_table(latents / "index.parquet").to_pydict()
    store, saved = PrintStore.open(matching_store), load_autoencoder(autoencoder_run)
    assert (z.dtype, z.shape) == (np.float32, (300, 12))
    for name, column in index.items():
        assert column == store.column(name).tolist(), name
    assert {"name", "subject", "finger_id", "level", "alteration"} <= index.keys()
    for row in (0, 123, 299):  # one print at a time, by plain matrix products
        window = np.full((96, 96), 255.0)
        window[:, 3:93] = store.image(row)[1:]
        centred = window.ravel() / 255 - saved.net.mean.double().numpy()
        np.testing.assert_allclose(z[row], saved.net.components.double().numpy() @ centred, atol=1e-4)


@pytest.mark.parametrize(("split", "n"), [("train", 200), ("val", 40), ("test", 60)])
def test_a_split(
    latents: Path, matching_store: Path, autoencoder_run: Path, tmp_path: Path, split: str, n: int
) -> None:
    assert main(encode(matching_store, autoencoder_run, tmp_path, f"--split={split}")) == 0
    rows = PrintStore.open(matching_store).rows(split, levels=None)
    assert len(rows) == n
    np.testing.assert_allclose(np.load(tmp_path / "latents.npy"), np.load(latents / "latents.npy")[rows], atol=1e-4)
    names = pq.read_table(latents / "index.parquet")["name"].to_numpy(zero_copy_only=False)[rows]
    assert pq.read_table(tmp_path / "index.parquet")["name"].to_pylist() == names.tolist()


def test_refusals_of_encode(
    matching_store: Path, autoencoder_run: Path, matcher_run: Path, tmp_path: Path, refused: Refused
) -> None:
    out = tmp_path / "z"
    assert "nowhere" in refused(*encode(tmp_path / "nowhere", autoencoder_run, out))
    assert "nowhere" in refused(*encode(matching_store, tmp_path / "nowhere", out))
    assert "no ridgecode autoencoder" in refused(*encode(matching_store, matcher_run / "model.safetensors", out))
    assert "--split takes one of" in refused(*encode(matching_store, autoencoder_run, out, "--split=validation"))
    assert "no prepared store" in refused(*encode(autoencoder_run, autoencoder_run, out))
    assert not out.exists()
    out.write_text("a file")
    assert "is a file" in refused(*encode(matching_store, autoencoder_run, out))


def test_one_print_has_a_short_file_and_the_files_name(
    archive: Path, synthetic_store: Path, coded_run: Path, tmp_path: Path
) -> None:
    assert main(encode_coded(synthetic_store, coded_run, tmp_path / "thumb.ridge", "--select=3")) == 0
    payload = RidgeFile.open(archive).payload(3)
    assert (tmp_path / "thumb.ridge").stat().st_size == len(payload) + 16
    assert RidgeFile.open(tmp_path / "thumb.ridge").payload(0) == payload
    assert main(["decode", str(tmp_path / "thumb.ridge"), f"--out={tmp_path / 'out'}", f"--model={coded_run}"]) == 0
    assert list(images(tmp_path / "out")) == ["thumb"]


def test_names_that_no_archive_holds_are_refused_before_the_work(
    coded_run: Path, tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch, synthetic_store: Path
) -> None:
    monkeypatch.setattr("ridgecode.codec.ridge_directory.MOST_NAME_BYTES", 10)
    assert "a name has 10 at most" in refused(*encode_coded(synthetic_store, coded_run, tmp_path / "x.ridge"))
    assert not list(tmp_path.iterdir())


def test_rows_that_are_named_twice_are_coded_once(synthetic_store: Path, coded_run: Path, tmp_path: Path) -> None:
    assert main(encode_coded(synthetic_store, coded_run, tmp_path / "x.ridge", "--select=5,4-6")) == 0
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
    assert main(encode_coded(synthetic_store, coded_run, tmp_path / "x.ridge", "--select=0")) == 0
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
    for ppi in ([], ["--ppi=400"]):
        assert "none.png does not exist" in refused(
            "encode", tmp_path / "none.png", f"--out={tmp_path / 'y'}", *model, *ppi
        )
    assert "ends in .ridge" in refused("encode", tmp_path / "large.png", f"--out={tmp_path / 'folder'}", *model)
    assert main([*large, "--ppi=400"]) == 0
    assert main(["decode", str(tmp_path / "large.ridge"), f"--out={tmp_path / 'o'}", *model]) == 0
    assert main(["decode", str(tmp_path / "x.ridge"), f"--out={tmp_path / 'o'}", *model]) == 0
    found = images(tmp_path / "o")
    assert np.abs(found["large"].astype(int) - found["x"]).mean() < 20
