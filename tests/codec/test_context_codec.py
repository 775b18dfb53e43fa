"""Latent vectors through real bytes: what comes back, what it costs, and that training saw the same."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, load_autoencoder, save_autoencoder
from ridgecode.codec.context_codec import ContextCodec
from ridgecode.codec.context_file import context_tensors, load_context
from ridgecode.codec.context_model import ContextModel, place_features, slices_of
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.codec.scales import bits, scale_of
from ridgecode.errors import BadInput

SHAPE = (9, 5, 4)


def context_model(entries: torch.Tensor | None = None, seed: int = 0) -> ContextModel:
    """One with weights far from where training starts, so that means and scales differ from dim to dim."""
    torch.manual_seed(seed)
    every = torch.arange(SHAPE[0] * SHAPE[1] * SHAPE[2])
    context = ContextModel(SHAPE, every if entries is None else entries, hidden=12)
    with torch.no_grad():
        for network in context.passes:
            torch.nn.init.normal_(network[4].weight, std=0.4)
        context.log_step.copy_(torch.linspace(-1, 0.5, SHAPE[0]))
    return context


@pytest.fixture(params=["all", "some"])
def context(request: pytest.FixtureRequest) -> ContextModel:
    """Of a full latent map, and of one that lacks some places."""
    entries = torch.arange(180) if request.param == "all" else torch.arange(180)[torch.arange(180) % 7 != 3]
    return context_model(entries)


def vectors(context: ContextModel, n: int = 20) -> torch.Tensor:
    return 3 * torch.randn(n, len(context.entries), generator=torch.Generator().manual_seed(1))


def test_what_comes_back_is_within_half_a_step(context: ContextModel) -> None:
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


def test_training_saw_nearly_the_same_bits_and_vectors(context: ContextModel) -> None:
    z = vectors(context, 200)
    tensors = context_tensors(context, z)
    codec = ContextCodec(tensors)
    coded = context.eval()(z)
    told = codec.bits(z)
    # Tables are fitted to these very numbers: never dearer than the distributions that they start from.
    expected = float(coded.bits.detach().mean())
    assert 0.5 * expected < told.mean() < 1.01 * expected
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


def test_loud_values_come_back(context: ContextModel) -> None:
    """Beyond the tables, as a damaged or foreign print would give them."""
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


def test_bits_are_those_of_the_rounded_logistic_distribution() -> None:
    value, index = torch.tensor([0.0, 2.0, -40.0]).double(), torch.tensor([10.0, 30.5, 12.0]).double()
    s = 0.05 * 2 ** (index / 6)
    torch.testing.assert_close(scale_of(index), s)
    p = ((value + 0.5) / s).sigmoid() - ((value - 0.5) / s).sigmoid()
    torch.testing.assert_close(bits(value, index)[:2], -p[:2].log2())
    # Far out, where that difference is 0 in floating point: exp(-39.5 / s), but for a factor of nearly 1.
    torch.testing.assert_close(bits(value, index)[2], (39.5 / s[2]) / np.log(2), rtol=1e-3, atol=0)


def test_bits_without_what_was_coded_before_are_a_sum_by_hand() -> None:
    """A fresh model tells mean 0 and one step's scale for all."""
    context = ContextModel((2, 2, 2), torch.arange(7)).eval()
    z = torch.tensor([[0.2, 1.6, -0.4, 3.3, 0.0, -2.7, 0.4]])
    coded = context(z)
    torch.testing.assert_close(coded.z_hat, z.round())
    p = (z.round() + 0.5).sigmoid() - (z.round() - 0.5).sigmoid()
    torch.testing.assert_close(coded.bits, -p.log2().sum(1))


def test_training_has_a_gradient_everywhere(context: ContextModel) -> None:
    z = vectors(context).requires_grad_()
    coded = context.train()(z)
    (coded.bits.sum() + coded.z_hat.square().sum()).backward()
    assert z.grad is not None and (z.grad != 0).all()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in context.parameters())


def test_steps_start_equal_in_what_is_heard() -> None:
    context = ContextModel(SHAPE, torch.arange(180))
    std = torch.linspace(0.5, 3, 9).repeat_interleave(20)
    loudness = torch.linspace(2, 0.1, 9)
    context.start(std * torch.randn(4000, 180), loudness)
    step = context.log_step.detach().exp()
    heard = step * loudness
    torch.testing.assert_close(heard, heard[:1].expand(9), rtol=0.05, atol=0)
    loudest = (torch.linspace(0.5, 3, 9) * loudness).argmax()
    assert float(step[loudest] / torch.linspace(0.5, 3, 9)[loudest]) == pytest.approx(0.35, rel=0.05)


@pytest.mark.parametrize(
    ("channels", "ends"), [(32, [4, 8, 16, 32]), (8, [1, 2, 4, 8]), (4, [1, 2, 4]), (2, [1, 2]), (1, [1])]
)
def test_slices(channels: int, ends: list[int]) -> None:
    slices = slices_of(channels)
    assert [last for _, last in slices] == ends
    assert [first for first, _ in slices] == [0, *ends[:-1]]


def test_places() -> None:
    features = place_features(4, 2)
    np.testing.assert_array_equal(features[0, :, 0], [-0.75, -0.25, 0.25, 0.75])
    np.testing.assert_array_equal(features[1, 0], [-0.5, 0.5])
    np.testing.assert_array_equal(features[4], np.ones((4, 2)))
    assert (features * 256 == (features * 256).round()).all()


def test_autocast_changes_nothing(context: ContextModel) -> None:
    z = vectors(context)
    expected = context.eval()(z)
    with torch.autocast("cpu", torch.bfloat16):
        found = context(z)
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.equal(ours, theirs)


def test_what_passes_see_is_clamped_to_64_steps(context: ContextModel) -> None:
    """How far beyond a dim lies changes nothing of what others are expected to be, and so nothing of their rounding."""
    z = vectors(context, 1)
    codec = ContextCodec(context_tensors(context, z))
    step = float(context.log_step.detach().exp()[0])
    assert int(context.entries[0]) == 0  # of the first slice and colour: all others see it
    others = {}
    for steps in (60, 63, 66, 900, -900):
        z[0, 0] = steps * step
        others[steps] = codec.round(z)[0, 1:]
    assert torch.equal(others[66], others[900])
    assert not torch.equal(others[63], others[66])
    assert not torch.equal(others[60], others[63])
    assert not torch.equal(others[-900], others[900])
