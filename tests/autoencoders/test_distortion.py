"""Distortions against loops over pixels in float64, by their formulas."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode.autoencoders.distortion import DISTORTIONS, bce_floor, distortion, uses_logits

greys = st.sampled_from([0.0, 1.0]) | st.integers(0, 255).map(lambda v: v / 255)
pixels = st.lists(st.tuples(greys, st.floats(-20, 20, width=32)), min_size=1, max_size=24)


def squared(raw: float, x: float) -> float:
    return (raw - x) ** 2


def absolute(raw: float, x: float) -> float:
    return abs(raw - x)


def sigmoid(raw: float) -> float:
    return 1 / (1 + math.exp(-raw))


def cross_entropy(raw: float, x: float) -> float:
    """-x log p - (1 - x) log(1 - p) at p = sigmoid(raw), written so that a far logit does not overflow."""
    return x * math.log1p(math.exp(-raw)) + (1 - x) * (raw + math.log1p(math.exp(-raw)))


TERMS = {
    "mse": {"mse": squared},
    "l1": {"l1": absolute},
    "mse+l1": {"mse": squared, "l1": absolute},
    "bce": {"bce": cross_entropy},
    "bce+l1": {"bce": cross_entropy, "l1": lambda raw, x: absolute(sigmoid(raw), x)},
}


def entropy(x: float) -> float:
    return -sum(p * math.log(p) for p in (x, 1 - x) if p > 0)


def test_every_distortion_is_tested() -> None:
    assert {*TERMS, "ridge"} == set(DISTORTIONS)  # which test_ridge_distortion.py tests


@settings(deadline=None)
@given(st.sampled_from(sorted(TERMS)), pixels)
def test_equals_a_loop_over_pixels(name: str, pairs: list[tuple[float, float]]) -> None:
    x = torch.tensor([x for x, _ in pairs]).view(-1, 1, 1, 1)
    raw = torch.tensor([raw for _, raw in pairs]).view(-1, 1, 1, 1)
    found = distortion(name, raw, x)
    expected = {
        label: sum(term(float(r), float(v)) for v, r in zip(x.flatten(), raw.flatten(), strict=True)) / len(pairs)
        for label, term in TERMS[name].items()
    }
    assert found.terms.keys() == expected.keys()
    for label, value in expected.items():
        assert float(found.terms[label]) == pytest.approx(value, rel=1e-4, abs=1e-6)
    assert float(found.total) == pytest.approx(sum(expected.values()), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", DISTORTIONS)
def test_mean_over_pixels_not_sum(name: str) -> None:
    torch.manual_seed(0)
    x, raw = torch.rand(2, 1, 4, 6), torch.randn(2, 1, 4, 6)
    twice = distortion(name, torch.cat([raw, raw]), torch.cat([x, x]))
    assert float(twice.total) == pytest.approx(float(distortion(name, raw, x).total), rel=1e-6)
    assert twice.total.shape == ()


@pytest.mark.parametrize("name", TERMS)
def test_gradient_of_the_sum_is_that_of_the_terms(name: str) -> None:
    torch.manual_seed(0)
    x, raw = torch.rand(2, 1, 3, 3), torch.randn(2, 1, 3, 3, requires_grad=True)
    (whole,) = torch.autograd.grad(distortion(name, raw, x).total, raw)
    parts = torch.zeros_like(raw)
    for label in TERMS[name]:
        parts += torch.autograd.grad(distortion(name, raw, x).terms[label], raw)[0]
    torch.testing.assert_close(whole, parts)
    assert whole.abs().sum() > 0


@settings(deadline=None)
@given(st.lists(greys, min_size=1, max_size=24))
def test_floor_is_the_mean_binary_entropy(values: list[float]) -> None:
    x = torch.tensor(values).view(1, 1, 1, -1)
    assert float(bce_floor(x)) == pytest.approx(sum(map(entropy, values)) / len(values), abs=1e-6)


@settings(deadline=None)
@given(st.lists(st.integers(1, 254).map(lambda v: v / 255), min_size=1, max_size=24), st.floats(-3, 3))
def test_bce_reaches_its_floor_at_the_print_itself_only(values: list[float], shift: float) -> None:
    x = torch.tensor(values, dtype=torch.float64).view(1, 1, 1, -1)
    floor, perfect = float(bce_floor(x)), x.logit()
    assert float(distortion("bce", perfect, x).total) == pytest.approx(floor, rel=1e-9)
    shifted = float(distortion("bce", perfect + shift, x).total)
    # Above the floor: the mean Kullback-Leibler divergence of a coin of p_hat from one of p.
    p_hat = (perfect + shift).sigmoid()
    divergence = (x * (x / p_hat).log() + (1 - x) * ((1 - x) / (1 - p_hat)).log()).mean()
    assert shifted - floor == pytest.approx(float(divergence), abs=1e-9)
    assert shifted >= floor - 1e-12


def test_floor_of_black_and_white_is_zero() -> None:
    assert float(bce_floor(torch.tensor([[[[0.0, 1.0, 1.0]]]]))) == 0
    assert float(bce_floor(torch.full((1, 1, 2, 2), 0.5))) == pytest.approx(math.log(2))


def test_perfect_reconstruction() -> None:
    x = torch.rand(2, 1, 3, 3)
    for name in ("mse", "l1", "mse+l1"):
        assert float(distortion(name, x, x).total) == 0
    assert float(distortion("bce+l1", x.logit(), x).terms["l1"]) == pytest.approx(0, abs=1e-6)


def test_logits() -> None:
    assert {name for name in DISTORTIONS if uses_logits(name)} == {"bce", "bce+l1"}


@pytest.mark.parametrize("name", ["", "psnr", "l1+mse", "MSE", "bce+"])
def test_unknown_name(name: str) -> None:
    with pytest.raises(ValueError, match="known are mse, l1"):
        distortion(name, torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 2))
