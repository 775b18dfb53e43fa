"""The optimiser of `ridge` against a singular value decomposition, torch's own Muon and AdamW, and a killed run."""

import copy

import pytest
import torch
from torch import nn

from ridgecode.autoencoders.ridge import ResidualBlock
from ridgecode.training.muon import MuonAdamW, matcher_optimiser, orthogonalised


def polynomial(value: float) -> float:
    """What five steps make of one singular value."""
    for _ in range(5):
        value = 3.4445 * value - 4.7750 * value**3 + 2.0315 * value**5
    return value


@pytest.mark.parametrize("shape", [(3, 8, 20), (2, 20, 8), (1, 6, 6), (2, 1, 9)])
def test_singular_values_go_through_the_polynomial_and_directions_stay(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    matrices = torch.randn(shape, dtype=torch.float64)
    for matrix, found in zip(matrices, orthogonalised(matrices), strict=True):
        u, s, vt = torch.linalg.svd(matrix, full_matrices=False)
        expected = torch.tensor([polynomial(float(value / s.square().sum().sqrt())) for value in s])
        torch.testing.assert_close(found, u @ torch.diag(expected.double()) @ vt, atol=1e-6, rtol=0)


def test_singular_values_come_near_one_where_they_are_not_tiny() -> None:
    for value in torch.logspace(-2.5, 0, 200):
        assert 0.65 < polynomial(float(value)) < 1.25


def test_a_matrix_of_zeros_stays() -> None:
    assert not orthogonalised(torch.zeros(2, 4, 6)).any()


def test_a_matrix_of_few_directions_keeps_them() -> None:
    """In float32, where the Gram matrix has noise in the directions that the gradient lacks."""
    torch.manual_seed(4)
    u, v = torch.linalg.qr(torch.randn(64, 3))[0], torch.linalg.qr(torch.randn(576, 3))[0]
    found = orthogonalised((u @ torch.diag(torch.tensor([3.0, 2.0, 0.5])) @ v.T)[None])[0]
    singular = torch.linalg.svdvals(found)
    assert (singular[:3] > 0.65).all() and (singular[:3] < 1.25).all()
    assert singular[3] < 0.01


def test_channels_last_changes_nothing() -> None:
    torch.manual_seed(5)
    start, gradient = torch.randn(8, 4, 3, 3), torch.randn(8, 4, 3, 3)
    ends = []
    for form in (torch.contiguous_format, torch.channels_last):
        weight = nn.Parameter(start.clone().contiguous(memory_format=form))
        weight.grad = gradient.clone().contiguous(memory_format=form)
        MuonAdamW([weight], [nn.Parameter(torch.zeros(1))], lr=0.1, betas=(0.9, 0.95)).step()
        ends.append(weight.detach())
    torch.testing.assert_close(*ends)


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this torch has no Muon")
@pytest.mark.parametrize("shape", [(8, 4, 3, 3), (16, 2, 1, 1)])
def test_it_steps_as_torchs_muon_does(shape: tuple[int, ...]) -> None:
    """torch's own takes matrices only and rounds to bf16."""
    torch.manual_seed(1)
    ours = nn.Parameter(torch.randn(shape))
    theirs = nn.Parameter(ours.detach().flatten(1).clone())
    start = ours.detach().clone()
    one = MuonAdamW([ours], [nn.Parameter(torch.zeros(1))], lr=0.01, betas=(0.9, 0.95), scale=0.2)
    other = torch.optim.Muon([theirs], lr=0.01, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
    for _ in range(3):
        gradient = torch.randn(shape)
        ours.grad, theirs.grad = gradient.clone(), gradient.flatten(1).clone()
        one.step()
        other.step()
        moved = (ours.detach() - start).flatten()
        expected = (theirs.detach() - start.flatten(1)).flatten()
        assert torch.nn.functional.cosine_similarity(moved, expected, dim=0) > 0.995
        assert float(moved.norm() / expected.norm()) == pytest.approx(1, abs=0.05)


def test_other_parameters_step_as_adamw() -> None:
    torch.manual_seed(2)
    net = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Flatten(), nn.Linear(16, 3))
    twin = copy.deepcopy(net)
    one = MuonAdamW([net[0].weight], [net[0].bias, *net[2].parameters()], lr=0.01, betas=(0.9, 0.95))
    other = torch.optim.AdamW([twin[0].bias, *twin[2].parameters()], lr=0.01, betas=(0.9, 0.95))
    for _ in range(4):
        x = torch.randn(5, 2, 4, 4)
        for model, optimiser in ((net, one), (twin, other)):
            optimiser.zero_grad()
            model[2](x.new_ones(5, 16) * model[0].bias.sum()).square().sum().backward()
            optimiser.step()
    for name in ("0.bias", "2.weight", "2.bias"):
        torch.testing.assert_close(net.get_parameter(name), twin.get_parameter(name), atol=0, rtol=0)
    assert torch.equal(net[0].weight, twin[0].weight)  # it had no gradient


def test_the_closure_is_called_with_gradients_and_its_loss_returned() -> None:
    weight = nn.Parameter(torch.ones(2, 2, 1, 1))
    optimiser = MuonAdamW([weight], [nn.Parameter(torch.zeros(1))], lr=0.1, betas=(0.9, 0.95))

    def closure() -> float:
        optimiser.zero_grad()
        loss = weight.square().sum()
        loss.backward()
        return float(loss.detach())

    assert optimiser.step(closure) == 4.0
    assert optimiser.step(closure) < 4.0


def test_a_flattened_weight_is_left_to_adamw() -> None:
    flat = nn.Parameter(torch.ones(8))
    twin = nn.Parameter(torch.ones(8))
    one = MuonAdamW([flat], [nn.Parameter(torch.zeros(1))], lr=0.1, betas=(0.9, 0.95))
    other = torch.optim.AdamW([twin], lr=0.1, betas=(0.9, 0.95), weight_decay=0.0)
    flat.grad, twin.grad = torch.ones(8), torch.ones(8)
    one.step()
    other.step()
    assert torch.equal(flat, twin)


def test_its_state_comes_back() -> None:
    torch.manual_seed(3)
    gradients = [torch.randn(4, 4, 3, 3) for _ in range(4)]
    start = torch.randn(4, 4, 3, 3)

    def optimiser_of(weight: nn.Parameter) -> MuonAdamW:
        return MuonAdamW([weight], [nn.Parameter(torch.zeros(1))], lr=0.1, betas=(0.9, 0.95))

    unbroken = nn.Parameter(start.clone())
    one = optimiser_of(unbroken)
    broken = nn.Parameter(start.clone())
    other = optimiser_of(broken)
    for step, gradient in enumerate(gradients):
        if step == 2:
            kept = copy.deepcopy(other.state_dict())
            broken = nn.Parameter(broken.detach().clone())
            other = optimiser_of(broken)
            other.load_state_dict(kept)
        unbroken.grad, broken.grad = gradient.clone(), gradient.clone()
        one.step()
        other.step()
    assert torch.equal(unbroken, broken)


def test_a_matcher_is_trained_by_both_and_what_is_frozen_by_none():
    net = nn.Sequential(nn.Conv2d(1, 8, 3), ResidualBlock(8), nn.Flatten(), nn.Linear(8, 4), nn.Linear(4, 2))
    net[4].requires_grad_(False)
    optimiser = matcher_optimiser(net, 0.01, 0.02)
    others, blocks = optimiser.param_groups
    assert [id(p) for p in blocks["params"]] == [id(net[1].conv1.weight), id(net[1].conv2.weight)]
    trained = {id(p) for p in net.parameters() if p.requires_grad} - {id(p) for p in blocks["params"]}
    assert {id(p) for p in others["params"]} == trained
    assert others["weight_decay"] == 0.02 and blocks["weight_decay"] == 0
    before = {name: p.clone() for name, p in net.named_parameters()}
    net(torch.rand(6, 1, 3, 3)).square().sum().backward()
    optimiser.step()
    moved = {name for name, p in net.named_parameters() if not torch.equal(before[name], p)}
    assert {"0.weight", "1.conv2.weight", "3.weight"} <= moved and not {"4.weight", "4.bias"} & moved
