"""The image Siamese networks against the write-ups' figures, and against plain versions of what they compute."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ridgecode.errors import BadInput
from ridgecode.matching.siamese.networks import (
    ContrastiveNetwork,
    L1Network,
    StripesNetwork,
    SubtractConvNetwork,
    SubtractNetwork,
)
from ridgecode.matching.siamese.systems import build_siamese, siamese_spec

ORL, SOCOFING = (112, 92), (97, 90)


def held(net: nn.Module) -> list[int]:
    """Parameters of each layer that has some, in order."""
    counts = [sum(p.numel() for p in layer.parameters(recurse=False)) for layer in net.modules()]
    return [count for count in counts if count]


def conv(n_in: int, n_out: int, size: int) -> int:
    return n_in * n_out * size * size + n_out


def dense(n_in: int, n_out: int) -> int:
    return n_in * n_out + n_out


def test_l1_has_the_published_parameters() -> None:
    spec = siamese_spec("l1", "published", SOCOFING)
    net = build_siamese(spec)
    assert spec.input == "100x100x3"
    assert held(net) == [19_264, 401_536, 262_272, 524_544, 37_752_832, 4_097]
    assert sum(p.numel() for p in net.parameters()) == 38_964_545
    ours = build_siamese(siamese_spec("l1", "published", SOCOFING, channels=1))
    assert held(ours)[0] == conv(1, 64, 10)


def test_other_systems_have_the_layers_of_their_write_ups() -> None:
    b = [conv(1, 32, 3), conv(32, 64, 3)]
    assert held(build_siamese(siamese_spec("subtract", "published", SOCOFING))) == [
        *b,
        dense(22 * 22 * 64, 128),
        dense(128, 1),
    ]
    older = [*b, conv(64, 64, 3), dense(11 * 11 * 64, 128), dense(128, 1)]
    assert held(build_siamese(siamese_spec("subtract-conv", "published", SOCOFING))) == older
    c = [dense(160 * 160, 128), dense(128, 128), dense(128, 128)]
    assert held(build_siamese(siamese_spec("stripes", "published", (160, 160)))) == c
    d = [conv(1, 6, 3), conv(6, 12, 3), dense(12 * 12 * 10, 128), dense(128, 50)]
    spec = siamese_spec("contrastive", "published", ORL)
    assert (spec.height, spec.width) == (56, 46)
    assert held(build_siamese(spec)) == d


def test_subtract_is_the_dense_layer_on_the_difference_of_maps() -> None:
    torch.manual_seed(0)
    net = SubtractNetwork(17, 14)
    nn.init.normal_(net.dense.bias)
    x1, x2 = torch.rand(2, 5, 1, 17, 14)

    def branch(x: Tensor) -> Tensor:
        for layer in (net.branch[0], net.branch[3]):
            x = F.max_pool2d(F.relu(layer(x)), 2)  # in the write-up's order
        return x.flatten(1)

    difference = branch(x1) - branch(x2)
    wanted = net.out(F.relu(net.dense(difference))).squeeze(1)
    assert net.score(net.embed(x1), net.embed(x2)).tolist() == pytest.approx(wanted.tolist(), abs=1e-5)


def test_subtract_conv_is_a_convolution_on_the_difference_of_maps() -> None:
    torch.manual_seed(0)
    net = SubtractConvNetwork(16, 24)
    nn.init.normal_(net.difference.bias)
    x1, x2 = torch.rand(2, 3, 1, 16, 24)
    read = F.max_pool2d(F.relu(net.difference(net.branch(x1) - net.branch(x2))), 2).flatten(1)
    wanted = net.out(F.relu(net.dense(read))).squeeze(1)
    assert net.score(net.embed(x1), net.embed(x2)).tolist() == pytest.approx(wanted.tolist(), abs=1e-5)


def test_distances_and_the_weighted_l1() -> None:
    torch.manual_seed(0)
    e1, e2 = torch.rand(2, 4, 50)
    distance = (e1 - e2).pow(2).sum(1).sqrt()
    assert ContrastiveNetwork(20, 20).score(e1, e2).tolist() == pytest.approx((-distance).tolist())
    assert StripesNetwork(8, 8).score(e1, e1).abs().max() < 1e-3
    net = L1Network(58, 58, 1)
    e1, e2 = torch.rand(2, 4, 4096)
    wanted = (e1 - e2).abs() @ net.out.weight[0] + net.out.bias
    assert net.score(e1, e2).tolist() == pytest.approx(wanted.tolist(), abs=1e-5)


def test_weights_are_initialised_as_in_keras() -> None:
    torch.manual_seed(0)
    net = ContrastiveNetwork()
    first = net.branch[0]
    limit = (6 / (9 * 1 + 9 * 6)) ** 0.5
    assert first.weight.abs().max() <= limit
    assert first.weight.abs().max() > 0.8 * limit
    assert all(not p.detach().any() for name, p in net.named_parameters() if name.endswith("bias"))


@pytest.mark.parametrize(("system", "size"), [("subtract", 3), ("subtract-conv", 7), ("contrastive", 9), ("l1", 57)])
def test_too_small_images_are_refused(system: str, size: int) -> None:
    with pytest.raises(BadInput, match=f"{size}x{size} pixels is too small .* of {size + 1} or more"):
        build_siamese(siamese_spec(system, "published", (90, 90), size, size))
