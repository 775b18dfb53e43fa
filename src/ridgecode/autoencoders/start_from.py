"""A network that starts from another one's weights: with fewer latent dims or more, deeper, or on another view.

Few dims are hard to begin with: a network has to find the phase of ridges through a needle's eye. With many it finds
ridges within a minute, and the directions of its latent space that move the decoder most can then be kept, the others
dropped, as PCA would on what the decoder is shown. A short training mends what that breaks.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ridgecode.autoencoders.grid_latent import GridRead, GridWrite, central_entries, in_patches
from ridgecode.autoencoders.ridge import ResidualBlock, RidgeAutoencoder

CHUNK = 128


@torch.no_grad()
def start_from(net: RidgeAutoencoder, other: RidgeAutoencoder, windows: Tensor) -> None:
    """Gives `net`, fresh, the weights of `other`, which stays as it is; both are on one device.

    windows: (N, 1, height, width) in [0, 1] of `net`'s view, from training prints. Each channel of `net`'s latent layer
        has mean 0 and a standard deviation of 1 on them, taken over all patches.
    Raises ValueError where the networks have other convolutions (`net` may have more blocks), `net` has a linear latent
    layer, or that of `other` is of other patches than its own.
    """
    if net.latent_layer == "linear":
        raise ValueError("a linear latent layer is started afresh")
    layer = _Layer.of(other, net.patch)
    _take_body(net.encoder, other.encoder)
    _take_body(net.decoder, other.decoder)
    training = net.training
    net.eval()
    _take_latent_layer(net, layer, windows)
    net.train(training)


def grow_from(net: RidgeAutoencoder, other: RidgeAutoencoder) -> None:
    """Gives `net`, fresh, the weights of `other` and its very latent vectors, untouched; `net` may have more blocks.

    Raises ValueError where they differ in more than blocks.
    """
    if isinstance(other.to_latent, GridRead):
        net.set_latent_grid(other.to_latent.entries)
    _take_body(net.encoder, other.encoder)
    _take_body(net.decoder, other.decoder)
    try:
        net.to_latent.load_state_dict(other.to_latent.state_dict())
        net.from_latent.load_state_dict(other.from_latent.state_dict())
    except RuntimeError as error:
        raise ValueError("the networks have other latent layers") from error


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


class _Layer(NamedTuple):
    """A latent layer as matrices, alike for all patches: `read` (channels, features of a patch) and `write` (features,
    channels) with their biases, float64."""

    read: Tensor
    read_bias: Tensor
    write: Tensor
    write_bias: Tensor

    @classmethod
    def of(cls, net: RidgeAutoencoder, patch: int) -> "_Layer":
        """That of `net`, for patches of `patch` x `patch` places. Raises ValueError where it has none like that."""
        linear = isinstance(net.to_latent, nn.Linear)
        if linear:
            fits = net.grid[1:] == net.seed[1:] == (patch, patch) and net.pooling == "none"
        else:
            fits = net.patch in (1, patch)
        if not fits:
            raise ValueError("its latent layer is of other patches")
        read, read_bias = _matrix(net.to_latent)
        write, write_bias = _matrix(net.from_latent)
        if not linear and net.patch < patch:
            # The same weights at each place of a patch.
            places = torch.eye(patch**2, dtype=read.dtype, device=read.device)
            read, write = torch.kron(read, places), torch.kron(write, places)
            read_bias, write_bias = (bias.repeat_interleave(patch**2) for bias in (read_bias, write_bias))
        return cls(read, read_bias, write, write_bias)


def _take_latent_layer(net: RidgeAutoencoder, layer: _Layer, windows: Tensor) -> None:
    """Channels are turned and ordered by what they write, alike in all patches; of the (channel, patch) pairs those are
    kept whose writing varies most, so that places with little to tell have fewer."""
    patches = math.prod(net.patches)
    features = torch.cat([in_patches(net.encoder(x), net.patch) for x in windows.split(CHUNK)])
    z = layer.read @ features.transpose(0, 1).flatten(1).double() + layer.read_bias[:, None]  # (channels, N * patches)
    mean = z.mean(1)
    turn, back = _principal(z - mean[:, None], layer.write)
    have = len(turn)
    variance = (turn @ (z - mean[:, None])).view(have, len(windows), patches).var(1)
    # What a dim of a patch moves on the decoder's first map: its own variance, times the square of what it writes.
    energy = (variance * back.square().sum(0)[:, None]).flatten()
    if net.latent_dim <= have * patches:
        entries = energy.topk(net.latent_dim).indices.sort().values
    else:
        entries = central_entries(net.latent_dim, *net.patches)
    to_latent, from_latent = net.set_latent_grid(entries)
    read, write = to_latent.read, from_latent.write
    net.to(windows.device)
    kept = min(have, read.out_channels)
    # Channels that `other` has not begin by reading at random and writing nothing.
    patterns = nn.functional.normalize(torch.randn_like(read.weight).flatten(1), dim=1)
    patterns[:kept] = (turn @ layer.read)[:kept]
    read.weight.copy_(patterns[:, :, None, None])
    write.weight.zero_()[:, :kept] = back[:, :kept, None, None]
    ends = ((read, (turn @ (layer.read_bias - mean))[:kept]), (write, layer.write_bias + layer.write @ mean))
    for convolution, bias in ends:
        assert convolution.bias is not None
        convolution.bias.zero_()[: len(bias)] = bias


def _matrix(end: nn.Linear | GridRead | GridWrite) -> tuple[Tensor, Tensor]:
    """Its weights as a matrix, and its bias."""
    layer = end.read if isinstance(end, GridRead) else end.write if isinstance(end, GridWrite) else end
    assert layer.bias is not None
    return layer.weight.flatten(1).double(), layer.bias.double()


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
