"""A network that starts from another one: equal results, the dims that are kept by singular values, and refusals."""

import math

import pytest
import torch
from torch import Tensor

from ridgecode.autoencoders.ridge import LatentLayer, RidgeAutoencoder
from ridgecode.autoencoders.start_from import grow_from, start_from


def net(latent_dim: int, layer: LatentLayer = "grid", side: int = 32, seed: int = 0) -> RidgeAutoencoder:
    """Small, with random weights everywhere and batch statistics of random images."""
    torch.manual_seed(seed)
    made = RidgeAutoencoder(side, side, latent_dim, widths=(6, 8), blocks=1, latent_layer=layer)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    with torch.no_grad():
        for _ in range(3):
            made(torch.rand(16, 1, side, side))
    return made.eval()


def images(side: int = 32, n: int = 300) -> Tensor:
    # Uneven, so that some latent dims and some places vary more than others.
    torch.manual_seed(9)
    slope = torch.linspace(0, 1, side)
    return (torch.rand(n, 1, side, side) * slope * torch.rand(n, 1, 1, 1)).clamp(0, 1)


@pytest.mark.parametrize(
    ("have", "layer", "want", "wanted"),
    [
        (32, "grid", 32, "grid"),
        (32, "grid", 80, "grid"),
        (32, "grid", 32, "patches"),
        (12, "linear", 12, "patches"),
        (12, "patches", 12, "patches"),
        (12, "patches", 30, "patches"),
    ],
)
def test_with_as_many_dims_it_decodes_alike(have: int, layer: LatentLayer, want: int, wanted: LatentLayer) -> None:
    other, x = net(have, layer), images()
    started = net(want, wanted, seed=1)
    before = {name: value.clone() for name, value in other.state_dict().items()}
    start_from(started, other, x)
    torch.testing.assert_close(started(x).x_hat, other(x).x_hat, atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(other.state_dict(), before)
    if want == have:
        z = started.encode(x)
        torch.testing.assert_close(z.mean(0), torch.zeros(want), atol=1e-3 if wanted == "patches" else 9, rtol=0)


@pytest.mark.parametrize("layer", ["grid", "patches", "linear"])
def test_a_patch_keeps_the_directions_that_change_the_decoder_most(layer: LatentLayer) -> None:
    other, x = net(32, layer), images()
    started = net(5, "patches", seed=1)
    start_from(started, other, x)
    shown = other.from_latent(other.encode(x)).flatten(1).double()
    kept = started.from_latent(started.encode(x)).flatten(1).double()
    # Eckart and Young: no 5 directions hold more of the variance of the decoder's first map.
    values = torch.linalg.svdvals(shown - shown.mean(0)).square()
    torch.testing.assert_close((shown - kept).square().sum(), values[5:].sum(), rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(started.encode(x).std(0), torch.ones(5), rtol=1e-2, atol=0)


def test_a_grid_keeps_the_channels_and_places_that_change_the_decoder_most() -> None:
    other, x = net(64), images()
    started = net(24, seed=1)
    start_from(started, other, x)
    shown = other.from_latent(other.encode(x)).double()  # (N, C, rows, columns)
    centred = shown - shown.mean((0, 2, 3), keepdim=True)
    pooled = centred.transpose(0, 1).flatten(1)
    vectors = torch.linalg.eigh(pooled @ pooled.T).eigenvectors.flip(1)
    variances = torch.einsum("nchw,ck->nkhw", centred, vectors).var(0).flatten()
    assert set(started.to_latent.entries.tolist()) == set(variances.topk(24).indices.tolist())
    channels, places = int(started.to_latent.entries.max()) // 16 + 1, math.prod(started.grid[1:])
    assert started.to_latent.read.out_channels == channels
    assert len(started.to_latent.entries) == 24 and places == 16


def test_patches_of_crops_start_whole_prints() -> None:
    other, whole = net(10, "patches"), images(64)
    started = net(40, "patches", side=64, seed=1)
    start_from(started, other, whole)
    features = other.encoder(whole)
    shown = torch.empty_like(features)
    for y in (0, 4):
        for x in (0, 4):
            patch = features[:, :, y : y + 4, x : x + 4]
            shown[:, :, y : y + 4, x : x + 4] = other.from_latent(other.to_latent(patch))
    torch.testing.assert_close(started(whole).x_hat, other.decoder(shown).sigmoid(), atol=2e-5, rtol=1e-4)


def test_crops_start_whole_prints() -> None:
    other, whole = net(32), images(64)
    started = net(128, side=64, seed=1)  # as many a place
    start_from(started, other, whole)
    expected = other.decoder(other.from_latent.write(other.to_latent.read(other.encoder(whole)))).sigmoid()
    torch.testing.assert_close(started(whole).x_hat, expected, atol=2e-5, rtol=1e-4)


def test_a_deeper_network_starts_as_the_one_it_is_grown_from() -> None:
    other, x = net(32), images()
    torch.manual_seed(1)
    deeper = RidgeAutoencoder(32, 32, 32, widths=(6, 8), blocks=3, latent_layer="grid").eval()
    start_from(deeper, other, x)
    torch.testing.assert_close(deeper(x).x_hat, other(x).x_hat, atol=2e-5, rtol=1e-4)
    with pytest.raises(ValueError, match="convolutions"):
        start_from(net(32, seed=2), deeper, x)


@pytest.mark.parametrize(
    ("started", "other"),
    [
        (lambda: net(16), lambda: net(16, "linear")),  # a linear layer's dims have no places
        (lambda: net(16), lambda: net(16, "patches")),
        (lambda: net(16, "linear"), lambda: net(16)),
        (lambda: net(16, "patches"), lambda: net(16, "linear", side=64)),  # another window
        (lambda: RidgeAutoencoder(32, 32, 16, widths=(6, 10), blocks=1), lambda: net(16)),
    ],
)
def test_what_does_not_fit_is_refused(started, other) -> None:  # type: ignore[no-untyped-def]
    target = started()
    side = target.grid[1] * 8
    with pytest.raises(ValueError, match=r"convolutions|latent"):
        start_from(target, other(), images(side, 4))


@pytest.mark.parametrize("layer", ["grid", "patches", "linear"])
def test_growing_keeps_the_latent_vectors(layer: LatentLayer) -> None:
    other, x = net(12, layer), images(n=20)
    deeper = RidgeAutoencoder(32, 32, 12, widths=(6, 8), blocks=3, latent_layer=layer).eval()
    grow_from(deeper, other)
    torch.testing.assert_close(deeper.encode(x), other.encode(x))
    torch.testing.assert_close(deeper(x).x_hat, other(x).x_hat)
    assert len(list(deeper.parameters())) > len(list(other.parameters()))
    with pytest.raises(ValueError, match="other convolutions"):
        grow_from(RidgeAutoencoder(32, 32, 12, widths=(6, 10), blocks=3, latent_layer=layer), other)
    with pytest.raises(ValueError, match=r"other latent layers|not the entries"):
        grow_from(RidgeAutoencoder(32, 32, 11, widths=(6, 8), blocks=3, latent_layer=layer), other)
