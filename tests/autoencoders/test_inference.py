"""A network made for inference gives the same numbers as the original."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from ridgecode.autoencoders.inference import for_inference
from ridgecode.autoencoders.pca import PCA
from ridgecode.autoencoders.resnet import ResNetAutoencoder
from ridgecode.autoencoders.ridge import ResidualBlock, RidgeAutoencoder


def with_random_statistics(net: nn.Module) -> nn.Module:
    """Gives `net` statistics and weights as after training: with fresh ones a fold that is missing would not show."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.3, 3)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.3)
        if isinstance(module, ResidualBlock):
            nn.init.normal_(module.conv2.weight, 0, 0.02)
    return net


NETS = {
    "crop32": lambda: RidgeAutoencoder(32, 32, 12, widths=(8, 16)),
    "whole": lambda: RidgeAutoencoder(96, 96, 12, widths=(8, 16, 16), blocks=1),
    "grid": lambda: RidgeAutoencoder(32, 32, 40, widths=(8, 16), latent_layer="grid"),
    "patches": lambda: RidgeAutoencoder(32, 32, 7, widths=(8, 16), latent_layer="patches"),
    "mean": lambda: RidgeAutoencoder(32, 32, 12, widths=(8, 16), pooling="mean", seed_size=2),
    "logits": lambda: RidgeAutoencoder(32, 32, 12, logits=True, widths=(8, 16)),
    "resnet18": lambda: ResNetAutoencoder("resnet18", 32, 12),
}


@pytest.mark.parametrize("name", NETS)
def test_same_numbers(name: str) -> None:
    torch.manual_seed(0)
    net = with_random_statistics(NETS[name]()).eval()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    side = 96 if name == "whole" else 32
    x = torch.rand(3, 1, side, side)
    faster = for_inference(net)
    with torch.no_grad():
        z = net.encode(x)  # type: ignore[operator]
        torch.testing.assert_close(faster.encode(x), z, atol=1e-5, rtol=0)  # type: ignore[operator]
        torch.testing.assert_close(faster.decode(z), net.decode(z), atol=1e-5, rtol=0)  # type: ignore[operator]
        torch.testing.assert_close(faster(x).x_hat, net(x).x_hat, atol=1e-5, rtol=0)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert all(parameter.requires_grad for parameter in net.parameters())
    assert for_inference(faster) is faster
    torch.testing.assert_close(for_inference(deepcopy(faster)).encode(x), z, atol=1e-5, rtol=0)  # type: ignore[operator]


def test_batch_norm_is_gone_where_it_can_be() -> None:
    net = RidgeAutoencoder(32, 32, 4, widths=(8, 16))
    left = [m for m in for_inference(net).modules() if isinstance(m, nn.BatchNorm2d)]
    # Of the 8 blocks each its first, and the decoder's last.
    assert len([m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]) == 8 * 2 + 2
    assert len(left) == 8 + 1


def test_a_network_in_training_is_measured_as_evaluated() -> None:
    net = with_random_statistics(RidgeAutoencoder(32, 32, 4, widths=(8, 16))).train()
    x = torch.rand(2, 1, 32, 32)
    with torch.no_grad():
        z = for_inference(net).encode(x)  # type: ignore[attr-defined]
    assert net.training
    torch.testing.assert_close(z, net.eval().encode(x).detach(), atol=1e-5, rtol=0)  # type: ignore[operator]


def test_pca_stays_as_it_is() -> None:
    x = torch.rand(6, 1, 4, 4)
    pca = PCA.fit(x, 3)
    assert torch.equal(for_inference(pca).encode(x), pca.encode(x))
