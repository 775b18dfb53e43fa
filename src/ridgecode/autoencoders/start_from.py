"""A network that starts from another one's weights: with fewer latent dims or more, deeper, or on another view.

Few dims are hard to begin with: a network has to find the phase of ridges through a needle's eye. With many it finds
ridges within a minute, and the directions of its latent space that move the decoder most can then be kept, the others
dropped, as PCA would on what the decoder is shown. A short training mends what that breaks.
"""

import math

import torch
from torch import Tensor, nn

from ridgecode.autoencoders.grid_latent import GridRead, central_entries
from ridgecode.autoencoders.ridge import ResidualBlock, RidgeAutoencoder

CHUNK = 128


@torch.no_grad()
def start_from(net: RidgeAutoencoder, other: RidgeAutoencoder, windows: Tensor) -> None:
    """Gives `net`, fresh, the weights of `other`, which stays as it is; both are on one device.

    windows: (N, 1, height, width) in [0, 1] of `net`'s view, from training prints. The latent spaces that `net` is left
        with has a standard deviation of 1 in each dim on them, and mean 0.
    Raises ValueError where the networks have other convolutions (`net` may have more blocks), or `net` has a linear
    latent layer and `other` is of another window or has fewer dims.
    """
    _take_body(net.encoder, other.encoder)
    _take_body(net.decoder, other.decoder)
    training = net.training
    net.eval()
    if net.latent_layer == "grid" and other.latent_layer == "grid":
        _take_grid(net, other, windows)
    elif net.latent_layer == "linear" and net.grid == other.grid and net.latent_dim <= other.latent_dim:
        _take_linear(net, other, windows)
    else:
        raise ValueError("its latent layer can't be taken over")
    net.train(training)


def _take_body(ours: nn.Sequential, theirs: nn.Sequential) -> None:
    """Module by module; of residual blocks `ours` may have more at a scale, and the others stay as they are: fresh ones
    change nothing yet (ridge.py), so a deeper network starts as good as the one it is grown from."""
    rest = list(theirs)
    for module in ours:
        if isinstance(module, ResidualBlock) and (not rest or not isinstance(rest[0], ResidualBlock)):
            continue
        if not rest or type(rest[0]) is not type(module):
            break
        try:
            module.load_state_dict(rest.pop(0).state_dict())
        except RuntimeError:
            break
    else:
        if not rest:
            return
    raise ValueError("the networks have other convolutions")


def _take_grid(net: RidgeAutoencoder, other: RidgeAutoencoder, windows: Tensor) -> None:
    """Channels are turned and ordered by what they write, alike at all places; of the (channel, place) pairs those are
    kept whose writing varies most, so that places with little to tell have fewer."""
    read, read_bias = _matrix(other.to_latent)
    write, write_bias = _matrix(other.from_latent)
    places = math.prod(net.grid[1:])
    features = torch.cat([net.encoder(x) for x in windows.split(CHUNK)])
    z = read @ features.transpose(0, 1).flatten(1).double() + read_bias[:, None]  # (channels, N * places)
    mean = z.mean(1)
    turn, back = _principal(z - mean[:, None], write)
    have = len(turn)
    variance = (turn @ (z - mean[:, None])).view(have, len(windows), places).var(1)
    # What a dim at a place moves on the decoder's first map: its own variance, times the square of what it writes.
    energy = (variance * back.square().sum(0)[:, None]).flatten()
    if net.latent_dim <= have * places:
        entries = energy.topk(net.latent_dim).indices.sort().values
    else:
        entries = central_entries(net.latent_dim, *net.grid[1:])
    net.set_latent_grid(entries)
    net.to(windows.device)
    new_read, new_write = _convolution(net.to_latent), _convolution(net.from_latent)
    kept = min(have, new_read.out_channels)
    # Channels that `other` has not begin by reading at random and writing nothing.
    patterns = nn.functional.normalize(torch.randn_like(new_read.weight).flatten(1), dim=1)
    patterns[:kept] = (turn @ read)[:kept]
    new_read.weight.copy_(patterns[:, :, None, None])
    new_write.weight.zero_()[:, :kept] = back[:, :kept, None, None]
    for convolution, bias in (
        (new_read, (turn @ (read_bias - mean))[:kept]),
        (new_write, write_bias + write @ mean),
    ):
        assert convolution.bias is not None
        convolution.bias.zero_()[: len(bias)] = bias


def _convolution(layer: nn.Module) -> nn.Conv2d:
    """The 1x1 convolution of a grid's end."""
    found = layer.read if isinstance(layer, GridRead) else layer.write
    assert isinstance(found, nn.Conv2d)
    return found


def _matrix(layer: nn.Module) -> tuple[Tensor, Tensor]:
    """Its weights as a matrix, and its bias."""
    convolution = _convolution(layer)
    assert convolution.bias is not None
    return convolution.weight.flatten(1).double(), convolution.bias.double()


def _take_linear(net: RidgeAutoencoder, other: RidgeAutoencoder, windows: Tensor) -> None:
    """The same with all places together: both layers are written out as matrices first."""
    z = torch.cat([other.encode(x) for x in windows.split(CHUNK)]).double()
    n = math.prod(net.grid)
    unit = torch.eye(n, device=windows.device)
    if other.latent_layer == "grid":
        unit = unit.view(n, *net.grid)
    offset = other.to_latent(torch.zeros_like(unit[:1]))
    reads = (other.to_latent(unit) - offset).T.double()  # (D, n)
    nothing = other.from_latent(torch.zeros(1, other.latent_dim, device=windows.device))
    writes = (other.from_latent(torch.eye(other.latent_dim, device=windows.device)) - nothing).flatten(1).T.double()
    mean = z.mean(0)
    turn, back = _principal((z - mean).T, writes)
    kept = net.latent_dim
    assert isinstance(net.to_latent, nn.Linear) and isinstance(net.from_latent, nn.Linear)
    net.to_latent.weight.copy_((turn @ reads)[:kept])
    net.to_latent.bias.copy_((turn @ (offset[0].double() - mean))[:kept])
    net.from_latent.weight.copy_(back[:, :kept])
    net.from_latent.bias.copy_(nothing.flatten().double() + writes @ mean)


def _principal(z: Tensor, write: Tensor) -> tuple[Tensor, Tensor]:
    """Principal components of what is written: (D, N) centred latents and a (n, D) writing matrix -> `turn` (D, D) to
    components of standard deviation 1 in falling order of what they write, and `back` (n, D), which writes them.

    write @ z = back @ (turn @ z), and the columns of `back` are orthogonal.
    """
    basis, triangle = torch.linalg.qr(write)
    written = triangle @ z
    values, vectors = torch.linalg.eigh(written @ written.T / z.shape[1])
    order = values.argsort(descending=True)
    std = values[order].clamp_min(1e-12).sqrt()
    vectors = vectors[:, order]
    return (vectors.T @ triangle) / std[:, None], basis @ vectors * std
