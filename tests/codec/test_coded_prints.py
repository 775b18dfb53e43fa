"""Prints through bytes against the network's and the codec's own calls."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.codec.codec import Codec
from ridgecode.codec.coded_prints import through_bytes
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.prints.store import PrintStore


def test_what_comes_back_is_decoded_from_bytes(coded_run: Path, synthetic_store: Path) -> None:
    saved, prints = load_autoencoder(coded_run), PrintStore.open(synthetic_store).prints("val")
    own = latent_codec(saved)
    x = torch.from_numpy(saved.spec.window.take(prints)).unsqueeze(1).float() / 255
    with torch.no_grad():
        payloads = own.encode(saved.net.encode(x))
        x_hat = saved.net.decode(own.decode(payloads)).numpy()[:, 0]
    codec = Codec.load(coded_run)
    coded = through_bytes(codec, prints)
    assert np.abs(coded.x_hat - x_hat).max() < 0.1 / 255
    assert coded.payloads == payloads
    assert coded.payload_bytes.tolist() == [len(payload) for payload in payloads]
    assert coded.file_bytes.tolist() == [len(file) for file in codec.encode(prints)]
    assert np.array_equal(coded.grey, (coded.x_hat * 255).round().astype(np.uint8))
    np.testing.assert_allclose(coded.z, codec.autoencoder.encode(prints))
    assert coded.encode_ms > 0 and coded.decode_ms > 0


def test_bits_of_the_tables_are_near_the_bytes(coded_run: Path, synthetic_store: Path) -> None:
    coded = through_bytes(Codec.load(coded_run), PrintStore.open(synthetic_store).prints("val"))
    assert coded.payload_bytes.mean() == pytest.approx(coded.codec.bits(coded.z).mean() / 8, abs=4)
