"""Our network: its shapes on both views, its cost beside the ResNet, its blocks by hand, and its local start."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ridgecode.autoencoders.resnet import ResNetAutoencoder
from ridgecode.autoencoders.ridge import ResidualBlock, RidgeAutoencoder
from ridgecode.autoencoders.saved import AutoencoderSpec, build_network
from ridgecode.prints.views import VIEWS

WIDTHS = (8, 8, 8)
"""Of a small network on 96x96: its last map has 6x6 places."""


def counted_by_hooks(net: nn.Module, x: torch.Tensor) -> int:
    """Multiply-accumulates of convolutions and linear layers, from the shapes of their outputs and weights."""
    total = 0

    def count(module: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.ConvTranspose2d):
            total += inputs[0].numel() * module.weight[0].numel()
        elif isinstance(module, nn.Conv2d | nn.Linear):
            total += output.numel() * module.weight[0].numel()

    hooks = [module.register_forward_hook(count) for module in net.modules()]
    with torch.no_grad():
        net(x)
    for hook in hooks:
        hook.remove()
    return total


def counted_by_torch(net: nn.Module, x: torch.Tensor) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(x)
    return counter.get_total_flops() // 2


@pytest.mark.parametrize("view", ["crop32", "whole"])
@pytest.mark.parametrize("distortion", ["mse", "bce"])
def test_shapes(view: str, distortion: str) -> None:
    torch.manual_seed(0)
    window = VIEWS[view]
    net = build_network(AutoencoderSpec("ridge", view, 12, distortion)).eval()  # type: ignore[arg-type]
    x = torch.rand(3, 1, window.height, window.width)
    with torch.no_grad():
        found, z = net(x), net.encode(x)
        far = net.decode(1000 * z)
        x_hat = net.decode(z)
    assert z.shape == (3, 12)
    assert found.x_hat.shape == x_hat.shape == x.shape
    torch.testing.assert_close(found.z, z)
    assert net.latent_dim == 12
    assert net.logits is (distortion == "bce")
    torch.testing.assert_close(x_hat, found.x_hat.sigmoid() if net.logits else found.x_hat.clamp(0, 1))
    assert 0 <= float(far.min()) < 0.5 < float(far.max()) <= 1


def test_a_latent_vector_does_not_depend_on_the_rest_of_the_batch() -> None:
    torch.manual_seed(0)
    net = RidgeAutoencoder(32, 32, 8).eval()
    x = torch.rand(5, 1, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(net.encode(x)[2:3], net.encode(x[2:3]), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("latent_dim", [8, 128, 512])
@pytest.mark.parametrize("count", [counted_by_hooks, counted_by_torch])
def test_ten_times_cheaper_than_resnet18(latent_dim: int, count: Callable[[nn.Module, torch.Tensor], int]) -> None:
    x = torch.rand(1, 1, 32, 32)
    ours = build_network(AutoencoderSpec("ridge", "crop32", latent_dim, "mse")).eval()
    theirs = ResNetAutoencoder("resnet18", 32, latent_dim).eval()
    assert 10 * count(ours, x) < count(theirs, x)


def test_both_counts_agree() -> None:
    x = torch.rand(2, 1, 32, 32)
    for net in (RidgeAutoencoder(32, 32, 16).eval(), ResNetAutoencoder("resnet18", 32, 16).eval()):
        assert counted_by_hooks(net, x) == counted_by_torch(net, x)


def test_keeps_a_spatial_grid() -> None:
    """A change in one corner moves that corner of the last map only: nothing is averaged over the print."""
    torch.manual_seed(0)
    net = RidgeAutoencoder(96, 96, 8, widths=(64, 128, 128)).eval()
    assert net.grid == (128, 6, 6)
    x = torch.rand(1, 1, 96, 96)
    changed = x.clone()
    changed[..., :4, :4] = 1 - changed[..., :4, :4]
    with torch.no_grad():
        # Pixel unshuffling and the first convolution: a 4x4 pixel change reaches a 2x2 corner of the 24x24 map.
        difference = (net.encoder[:2](x) - net.encoder[:2](changed)).abs().sum((0, 1))
    assert (difference[:2, :2] > 0).all()
    assert difference.sum() == difference[:2, :2].sum()


def test_residual_block_by_hand() -> None:
    torch.manual_seed(0)
    block = ResidualBlock(4).eval()
    with torch.no_grad():
        for norm in (block.bn1, block.bn2):
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 2)
            norm.weight.normal_()
            norm.bias.normal_()

        def normed(norm: nn.BatchNorm2d, y: torch.Tensor) -> torch.Tensor:
            scale = norm.weight / (norm.running_var + norm.eps).sqrt()
            return (y - norm.running_mean[:, None, None]) * scale[:, None, None] + norm.bias[:, None, None]

        def convolved(weight: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            patches = torch.nn.functional.unfold(y, 3, padding=1)
            return (weight.flatten(1) @ patches).unflatten(2, y.shape[2:])

        x = torch.randn(2, 4, 5, 6)
        inner = convolved(block.conv1.weight, normed(block.bn1, x).clamp_min(0))
        expected = x + convolved(block.conv2.weight, normed(block.bn2, inner).clamp_min(0))
        torch.testing.assert_close(block(x), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("height", "width", "widths"), [(30, 32, (64, 128)), (32, 36, (64, 128)), (97, 90, (64, 128)), (40, 40, (8, 8, 8))]
)
def test_sizes_that_do_not_divide(height: int, width: int, widths: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=f"{height}x{width}"):
        RidgeAutoencoder(height, width, 8, widths=widths)


@pytest.mark.parametrize(("height", "width"), [(24, 40), (8, 16)])
def test_other_sizes(height: int, width: int) -> None:
    net = RidgeAutoencoder(height, width, 5, widths=(8, 16), blocks=1).eval()
    assert net(torch.rand(2, 1, height, width)).x_hat.shape == (2, 1, height, width)


@pytest.mark.parametrize("latent_dim", [4, 8, 30, 40, 100])
@pytest.mark.parametrize(("seed_size", "sides"), [(0, 6), (2, 2)])
def test_a_local_start_keeps_each_dim_to_its_region(latent_dim: int, seed_size: int, sides: int) -> None:
    """A change at one place of the last map changes only the dims of its region, and these change only that region of
    the decoder's first map."""
    torch.manual_seed(0)
    net = RidgeAutoencoder(96, 96, latent_dim, widths=WIDTHS, blocks=1, seed_size=seed_size, local_start=True).eval()
    regions = min(sides, int(latent_dim**0.5))
    net.encoder = nn.Identity()
    part = [max(p for p in range(regions) if p * 6 // regions <= y) for y in range(6)]  # rows and columns alike
    for y, x in [(0, 0), (0, 5), (3, 2), (5, 5)]:
        features = torch.zeros(1, 8, 6, 6)
        features[..., y, x] = 1
        own = part[y] * regions + part[x]
        with torch.no_grad():
            moved = (net.encode(features) - net.encode(torch.zeros_like(features)))[0].abs() > 0
            assert moved.nonzero().flatten().tolist() == list(range(own, latent_dim, regions**2))
            drawn = net.stretch((net.from_latent.weight @ moved.float()).unflatten(0, net.seed)[None])
        where = drawn[0].abs().sum(0) > 0
        assert where.tolist() == [[part[a] * regions + part[b] == own for b in range(6)] for a in range(6)]


def test_a_local_start_is_the_same_in_every_region_and_of_the_same_scale() -> None:
    torch.manual_seed(0)
    net = RidgeAutoencoder(96, 96, 72, widths=(64, 128, 128), blocks=1, local_start=True).eval()
    to_latent = net.to_latent.weight.detach().view(2, 36, 128, 36)
    for dims in to_latent:
        for place in range(1, 36):
            assert torch.equal(dims[place, :, place], dims[0, :, 0])
    for more in ({"local_start": True}, {"local_start": False}, {"local_start": True, "seed_size": 2}):
        for latent_dim in (9, 64, 512):
            net = RidgeAutoencoder(96, 96, latent_dim, widths=(64, 128, 128), blocks=1, **more)
            with torch.no_grad():
                first_map = net.from_latent(net.encode(torch.rand(8, 1, 96, 96)))
            assert 1.3 < float(first_map.std()) < 4


def test_where_there_is_one_region_there_is_no_local_start() -> None:
    for more in ({"pooling": "mean"}, {"seed_size": 1}):
        net = RidgeAutoencoder(96, 96, 6, widths=WIDTHS, blocks=1, local_start=True, **more)  # type: ignore[arg-type]
        assert (net.to_latent.weight != 0).all()
    assert (RidgeAutoencoder(96, 96, 3, widths=WIDTHS, local_start=True).to_latent.weight != 0).all()
