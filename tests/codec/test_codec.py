"""`Codec`: the same bytes and pictures as the commands give, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.saved import load_autoencoder, save_autoencoder
from ridgecode.codec.codec import Codec
from ridgecode.codec.ridge_file import ONE_PRINT_OVERHEAD, RidgeFile, pack_archive
from ridgecode.commands.cli import main
from ridgecode.errors import BadInput
from ridgecode.prints.store import PrintStore


@pytest.fixture(scope="module")
def codec(coded_run: Path) -> Codec:
    return Codec.load(coded_run)


@pytest.fixture(scope="module")
def prints(synthetic_store: Path) -> np.ndarray:
    store = PrintStore.open(synthetic_store)
    return store.stack(store.rows("val")[:5])


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
    assert x_hat.shape == model.target(prints).shape
    lossless = model.decode(model.encode(prints))
    truth = model.target(prints)
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


def test_payloads_are_the_files_without_their_headers(codec: Codec, prints: np.ndarray) -> None:
    payloads, files = codec.payloads(prints), codec.encode(prints)
    assert [RidgeFile(data, Path("x")).payload(0) for data in files] == payloads
    assert {len(data) - len(payload) for data, payload in zip(files, payloads, strict=True)} == {ONE_PRINT_OVERHEAD}
    assert codec.payloads(prints[0]) == payloads[:1]
    assert codec.payloads(torch.from_numpy(prints).float() / 255) == payloads
    # What a payload decodes to is the rounded latent vector.
    z = torch.from_numpy(codec.autoencoder.encode(prints))
    assert torch.equal(codec.latent_codec.decode(payloads), codec.latent_codec.round(z))


def test_gradients_that_were_asked_for_do_not_disturb(codec: Codec, prints: np.ndarray) -> None:
    x = (torch.from_numpy(prints).float() / 255).requires_grad_()
    assert codec.encode(x) == codec.encode(prints)


def test_prints_that_are_refused(codec: Codec) -> None:
    for x, said in ((np.zeros(5, np.uint8), "x has the shape"), (np.full((40, 40), 2.0), r"ranges from 2 to 2")):
        for call in (codec.encode, codec.payloads):
            with pytest.raises(BadInput, match=said):
                call(x)


def test_an_autoencoder_is_left_as_it_was(coded_run: Path, prints: np.ndarray, codec: Codec) -> None:
    autoencoder = Autoencoder.load(coded_run)
    net = autoencoder.net
    own = Codec(autoencoder)
    assert autoencoder.net is net and own.autoencoder is not autoencoder
    assert own.encode(prints) == codec.encode(prints)
    assert repr(own) == f"Codec({autoencoder!r})"


def test_what_is_no_list_of_files_is_refused(codec: Codec, prints: np.ndarray) -> None:
    data = codec.encode(prints[0])[0]
    for given in (data, "x.ridge", ["x.ridge"], [3]):
        with pytest.raises(BadInput, match="must be a list of the bytes of files"):
            codec.decode(given)  # type: ignore[arg-type]
    assert np.array_equal(codec.decode((data,)), codec.decode([bytearray(data)]))  # type: ignore[list-item]
