"""What evaluations make of a model with a codec is decoded from bytes."""

import json
from pathlib import Path

import numpy as np
import pytest

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.codec.codec import Codec
from ridgecode.codec.coded_prints import through_bytes
from ridgecode.codec.ridge_file import pack_archive
from ridgecode.evaluation.minutiae import autoencoder_reconstructions
from ridgecode.prints.store import PrintStore


def test_what_sheets_and_matchers_get_is_decoded_from_bytes(coded_run: Path, synthetic_store: Path) -> None:
    store, codec = PrintStore.open(synthetic_store), Codec.load(coded_run)
    prints = store.prints("val")
    x_hat = codec.decode(codec.encode(prints))
    grey = np.rint(x_hat.clip(0, 1) * 255).astype(np.uint8)
    sheet = np.load(coded_run / "sheets" / "validation.npz")
    names = store.column("name")[store.rows("val")].tolist()
    places = [names.index(name) for name in sheet["names"]]
    assert np.array_equal(sheet["decoded"], grey[places])
    assert not np.array_equal(sheet["decoded"], sheet["x_hat"])
    made, about = autoencoder_reconstructions(Autoencoder.load(coded_run), "coded")(prints)
    assert np.array_equal(made, grey)
    payloads = codec.payloads(prints)
    assert about["payload_bytes"] == pytest.approx(np.mean([len(payload) for payload in payloads]))
    assert about["bytes"] == pytest.approx(16 + about["payload_bytes"])
    assert (about["run"], about["view"], about["latent_dim"]) == ("coded", "crop32", 64)


def test_figures_are_those_of_the_bytes(coded_run: Path, synthetic_store: Path) -> None:
    store, codec = PrintStore.open(synthetic_store), Codec.load(coded_run)
    prints = store.prints("val")
    found = json.loads((coded_run / "evaluation.json").read_text())["coded"]
    files, coded = codec.encode(prints), through_bytes(codec, prints)
    names = store.column("name")[store.rows("val")].tolist()
    assert found["bytes"] == pytest.approx(np.mean([len(file) for file in files]))
    assert found["payload_bytes_most"] == max(len(payload) for payload in coded.payloads)
    archive = len(pack_archive(codec.model, 32, 32, names, coded.payloads)) / len(prints)
    assert found["archive_bytes"] == pytest.approx(archive)
    assert found["bpp"] == pytest.approx(8 * archive / 1024)
    errors = (codec.decode(files) - prints[:, 32:64, 29:61] / 255) ** 2
    assert found["mse"] == pytest.approx(errors.mean(), rel=1e-4)
