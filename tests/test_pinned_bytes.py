"""The shipped models still give the bytes, latent vectors and prints that they gave under NumPy 1.26 and torch 2.13.

`pinned_bytes.json` holds what they gave. The prints and vectors here are made of integers, without a random generator,
so they are the same under every library.

A payload made of given vectors must be the same on every machine, to the last bit. A network's sums may differ in their
last bits between processors, so latent vectors and decoded pixels are compared with a tolerance. The prints chosen have
no latent value within 1e-3 of a step of where rounding would go the other way, so their coded files must be the same
bytes on every machine too.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ridgecode import Autoencoder, Codec
from ridgecode.autoencoders.pretrained import pretrained_names
from ridgecode.autoencoders.saved import SavedAutoencoder, load_autoencoder
from ridgecode.codec.full_codec import FullCodec
from ridgecode.codec.full_maps import FullMapCodec
from ridgecode.codec.latent_codec import latent_codec

PINNED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("pinned_bytes.json").read_text(encoding="utf-8")
)


def waves(number: int, rows: int, columns: int) -> NDArray[np.uint8]:
    """A print of curved ridges, (rows, columns): a triangle wave of a quadratic phase; each number has other ridges."""
    y, x = np.mgrid[:rows, :columns].astype(np.int64)
    phase = (29 + 3 * number) * x + (11 * number - 17) * y + ((number + 1) * x * y) // 16 + (x * x) // 5
    wave = phase % 256
    return (np.where(wave < 128, wave, 255 - wave) * 2).astype(np.uint8)


def latent_vectors(std: torch.Tensor) -> torch.Tensor:
    """(3, latent_dim) float32: steps of 1/64 of each dim's standard deviation, up to two deviations either way."""
    steps = (torch.arange(3)[:, None] * 1009 + torch.arange(len(std)) * 37) % 257 - 128
    return std * steps / 64


def measured(name: str, print_number: int) -> dict[str, Any]:
    """What a model gives now, in the form of `pinned_bytes.json`: its entry for a new model is this, printed."""
    saved, autoencoder, codec = load_autoencoder(name), Autoencoder.load(name), Codec.load(name)
    if isinstance(codec, FullCodec):
        return measured_full(saved, codec, print_number)
    x = waves(print_number, *((97, 90) if autoencoder.view.name == "whole" else (32, 32)))
    z, x_hat, file = autoencoder.encode(x), autoencoder.decode(autoencoder.encode(x)), codec.encode(x)[0]
    payloads = latent_codec(saved).encode(latent_vectors(saved.latent_std))
    return {
        "print": print_number,
        "payloads_sha256": hashlib.sha256(b"".join(payloads)).hexdigest(),
        "file": file.hex(),
        "z": [round(float(value), 6) for value in some_of(z)],
        "x_hat": [round(float(value), 6) for value in some_of(x_hat)],
        "decoded_file": [round(float(value), 6) for value in some_of(codec.decode([file]))],
    }


def measured_full(saved: SavedAutoencoder, codec: FullCodec, print_number: int) -> dict[str, Any]:
    """The same of a model of images of any size: a map of the given vectors, each at one place, and an image."""
    maps = [latent_vectors(saved.latent_std)[[0, 1, 2, 1, 0, 2]].T.reshape(-1, rows, 6 // rows) for rows in (2, 3)]
    payloads = [FullMapCodec(saved.codec).encode(z.contiguous()) for z in maps]
    (file,) = codec.encode(waves(print_number, 90, 130))
    return {
        "print": print_number,
        "payloads_sha256": hashlib.sha256(b"".join(payloads)).hexdigest(),
        "file": file.hex(),
        "decoded_file": [int(value) for value in some_of(codec.decode([file])[0])],
    }


def some_of(values: NDArray[Any]) -> NDArray[Any]:
    """Eight of them, spread evenly."""
    return values.ravel()[:: values.size // 8][:8]


def test_every_shipped_model_is_pinned() -> None:
    assert sorted(PINNED) == pretrained_names()


@pytest.mark.parametrize("name", PINNED)
def test_a_shipped_model_gives_what_it_gave(name: str) -> None:
    pinned = PINNED[name]
    now = measured(name, pinned["print"])
    for exact in ("payloads_sha256", "file"):
        assert now[exact] == pinned[exact], exact
    for close in {"z", "x_hat"} & pinned.keys():
        np.testing.assert_allclose(now[close], pinned[close], rtol=0, atol=1e-4, err_msg=close)


@pytest.mark.parametrize("name", PINNED)
def test_a_file_coded_before_decodes_as_before(name: str) -> None:
    decoded = Codec.load(name).decode([bytes.fromhex(PINNED[name]["file"])])[0]
    # Images of any size are whole grey values, and one may lie between two.
    tolerance = 1.0 if decoded.dtype == np.uint8 else 1e-4
    np.testing.assert_allclose(some_of(decoded).astype(float), PINNED[name]["decoded_file"], rtol=0, atol=tolerance)
