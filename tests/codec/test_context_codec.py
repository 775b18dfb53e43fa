"""Latent vectors to bytes and back: the decoded values, their bits and bytes, and that training computes the same."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, load_autoencoder, save_autoencoder
from ridgecode.codec.context_codec import ContextCodec, context_tensors, load_context
from ridgecode.codec.context_model import ContextModel
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.errors import BadInput
from support.context_models import context_model, vectors


def test_decoded_values_are_within_half_a_step(context: ContextModel) -> None:
    z = vectors(context)
    codec = ContextCodec(context_tensors(context, z))
    back = codec.decode(codec.encode(z))
    step = context.log_step.detach().exp()[context.entries // 20]
    assert ((back - z).abs() <= 0.5 * step + 1e-5).all()
    assert (back - z).abs().max() > 0.3 * step.max()


def test_rounding_is_coding_and_decoding_without_bytes(context: ContextModel) -> None:
    z = vectors(context, 70)
    codec = ContextCodec(context_tensors(context, z))
    assert torch.equal(codec.round(z), codec.decode(codec.encode(z)))


def test_a_map_of_a_single_place_is_coded() -> None:
    """A crop's one patch: the second colour of its checkerboard has no place."""
    context = ContextModel((16, 1, 1), torch.arange(16), hidden=12)
    z = vectors(context)
    codec = ContextCodec(context_tensors(context, z))
    assert (codec.decode(codec.encode(z)) - z).abs().max() <= 0.5 + 1e-5


def test_training_computes_nearly_the_same_bits_and_vectors(context: ContextModel) -> None:
    z = vectors(context, 200)
    tensors = context_tensors(context, z)
    codec = ContextCodec(tensors)
    coded = context.eval()(z)
    coded_bits = codec.bits(z)
    # Tables are fitted to these very numbers, so they cost no more than the distributions that tables start from.
    expected = float(coded.bits.detach().mean())
    assert 0.5 * expected < coded_bits.mean() < 1.01 * expected
    away = (codec.decode(codec.encode(z)) - coded.z_hat.detach()).abs()
    assert (away < 0.1).float().mean() > 0.95  # the others lay between two whole numbers


def test_estimated_and_actual_bytes_agree(context: ContextModel) -> None:
    z = vectors(context, 100)
    codec = ContextCodec(context_tensors(context, z))
    actual = np.array([len(payload) for payload in codec.encode(z)])
    away = actual - codec.bits(z) / 8
    # Numbers of next to no probability are a little cheaper than their tables say, by the library's own rounding.
    assert away.min() > -1.5 and away.max() < 1.4
    assert actual.mean() == pytest.approx(codec.bits(z).mean() / 8, rel=0.02)


def test_payloads_do_not_depend_on_what_is_coded_beside_them(context: ContextModel) -> None:
    z = vectors(context, 70)
    codec = ContextCodec(context_tensors(context, z))
    together = codec.encode(z)
    assert [codec.encode(one[None])[0] for one in z] == together
    torch.testing.assert_close(codec.decode([together[5]])[0], codec.decode(together)[5], rtol=0, atol=0)
    assert codec.decode([]).shape == (0, len(context.entries))


def test_threads_change_nothing(context: ContextModel) -> None:
    z = vectors(context)
    tensors = context_tensors(context, z)
    threads = torch.get_num_threads()
    payloads = []
    for n in (1, 2):
        torch.set_num_threads(n)
        payloads.append(ContextCodec(tensors).encode(z))
    torch.set_num_threads(threads)
    assert payloads[0] == payloads[1]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_decode_to_something_or_are_refused(data: bytes) -> None:
    context = context_model()
    z = vectors(context, 2)
    codec = ContextCodec(context_tensors(context, z))
    first, last = codec.encode(z)
    try:
        back = codec.decode([first, data, last])
    except ValueError:
        return
    assert back.shape == (3, 180) and back.isfinite().all()
    assert torch.equal(back[::2], codec.round(z))  # prints beside it are what they are alone


def test_values_beyond_the_tables_come_back(context: ContextModel) -> None:
    """An image that is no print may give such values."""
    z = vectors(context, 3)
    codec = ContextCodec(context_tensors(context, z))
    z[0, 3], z[2, 100] = 4000.0, -300.0
    back = codec.decode(codec.encode(z))
    step = context.log_step.detach().exp()[context.entries // 20]
    assert ((back - z).abs() <= 0.5 * step + 1e-3).all()
    z[1, 0] = 1e12
    with pytest.raises(ValueError, match="beyond what can be coded"):
        codec.encode(z)


def test_a_context_model_comes_back_from_its_tensors(context: ContextModel) -> None:
    z = vectors(context)
    other = load_context(context_tensors(context, z))
    torch.testing.assert_close(other.eval()(z).bits, context.eval()(z).bits)
    assert other.shape == context.shape


def test_a_model_file_holds_its_codec(tmp_path: Path) -> None:
    spec = AutoencoderSpec("ridge", "crop32", 64, "mse", latent_layer="grid", blocks=1, width=8)
    net = build_network(spec)
    context = ContextModel(net.from_latent.shape, net.from_latent.entries)
    z = torch.randn(20, 64)
    tensors = context_tensors(context, z)
    file = tmp_path / "model.safetensors"
    save_autoencoder(file, net, spec, torch.zeros(64), torch.ones(64), codec=tensors)
    saved = load_autoencoder(file)
    torch.testing.assert_close(saved.codec, tensors)
    assert latent_codec(saved).encode(z) == ContextCodec(tensors).encode(z)
    save_autoencoder(file, net, spec, torch.zeros(64), torch.ones(64))
    with pytest.raises(BadInput, match="has no codec"):
        latent_codec(load_autoencoder(file))
    del tensors["tables"]
    save_autoencoder(file, net, spec, torch.zeros(64), torch.ones(64), codec=tensors)
    with pytest.raises(BadInput, match="does not fit"):
        latent_codec(load_autoencoder(file))


def test_inputs_of_passes_are_clamped_to_64_steps(context: ContextModel) -> None:
    """How far a dim lies beyond 64 steps changes neither the predictions for others nor their rounding."""
    z = vectors(context, 1)
    codec = ContextCodec(context_tensors(context, z))
    step = float(context.log_step.detach().exp()[0])
    assert int(context.entries[0]) == 0  # in the first slice and colour: all others are predicted from it
    others = {}
    for steps in (60, 63, 66, 900, -900):
        z[0, 0] = steps * step
        others[steps] = codec.round(z)[0, 1:]
    assert torch.equal(others[66], others[900])
    assert not torch.equal(others[63], others[66])
    assert not torch.equal(others[60], others[63])
    assert not torch.equal(others[-900], others[900])


def test_no_latent_vectors_give_no_payloads(context: ContextModel) -> None:
    codec = ContextCodec(context_tensors(context, torch.randn(8, len(context.entries))))
    none = torch.empty(0, codec.latent_dim)
    assert codec.encode(none) == []
    assert codec.round(none).shape == codec.decode([]).shape == none.shape
    assert codec.bits(none).shape == (0,)
