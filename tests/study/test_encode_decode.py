"""`ridgecode encode` and `decode`: what they write, that one undoes the other, and what they refuse."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, load_autoencoder, save_autoencoder
from ridgecode.cli import main
from ridgecode.errors import BadInput
from ridgecode.prints.store import PrintStore
from ridgecode.study.decode import selected_rows

Refused = Callable[..., str]


def encode(store: Path, model: Path, out: Path, *flags: str) -> list[str]:
    return ["encode", str(store), f"--model={model}", f"--out={out}", "--device=cpu", "--threads=1", *flags]


def decode(latents: Path, model: Path, out: Path, *flags: str) -> list[str]:
    return ["decode", str(latents), f"--model={model}", f"--out={out}", "--threads=1", *flags]


def pngs(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.png"))


@pytest.fixture(scope="module")
def latents(matching_store: Path, autoencoder_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The latent vectors of all prints; read it only."""
    out = tmp_path_factory.mktemp("encoded") / "latents"
    assert main(encode(matching_store, autoencoder_run, out)) == 0
    return out


@pytest.fixture
def own_latents(latents: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    (tmp_path / "own").mkdir()
    for file in latents.iterdir():
        (tmp_path / "own" / file.name).write_bytes(file.read_bytes())
    return tmp_path / "own"


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


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 39)), min_size=1, max_size=6), st.booleans())
def test_selections_round_trip(ranges: list[tuple[int, int]], spaces: bool) -> None:
    parts = [str(first) if not more else f"{first}-{first + more}" for first, more in ranges]
    wanted = [row for first, more in ranges for row in range(first, first + more + 1)]
    once = list(dict.fromkeys(wanted))
    np.testing.assert_array_equal(selected_rows((", " if spaces else ",").join(parts), 100), once)


@given(st.integers(1, 500))
def test_no_selection_is_all(n: int) -> None:
    assert selected_rows("", n).tolist() == selected_rows("  ", n).tolist() == list(range(n))


@pytest.mark.parametrize(
    "text", ["4", "0-4", "2,7", "-1", "1-", "a", "1;2", "1,,2", "3-1", "3-1,0", ",", "1.5", "\u00b2", "0-99999999999"]
)
def test_selections_that_name_no_row(text: str) -> None:
    with pytest.raises(BadInput, match="--select"):
        selected_rows(text, 4)


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


def test_names_that_lead_out_of_the_folder(
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
