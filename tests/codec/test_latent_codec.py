"""The codec of a model's file: which one it is, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ridgecode.autoencoders.saved import AutoencoderSpec, SavedAutoencoder, build_network
from ridgecode.codec.factorised_codec import FactorisedCodec, factorised_tensors
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.errors import BadInput

DIMS = 4


@pytest.fixture(scope="module")
def saved() -> SavedAutoencoder:
    spec = AutoencoderSpec("pca", "crop32", DIMS, "mse")
    z = torch.randn(200, DIMS, generator=torch.Generator().manual_seed(0))
    tensors = factorised_tensors(z, torch.full((DIMS,), 0.1))
    return SavedAutoencoder(build_network(spec), spec, torch.zeros(DIMS), torch.ones(DIMS), "", tensors)


def test_a_factorised_codec_rounds_to_its_steps(saved: SavedAutoencoder) -> None:
    codec = latent_codec(saved)
    assert isinstance(codec, FactorisedCodec)
    z = torch.randn(7, DIMS, generator=torch.Generator().manual_seed(1))
    payloads = codec.encode(z)
    back = codec.decode(payloads)
    assert torch.equal(codec.round(z), back)
    assert float((back - z).abs().max()) <= 0.05 + 1e-6
    sizes = np.array([len(payload) for payload in payloads])
    assert ((sizes - codec.bits(z) / 8 > -1) & (sizes - codec.bits(z) / 8 < 4)).all()


def test_a_model_without_a_codec_says_how_to_get_one(saved: SavedAutoencoder) -> None:
    with pytest.raises(
        BadInput, match=r"no codec; write a copy .*`ridgecode models fit-codec MODEL --data STORE --out"
    ):
        latent_codec(replace(saved, codec={}))


def test_a_codec_of_another_model_is_refused(saved: SavedAutoencoder) -> None:
    fewer = {name: value[:-1] if name in ("step", "mean", "index") else value for name, value in saved.codec.items()}
    for tensors in (fewer, {**saved.codec, "step": saved.codec["step"][:2]}, {"tables": saved.codec["tables"]}):
        with pytest.raises(BadInput, match="does not fit its own description"):
            latent_codec(replace(saved, codec=tensors))
