"""Small networks of the view `full`, without training."""

from pathlib import Path

import torch

from ridgecode.autoencoders.full import FullAutoencoder
from ridgecode.autoencoders.ridge import block_weights
from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, save_autoencoder
from ridgecode.codec.context_codec import context_tensors
from ridgecode.codec.full_context import FullContext

FULL_SPEC = AutoencoderSpec("ridge", "full", 6, "mse", latent_layer="grid", blocks=1, width=8)


def full_network(seed: int = 0) -> FullAutoencoder:
    """A network whose batch norms and last layers do something, as after a training."""
    torch.manual_seed(seed)
    net = build_network(FULL_SPEC)
    assert isinstance(net, FullAutoencoder)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.3, 0.3)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
    for weight in block_weights(net):
        torch.nn.init.normal_(weight, std=0.1)
    return net.eval().requires_grad_(False)


def full_context(net: FullAutoencoder, x: torch.Tensor) -> FullContext:
    """A context model for its maps of x (N, 1, H, W), with random predictions."""
    context = FullContext(net.latent_dim, hidden=12)
    context.start(net.encode(x), net.from_latent.weight.flatten(1).norm(dim=0))
    for name, weight in context.named_parameters():
        if name.endswith("4.weight"):
            torch.nn.init.normal_(weight, std=0.1)
    return context.eval().requires_grad_(False)


def saved_full_model(path: Path, seed: int = 0) -> Path:
    """A model's file."""
    net = full_network(seed)
    x = torch.rand(8, 1, 64, 64)
    z = net.encode(x)
    dims = torch.zeros(net.latent_dim), torch.ones(net.latent_dim)
    save_autoencoder(path, net, FULL_SPEC, *dims, codec=context_tensors(full_context(net, x), z))
    return path
