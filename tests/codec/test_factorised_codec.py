"""Vectors to bytes and back, each dim on its own: the decoded values, and their bits by formulas and by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, load_autoencoder, save_autoencoder
from ridgecode.codec.factorised_codec import FactorisedCodec, factorised_tensors, fit_factorised
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.codec.tables import COLUMNS, TOTAL
from ridgecode.errors import BadInput

DIMS = 24
SCALE = torch.logspace(-1.5, 1, DIMS)
"""Standard deviations in steps, from next to nothing to a few bits."""
STEP = torch.linspace(0.1, 2, DIMS)
MEAN = torch.linspace(-3, 3, DIMS)


def vectors(n: int, seed: int = 0) -> torch.Tensor:
    noise = torch.randn(n, DIMS, generator=torch.Generator().manual_seed(seed))
    return (noise * SCALE + MEAN) * STEP


TENSORS = factorised_tensors(vectors(3000), STEP)
CODEC = FactorisedCodec(TENSORS)


def test_decoded_values_are_within_half_a_step() -> None:
    z = vectors(50, 1)
    back = CODEC.decode(CODEC.encode(z))
    assert back.dtype == torch.float32 and back.shape == z.shape
    assert ((back - z).abs() <= 0.5 * STEP + 1e-5).all()
    levels = back.double() / STEP.double() - TENSORS["mean"] / 256
    torch.testing.assert_close(levels, levels.round(), rtol=0, atol=1e-4)


def test_bytes_are_those_of_the_entropy() -> None:
    """Of Gaussians in unit steps, from the normal distribution function, dim by dim."""
    z = vectors(400, 2)
    values = torch.arange(-60, 61, dtype=torch.float64)
    entropy = 0.0
    for scale in SCALE.double():
        cdf = torch.special.ndtr
        p = cdf((values + 0.5) / scale) - cdf((values - 0.5) / scale)
        entropy -= float((p[p > 0] * p[p > 0].log2()).sum())
    actual = np.mean([len(payload) for payload in CODEC.encode(z)])
    assert CODEC.bits(z).mean() == pytest.approx(entropy, rel=0.02)
    assert actual == pytest.approx(entropy / 8, abs=0.03 * entropy / 8 + 0.6)


def test_bits_are_read_off_the_tables() -> None:
    z = vectors(3, 3)
    expected = []
    for one in z.double():
        total = 0.0
        for dim in range(DIMS):
            number = round(float(one[dim]) / float(STEP[dim]) - int(TENSORS["mean"][dim]) / 256)
            total -= np.log2(int(TENSORS["tables"][int(TENSORS["index"][dim]), number + 63]) / TOTAL)
        expected.append(total)
    np.testing.assert_allclose(CODEC.bits(z), expected)


def test_each_dim_has_its_best_table() -> None:
    """By every table on every dim; the last fit of the tables may change the best one of a few dims by little."""
    rng = np.random.default_rng(0)
    symbols = np.rint(rng.normal(0, SCALE.numpy(), (2000, DIMS))).astype(np.int64)
    index, tables = fit_factorised(symbols)
    assert tables.shape[1] == COLUMNS and (tables.sum(1) == TOTAL).all() and (tables > 0).all()
    for dim in range(DIMS):
        costs = [-np.log2(table[symbols[:, dim] + 63] / TOTAL).mean() for table in tables]
        assert costs[index[dim]] <= min(costs) + 0.01


def test_payloads_do_not_depend_on_what_is_coded_beside_them() -> None:
    z = vectors(20, 4)
    assert [CODEC.encode(one[None])[0] for one in z] == CODEC.encode(z)
    assert CODEC.decode([]).shape == (0, DIMS)


def test_values_beyond_the_tables_come_back() -> None:
    z = vectors(2, 5)
    z[0, 3], z[1, 20] = 900.0, -3000.0
    assert ((CODEC.decode(CODEC.encode(z)) - z).abs() <= 0.5 * STEP + 1e-3).all()
    z[1, 0] = 1e12
    with pytest.raises(ValueError, match="beyond what can be coded"):
        CODEC.encode(z)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_decode_to_something_or_are_refused(data: bytes) -> None:
    try:
        back = CODEC.decode([*CODEC.encode(vectors(70)), data])
    except ValueError:
        return
    assert back.shape == (71, DIMS) and back.isfinite().all()
    assert torch.equal(back[:70], CODEC.round(vectors(70)))  # prints beside it are what they are alone


def test_a_model_file_holds_it_in_few_bytes(tmp_path: Path) -> None:
    spec = AutoencoderSpec("pca", "crop32", DIMS, "mse")
    file = tmp_path / "model.safetensors"
    sizes = []
    for codec in ({}, TENSORS):
        save_autoencoder(file, build_network(spec), spec, torch.zeros(DIMS), torch.ones(DIMS), codec=codec)
        sizes.append(file.stat().st_size)
    assert sizes[1] - sizes[0] < 34_000
    assert latent_codec(load_autoencoder(file)).encode(vectors(3)) == CODEC.encode(vectors(3))


@pytest.mark.parametrize(
    "spoilt",
    [
        {"index": torch.full((DIMS,), 64, dtype=torch.uint8)},
        {"step": torch.zeros(DIMS)},
        {"step": torch.full((DIMS,), torch.nan)},
        {"mean": torch.zeros(DIMS - 1, dtype=torch.int32)},
        {name: value[:-1] for name, value in TENSORS.items() if name != "tables"},
    ],
)
def test_tensors_that_do_not_fit(tmp_path: Path, spoilt: dict[str, torch.Tensor]) -> None:
    spec = AutoencoderSpec("pca", "crop32", DIMS, "mse")
    file = tmp_path / "model.safetensors"
    codec = {**TENSORS, **spoilt}
    save_autoencoder(file, build_network(spec), spec, torch.zeros(DIMS), torch.ones(DIMS), codec=codec)
    with pytest.raises(BadInput, match="does not fit"):
        latent_codec(load_autoencoder(file))
