"""The network of the view `full`: the same weights on images of any size."""

from pathlib import Path

import pytest
import torch

from ridgecode.autoencoders.full import PLACE, FullAutoencoder
from ridgecode.autoencoders.inference import for_inference
from ridgecode.autoencoders.ridge import block_weights
from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, load_autoencoder, save_autoencoder
from ridgecode.errors import BadInput
from support.full_models import FULL_SPEC, full_network


@pytest.mark.parametrize(("height", "width"), [(16, 16), (64, 80), (256, 48)])
def test_a_place_stands_for_16_by_16_pixels(height: int, width: int) -> None:
    net = full_network()
    x = torch.rand(2, 1, height, width)
    z = net.encode(x)
    assert z.shape == (2, 6, height // PLACE, width // PLACE)
    assert net.decode(z).shape == x.shape
    assert torch.equal(net(x).x_hat, net.draw(z))


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_nothing_further_away_than_its_reach_has_an_effect(blocks: int) -> None:
    """Measured by gradients of one place and of one place's pixels."""
    torch.manual_seed(0)
    net = FullAutoencoder(3, width=4, blocks=blocks).eval()
    for weight in block_weights(net):
        torch.nn.init.normal_(weight, std=0.3)
    n = 2 * net.reach + 3
    middle = n // 2
    x = torch.rand(1, 1, n * PLACE, n * PLACE, requires_grad=True)
    net.encode(x)[..., middle, middle].sum().backward()
    assert x.grad is not None
    seen = x.grad[0, 0].abs().unflatten(0, (n, PLACE)).unflatten(2, (n, PLACE)).sum((1, 3)) > 0
    z = torch.rand(1, 3, n, n, requires_grad=True)
    net.decode(z)[..., middle * PLACE : (middle + 1) * PLACE, middle * PLACE : (middle + 1) * PLACE].sum().backward()
    assert z.grad is not None
    used = z.grad[0].abs().sum(0) > 0
    for found in (seen, used):
        rows, columns = found.nonzero().T
        furthest = int(torch.maximum((rows - middle).abs(), (columns - middle).abs()).max())
        assert net.reach - 1 <= furthest <= net.reach


def test_a_copy_for_inference_gives_the_same() -> None:
    net = full_network()
    x = torch.rand(2, 1, 64, 48)
    fast = for_inference(net)
    assert torch.allclose(fast.encode(x), net.encode(x), atol=1e-5)
    assert torch.allclose(fast.decode(net.encode(x)), net.decode(net.encode(x)), atol=1e-5)


def test_a_saved_model_is_the_same_network(tmp_path: Path) -> None:
    net = full_network()
    save_autoencoder(tmp_path / "model.safetensors", net, FULL_SPEC, torch.zeros(6), torch.ones(6))
    saved = load_autoencoder(tmp_path / "model.safetensors")
    x = torch.rand(1, 1, 32, 32)
    assert saved.spec == FULL_SPEC
    assert torch.equal(saved.net.encode(x), net.encode(x))


@pytest.mark.parametrize(
    "spec",
    [
        AutoencoderSpec("resnet18", "full", 8, "mse"),
        AutoencoderSpec("pca", "full", 8, "mse"),
        AutoencoderSpec("ridge", "full", 8, "mse", latent_layer="linear"),
        AutoencoderSpec("ridge", "full", 8, "mse", latent_layer="grid", pooling="mean"),
    ],
)
def test_other_networks_of_the_view_are_refused(spec: AutoencoderSpec) -> None:
    with pytest.raises(BadInput, match="--view full"):
        build_network(spec)
