"""The frozen start of a decoder, against the first thing that the decoder itself computes."""

import pytest
import torch
from torch import Tensor, nn

from ridgecode.autoencoders.pca import PCA
from ridgecode.autoencoders.saved import AutoencoderSpec, build_network
from ridgecode.errors import BadInput
from ridgecode.matching.places.first_map import FirstMap, has_first_map

SPECS = [
    AutoencoderSpec("ridge", "crop32", 20, "mse", width=8),  # a linear layer
    AutoencoderSpec("ridge", "crop32", 20, "mse", width=8, latent_layer="grid"),
    AutoencoderSpec("ridge", "crop32", 20, "mse", width=8, latent_layer="patches"),
    AutoencoderSpec("ridge", "whole", 300, "mse", width=8, latent_layer="grid"),
    AutoencoderSpec("ridge", "whole", 30, "mse", width=8),
    AutoencoderSpec("ridge", "crop32", 20, "mse", width=8, seed_size=2),
    AutoencoderSpec("resnet18", "crop32", 16, "bce"),
]


def read_by_the_decoder(net: nn.Module, z: Tensor) -> Tensor:
    """What enters the decoder's first block, before it is enlarged."""
    seen: list[Tensor] = []
    stretch = net.decoder.stretch if hasattr(net, "fc") else net.stretch
    first = net.decoder[0] if isinstance(stretch, nn.Identity) else stretch
    with first.register_forward_pre_hook(lambda module, given: seen.append(given[0])):
        net.decode(z)
    return seen[0]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.backbone}-{spec.view}-{spec.latent_layer}")
def test_the_map_is_the_decoders_own(spec: AutoencoderSpec) -> None:
    torch.manual_seed(0)
    net = build_network(spec).eval()
    z = torch.randn(3, spec.latent_dim)
    with torch.no_grad():
        first = FirstMap.of(net)
        assert torch.equal(first(z), read_by_the_decoder(net, z))
        empty = FirstMap.empty(first.shape, first.state_dict().get("layer.source"))
        empty.load_state_dict(first.state_dict())
        assert torch.equal(empty(z), first(z))
    assert has_first_map(net)
    assert not any(parameter.requires_grad for parameter in first.parameters())


def test_it_is_a_copy() -> None:
    net = build_network(SPECS[1])
    first = FirstMap.of(net)
    before = first(torch.ones(1, 20))
    nn.init.zeros_(net.from_latent.write.weight)
    assert torch.equal(first(torch.ones(1, 20)), before)


def test_a_pca_has_none() -> None:
    net = PCA(32, 32, 4)
    assert not has_first_map(net)
    with pytest.raises(BadInput, match="give --head mlp"):
        FirstMap.of(net)
