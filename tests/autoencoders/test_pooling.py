"""Averaging the last map and enlarging a small seed, in both networks: what is lost by them, and their parameters."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ridgecode.autoencoders.pooling import pooled
from ridgecode.autoencoders.resnet import ResNetAutoencoder, map_step
from ridgecode.autoencoders.ridge import RidgeAutoencoder
from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, check_spec
from ridgecode.errors import BadInput

WIDTHS = (8, 8, 8)


def small(backbone: str, **more: Any) -> RidgeAutoencoder | ResNetAutoencoder:
    """On 96x96: a 6x6 last map of `ridge`, 12x12 of the ResNet."""
    torch.manual_seed(0)
    if backbone == "ridge":
        return RidgeAutoencoder(96, 96, 6, widths=WIDTHS, blocks=1, **more).eval()
    return ResNetAutoencoder(backbone, 96, 6, **more).eval()


def from_last_map(net: nn.Module, features: torch.Tensor) -> torch.Tensor:
    """The latent vector of a given last map. All layers before the pooling are removed from `net`."""
    if isinstance(net, RidgeAutoencoder):
        net.encoder = nn.Identity()
        return net.encode(features)
    for name in ("conv1", "bn1", "maxpool", "layer1", "layer2", "layer3", "layer4"):
        setattr(net.encoder, name, nn.Identity())
    return net.encode(features)


@pytest.mark.parametrize(("backbone", "channels", "side"), [("ridge", 8, 6), ("resnet18", 512, 12)])
@pytest.mark.parametrize("pooling", ["mean", "none"])
def test_a_mean_loses_where_ridges_lie(backbone: str, channels: int, side: int, pooling: Any) -> None:
    """A shift of the last map, a flip, or a shuffling of its places keeps the latent vector with "mean", and only
    then."""
    net = small(backbone, pooling=pooling)
    features = torch.rand(1, channels, side, side)
    shuffled = features.flatten(2)[..., torch.randperm(side * side)].unflatten(2, (side, side))
    with torch.no_grad():
        z = from_last_map(net, features)
        for other in (features.roll((1, 2), (2, 3)), features.flip(3), shuffled):
            assert torch.allclose(z, from_last_map(net, other), atol=1e-5) is (pooling == "mean")


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5), st.integers(1, 5), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_pooled_by_loops(n: int, channels: int, height: int, width: int, seed: int) -> None:
    torch.manual_seed(seed)
    features = torch.rand(n, channels, height, width)
    flat, means = pooled(features, "none"), pooled(features, "mean")
    assert flat.shape == (n, channels * height * width)
    assert means.shape == (n, channels)
    for i in range(n):
        for c in range(channels):
            values = [float(features[i, c, y, x]) for y in range(height) for x in range(width)]
            assert flat[i, c * len(values) : (c + 1) * len(values)].tolist() == values
            assert float(means[i, c]) == pytest.approx(sum(values) / len(values), abs=1e-6)


def decoders_first_map(net: RidgeAutoencoder | ResNetAutoencoder) -> torch.Tensor:
    """(C, side, side), the input of the decoder's first convolution."""
    seen: list[torch.Tensor] = []
    first = net.decoder[0] if isinstance(net, RidgeAutoencoder) else net.decoder.layer1
    first.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    with torch.no_grad():
        net.decode(torch.randn(1, 6))
    return seen[0][0]


