"""Starts a network from another one's weights: with fewer latent dims or more, with more blocks, or on another view.

A network with few latent dims takes long to learn ridges; one with many dims learns them within a minute. So a network
with few dims can start from one with many: it keeps the directions of the latent space that change the decoder's first
map most, as a PCA of that map would, and drops the others. A short training then repairs the loss.
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
    """Gives the fresh `net` the weights of `other`, on the same device. `other` is not changed.

    windows: (N, 1, height, width) in [0, 1] of `net`'s view, from training prints. On them each channel of `net`'s
        latent map gets mean 0 and standard deviation 1, over all patches.
    Raises ValueError where the networks' convolutions differ (`net` may have more blocks), `net` has a linear latent
    layer, or the latent layer of `other` does not fit the patches of `net`.
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
    """Gives the fresh `net` the weights of `other`, so that its latent vectors are the same. `net` may have more
    blocks.

    Raises ValueError where the networks differ in anything else.
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
    """Copies the weights of `theirs` to `ours`, module by module. `ours` may have more residual blocks at a scale;
    these stay fresh, and a fresh block is the identity (ridge.py), so that a deeper network starts with the same
    results.

    Raises ValueError where the networks differ in anything else.
    """
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
    """A latent layer as the matrices that it applies to each patch, float64.

    read: (channels, features of a patch), and read_bias (channels,), from the encoder's last map to the latent map;
    write: (features, channels), and write_bias (features,), from the latent map to the decoder's first map.
    """

    read: Tensor
    read_bias: Tensor
    write: Tensor
    write_bias: Tensor

    @classmethod
    def of(cls, net: RidgeAutoencoder, patch: int) -> "_Layer":
        """The latent layer of `net`, for patches of `patch` x `patch` places. Raises ValueError where it does not fit
        these."""
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
            # A layer for single places becomes one for patches, with the same weights at each place of a patch.
            places = torch.eye(patch**2, dtype=read.dtype, device=read.device)
            read, write = torch.kron(read, places), torch.kron(write, places)
            read_bias, write_bias = (bias.repeat_interleave(patch**2) for bias in (read_bias, write_bias))
        return cls(read, read_bias, write, write_bias)


def _take_latent_layer(net: RidgeAutoencoder, layer: _Layer, windows: Tensor) -> None:
    """Gives `net` the latent layer `layer`, rotated to its principal components. The latent dims of `net` are the pairs
    of component and patch whose part of the decoder's first map varies most, so that places of little variance get
    fewer dims."""
    patches = math.prod(net.patches)
    features = torch.cat([in_patches(net.encoder(x), net.patch) for x in windows.split(CHUNK)])
    z = layer.read @ features.transpose(0, 1).flatten(1).double() + layer.read_bias[:, None]  # (channels, N * patches)
    mean = z.mean(1)
    rotate, back = _principal(z - mean[:, None], layer.write)
    have = len(rotate)
    variance = (rotate @ (z - mean[:, None])).view(have, len(windows), patches).var(1)
    # The variance of a dim's part of the decoder's first map: its own variance times the squares of its weights.
    energy = (variance * back.square().sum(0)[:, None]).flatten()
    if net.latent_dim <= have * patches:
        entries = energy.topk(net.latent_dim).indices.sort().values
    else:
        entries = central_entries(net.latent_dim, *net.patches)
    to_latent, from_latent = net.set_latent_grid(entries)
    read, write = to_latent.read, from_latent.write
    net.to(windows.device)
    n_kept = min(have, read.out_channels)
    # Channels that `other` does not have start with random weights in the encoder and with 0 in the decoder.
    patterns = nn.functional.normalize(torch.randn_like(read.weight).flatten(1), dim=1)
    patterns[:n_kept] = (rotate @ layer.read)[:n_kept]
    read.weight.copy_(patterns[:, :, None, None])
    write.weight.zero_()[:, :n_kept] = back[:, :n_kept, None, None]
    ends = ((read, (rotate @ (layer.read_bias - mean))[:n_kept]), (write, layer.write_bias + layer.write @ mean))
    for convolution, bias in ends:
        assert convolution.bias is not None
        convolution.bias.zero_()[: len(bias)] = bias


def _matrix(end: nn.Linear | GridRead | GridWrite) -> tuple[Tensor, Tensor]:
    """The weights of one end of a latent layer as a matrix, and its bias."""
    layer = end.read if isinstance(end, GridRead) else end.write if isinstance(end, GridWrite) else end
    assert layer.bias is not None
    return layer.weight.flatten(1).double(), layer.bias.double()


def _principal(z: Tensor, write: Tensor) -> tuple[Tensor, Tensor]:
    """The principal components of `write @ z`, for centred latent vectors z (D, N) and a matrix `write` (n, D).

    Returns `rotate` (D, D), to components of standard deviation 1 in falling order of the variance that they add to
    write @ z, and `back` (n, D), with orthogonal columns, so that write @ z = back @ (rotate @ z).
    """
    basis, triangle = torch.linalg.qr(write)
    written = triangle @ z
    values, vectors = torch.linalg.eigh(written @ written.T / z.shape[1])
    order = values.argsort(descending=True)
    std = values[order].clamp_min(1e-12).sqrt()
    vectors = vectors[:, order]
    return (vectors.T @ triangle) / std[:, None], basis @ vectors * std
