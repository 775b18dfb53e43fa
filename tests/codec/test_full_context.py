"""The context model of maps of any size."""

import pytest
import torch

from ridgecode.codec.context_codec import context_tensors
from ridgecode.codec.full_context import FullContext, load_full_context
from ridgecode.codec.scales import logistic_bits
from support.full_models import full_context, full_network


@pytest.fixture
def context() -> FullContext:
    return full_context(full_network(), torch.rand(8, 1, 64, 64))


def test_rounded_values_are_within_half_a_step(context: FullContext) -> None:
    z = torch.randn(3, 6, 5, 7)
    coded = context(z)
    step = context.log_step.exp()[:, None, None]
    assert ((coded.z_hat - z).abs() <= 0.5 * step + 1e-5).all()


def test_bits_are_those_of_the_symbols_under_their_scales(context: FullContext) -> None:
    coded = context(torch.randn(3, 6, 5, 7))
    assert torch.allclose(coded.bits, logistic_bits(coded.symbols, coded.indices).flatten(1).sum(1), rtol=1e-4)


def test_a_map_inside_a_larger_one_is_coded_alike_away_from_its_edges(context: FullContext) -> None:
    """No position counts: what lies two passes of 3x3 places or more from an edge, slice after slice, is the same."""
    z = torch.randn(1, 6, 24, 24)
    inside = context(z[..., 2:, 2:]).z_hat
    assert torch.allclose(inside[..., 10:-10, 10:-10], context(z).z_hat[..., 12:-10, 12:-10], atol=1e-5)


def test_it_is_the_same_from_a_file(context: FullContext) -> None:
    z = torch.randn(2, 6, 4, 4)
    again = load_full_context(context_tensors(context, z)).eval()
    assert torch.equal(again(z).z_hat, context(z).z_hat)
    assert torch.equal(again(z).bits, context(z).bits)


def test_training_has_a_gradient_for_latent_values_and_scales(context: FullContext) -> None:
    context.train().requires_grad_(True)
    z = torch.randn(2, 6, 4, 4, requires_grad=True)
    coded = context(z)
    (coded.bits.sum() + coded.z_hat.square().sum()).backward()
    assert z.grad is not None and float(z.grad.abs().min()) > 0
    assert all(parameter.grad is not None for parameter in context.parameters())
