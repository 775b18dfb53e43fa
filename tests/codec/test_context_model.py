"""The context model in training: its slices and places, its first steps, its bits and its gradients."""

import numpy as np
import pytest
import torch

from ridgecode.codec.context_model import ContextModel, place_features, slices_of
from support.context_models import SHAPE, vectors


def test_bits_of_a_fresh_model_are_a_sum_by_hand() -> None:
    """A fresh model predicts mean 0 and a scale of one step for all dims."""
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


def test_first_steps_change_the_decoder_equally() -> None:
    context = ContextModel(SHAPE, torch.arange(180))
    std = torch.linspace(0.5, 3, 9).repeat_interleave(20)
    sensitivity = torch.linspace(2, 0.1, 9)
    context.start(std * torch.randn(4000, 180), sensitivity)
    step = context.log_step.detach().exp()
    change = step * sensitivity
    torch.testing.assert_close(change, change[:1].expand(9), rtol=0.05, atol=0)
    largest = (torch.linspace(0.5, 3, 9) * sensitivity).argmax()
    assert float(step[largest] / torch.linspace(0.5, 3, 9)[largest]) == pytest.approx(0.35, rel=0.05)


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