@pytest.mark.parametrize(
    ("backbone", "seed_size", "side"), [("ridge", 1, 6), ("ridge", 2, 6), ("ridge", 3, 6), ("resnet18", 4, 12)]
)
def test_neighbours_of_a_stretched_seed_are_equal(backbone: str, seed_size: int, side: int) -> None:
    first_map = decoders_first_map(small(backbone, seed_size=seed_size))
    assert first_map.shape[1:] == (side, side)
    times = side // seed_size
    for y in range(side):
        for x in range(side):
            assert torch.equal(first_map[:, y, x], first_map[:, y // times * times, x // times * times])
    assert len(first_map.flatten(1).T.unique(dim=0)) == seed_size**2


@pytest.mark.parametrize(("backbone", "side"), [("ridge", 6), ("resnet18", 12)])
def test_a_full_seed_is_not_stretched(backbone: str, side: int) -> None:
    assert len(decoders_first_map(small(backbone, seed_size=side)).flatten(1).T.unique(dim=0)) == side**2


def numbers(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def test_parameters() -> None:
    """One linear layer before the latent vector of 6 numbers and one after it."""
    full = numbers(small("ridge"))
    assert full - numbers(small("ridge", pooling="mean")) == 6 * 8 * (36 - 1)
    assert full - numbers(small("ridge", seed_size=2)) == (6 + 1) * 8 * (36 - 4)
    bolts = numbers(small("resnet18"))
    assert numbers(small("resnet18", pooling="none")) - bolts == 6 * 512 * (144 - 1)
    assert numbers(small("resnet18", seed_size=12)) - bolts == (6 + 1) * 512 * (144 - 16)


def test_the_defaults_are_our_own_full_grid_and_what_bolts_has() -> None:
    """Equal weights under equal names, and equal results: test_resnet.py compares the latter with bolts."""
    x = torch.rand(2, 1, 96, 96)
    for backbone, own in (("ridge", {"pooling": "none", "seed_size": 6}), ("resnet18", {"pooling": "mean"})):
        default, named = small(backbone), small(backbone, **own)
        assert [(n, w.shape) for n, w in default.state_dict().items()] == [
            (n, w.shape) for n, w in named.state_dict().items()
        ]
        with torch.no_grad():
            assert torch.equal(default(x).x_hat, named(x).x_hat)
    assert small("resnet18").decoder.linear.out_features == 512 * 4 * 4


@pytest.mark.parametrize("view", ["crop32", "whole"])
@pytest.mark.parametrize(
    ("backbone", "more"),
    [
        ("ridge", {"pooling": "mean"}),
        ("ridge", {"seed_size": 2}),
        ("ridge", {"pooling": "mean", "seed_size": 1}),
        ("resnet18", {"pooling": "none", "seed_size": 1}),
        ("resnet18", {"first_conv": True}),
        ("resnet18", {"first_conv": True, "maxpool1": True, "pooling": "none"}),
    ],
)
def test_shapes(backbone: Any, view: Any, more: dict[str, Any]) -> None:
    torch.manual_seed(0)
    spec = AutoencoderSpec(backbone, view, 5, "mse", **more)
    net = build_network(spec).eval()
    x = torch.rand(2, 1, spec.window.height, spec.window.width)
    with torch.no_grad():
        found = net(x)
    assert found.z.shape == (2, 5)
    assert found.x_hat.shape == x.shape


@pytest.mark.parametrize(("first_conv", "maxpool1", "step"), [(False, False, 8), (True, False, 16), (True, True, 32)])
def test_step_of_a_stem(first_conv: bool, maxpool1: bool, step: int) -> None:
    assert map_step(first_conv, maxpool1) == step
    net = ResNetAutoencoder("resnet18", 64, 3, first_conv=first_conv, maxpool1=maxpool1, pooling="none")
    assert net.fc.in_features == 512 * (64 // step) ** 2


@pytest.mark.parametrize(
    ("backbone", "view", "more", "said"),
    [
        ("pca", "whole", {"pooling": "mean"}, "--pooling"),
        ("pca", "whole", {"seed_size": 2}, "--seed_size"),
        ("pca", "whole", {"maxpool1": True}, "--maxpool1"),
        ("ridge", "whole", {"first_conv": True}, "--first_conv"),
        ("ridge", "whole", {"seed_size": 7}, "has 6 places a side"),
        ("ridge", "crop32", {"seed_size": 5}, "has 4 places a side"),
        ("ridge", "crop32", {"seed_size": -1}, "--seed_size is -1"),
        ("resnet18", "whole", {"seed_size": 13}, "has 12 places a side"),
        ("resnet50", "whole", {"seed_size": 7, "first_conv": True}, "has 6 places a side"),
    ],
)
def test_options_without_effect_are_refused(backbone: Any, view: Any, more: dict[str, Any], said: str) -> None:
    spec = AutoencoderSpec(backbone, view, 5, "mse", **more)
    for refused in (check_spec, build_network):
        with pytest.raises(BadInput, match=said):
            refused(spec)


def test_constructors_refuse_what_they_cannot_build() -> None:
    for backbone in ("ridge", "resnet18"):
        with pytest.raises(ValueError, match="unknown pooling 'max'"):
            small(backbone, pooling="max")
        with pytest.raises(ValueError, match="seed_size -1"):
            small(backbone, seed_size=-1)
    with pytest.raises(ValueError, match="seed_size 7 is not within 0 to 6"):
        small("ridge", seed_size=7)
