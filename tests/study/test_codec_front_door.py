"""`Codec`: the same bytes and pictures as the commands give, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import ridgecode
from ridgecode import Autoencoder, Codec
from ridgecode.autoencoders.saved import load_autoencoder, save_autoencoder
from ridgecode.cli import main
from ridgecode.codec.ridge_file import RidgeFile, pack_archive
from ridgecode.errors import BadInput
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import stack_prints


@pytest.fixture(scope="module")
def codec(coded_run: Path) -> Codec:
    return Codec.load(coded_run)


@pytest.fixture(scope="module")
def prints(synthetic_store: Path) -> np.ndarray:
    store = PrintStore.open(synthetic_store)
    return stack_prints(store, store.rows("val")[:5])


def test_files_are_those_of_the_commands(
    codec: Codec, prints: np.ndarray, coded_run: Path, synthetic_store: Path, tmp_path: Path
) -> None:
    file = tmp_path / "print.ridge"
    flags = [f"--model={coded_run}", f"--out={file}", "--split=val", "--select=0", "--threads=1"]
    assert main(["encode", str(synthetic_store), *flags]) == 0
    (own,) = codec.encode(prints[0])
    assert own == file.read_bytes()
    images = tmp_path / "images"
    assert main(["decode", str(file), f"--model={coded_run}", f"--out={images}", "--threads=1"]) == 0
    with Image.open(images / "print.png") as image:
        drawn = np.asarray(image) / 255
    x_hat = codec.decode([own])
    assert x_hat.dtype == np.float32
    assert np.abs(x_hat[0] - drawn).max() < 0.51 / 255 + 1e-4  # a grey value may round the other way


def test_what_comes_back_is_what_the_rounded_vector_draws(codec: Codec, prints: np.ndarray, coded_run: Path) -> None:
    model = Autoencoder.load(coded_run)
    assert codec.autoencoder.spec == model.spec
    x_hat = codec.decode(codec.encode(prints))
    assert x_hat.shape == model.kept(prints).shape
    lossless = model.decode(model.encode(prints))
    truth = model.kept(prints)
    assert 0 < np.abs(x_hat - lossless).mean() < np.abs(x_hat - truth).mean()
    assert codec.encode(torch.from_numpy(prints)[:, None]) == codec.encode(prints)
    assert codec.decode([]).shape == (0, *x_hat.shape[1:])


def test_damaged_and_foreign_files_are_named(codec: Codec, prints: np.ndarray) -> None:
    good, other = codec.encode(prints[:2])
    with pytest.raises(BadInput, match=r"files\[1\] is damaged"):
        codec.decode([good, other[:-5] + bytes([other[-5] ^ 1]) + other[-4:]])
    foreign = RidgeFile(good, Path("x")).model[::-1]
    archive = pack_archive(foreign, 32, 32, ["a", "b"], [b"", b""])
    with pytest.raises(BadInput, match=r"files\[0\] was coded by another model.*load the model"):
        codec.decode([archive])
    archive = pack_archive(RidgeFile(good, Path("x")).model, 32, 32, ["a", "b"], [b"", b""])
    with pytest.raises(BadInput, match="archive of 2 prints"):
        codec.decode([archive])


def test_a_model_without_a_codec_says_how_to_get_one(coded_run: Path, tmp_path: Path) -> None:
    saved = load_autoencoder(coded_run)
    save_autoencoder(tmp_path / "a.safetensors", saved.net, saved.spec, saved.latent_mean, saved.latent_std)
    with pytest.raises(BadInput, match="no codec; write a copy that has one"):
        Codec.load(tmp_path / "a.safetensors")


def test_it_stands_at_the_front_door() -> None:
    assert set(ridgecode.__all__) <= set(dir(ridgecode))
    assert "Codec" in ridgecode.__all__
