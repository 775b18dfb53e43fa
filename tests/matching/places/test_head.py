"""The head that sees places: its layers spelt out, its sizes, its file."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch.nn import functional as F

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.saved import AutoencoderSpec, build_network
from ridgecode.errors import BadInput
from ridgecode.matching.decision_threshold import UNKNOWN
from ridgecode.matching.heads import score_pairs
from ridgecode.matching.places.first_map import FirstMap, MapShape
from ridgecode.matching.places.head import PlacesHead
from ridgecode.matching.saved_matcher import MatcherFacts, load_matcher, save_matcher

FACTS = MatcherFacts("infonce", 0.5, 0.001, "moved", "0" * 64, UNKNOWN)
SPECS = [
    AutoencoderSpec("ridge", "crop32", 20, "mse", width=8),
    AutoencoderSpec("ridge", "whole", 300, "mse", width=8, latent_layer="grid"),
    AutoencoderSpec("ridge", "whole", 90, "mse", width=8, latent_layer="patches"),
    AutoencoderSpec("resnet18", "crop32", 16, "bce"),
]


def trained_a_little(head: PlacesHead) -> PlacesHead:
    """With weights and running statistics that differ from those at the start."""
    for parameter in head.parameters():
        if parameter.requires_grad:
            parameter.data += 0.02 * torch.randn_like(parameter)
    head.train().embed(torch.randn(32, head.latent_dim))
    return head.eval()


@pytest.fixture(params=SPECS, ids=lambda spec: f"{spec.backbone}-{spec.view}-{spec.latent_layer}")
def head(request: pytest.FixtureRequest) -> PlacesHead:
    torch.manual_seed(0)
    return trained_a_little(PlacesHead(FirstMap.of(build_network(request.param)), 24))


def by_hand(head: PlacesHead, z: torch.Tensor) -> torch.Tensor:
    """The template by plain functions on the weights of the head's file."""
    w = head.state_dict()

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        mean, var = w[f"{name}.running_mean"], w[f"{name}.running_var"]
        scaled = (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
        return scaled * w[f"{name}.weight"][:, None, None] + w[f"{name}.bias"][:, None, None]

    x, layer = head.first_map(z), 0
    while True:
        name = f"places.{layer}"
        if f"{name}.conv1.weight" in w:
            inner = F.conv2d(norm(x, f"{name}.bn1").clamp(min=0), w[f"{name}.conv1.weight"], padding=1)
            x = x + F.conv2d(norm(inner, f"{name}.bn2").clamp(min=0), w[f"{name}.conv2.weight"], padding=1)
        elif f"{name}.running_mean" in w:
            x = norm(x, name).clamp(min=0).flatten(1)
            break
        else:
            x = F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], stride=w[f"{name}.weight"].shape[2])
        layer += 1
    template = x @ w["template.weight"].T + w["template.bias"]
    return template / template.square().sum(1, keepdim=True).sqrt()


def test_a_template_is_the_network_spelt_out(head: PlacesHead) -> None:
    z = torch.randn(5, head.latent_dim)
    with torch.no_grad():
        torch.testing.assert_close(head.embed(z), by_hand(head, z), atol=1e-5, rtol=1e-4)


def test_scores_are_cosines(head: PlacesHead) -> None:
    z1, z2 = torch.randn(2, 6, head.latent_dim)
    with torch.no_grad():
        e1, e2 = head.embed(z1), head.embed(z2)
        cosines = F.cosine_similarity(by_hand(head, z1), by_hand(head, z2))
        torch.testing.assert_close(head(z1, z2), cosines, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(head.score_all(e1, e2).diagonal(), cosines, atol=1e-4, rtol=1e-4)
        distances = torch.linalg.vector_norm(e1 - e2, dim=1)
        torch.testing.assert_close(head.distance(e1, e2), distances, atol=1e-5, rtol=1e-4)
        assert torch.equal(head.logit(cosines).argsort(), cosines.argsort())
    rows = np.arange(6)
    scored = score_pairs(head, z1, z2, rows, rows)
    np.testing.assert_allclose(scored, cosines.numpy(), atol=1e-4)


@pytest.mark.parametrize(
    ("rows", "columns", "channels"), [(12, 12, 256), (4, 4, 256), (2, 2, 256), (6, 6, 256), (7, 5, 256), (24, 24, 256)]
)
def test_any_map_is_brought_to_four_places_a_side_or_fewer(rows: int, columns: int, channels: int) -> None:
    head = PlacesHead(FirstMap(MapShape(10, 3, rows, columns)), 16).eval()
    side = head.template.in_features / channels
    assert 1 <= side <= 16
    assert head.embed(torch.randn(2, 10)).shape == (2, 16)


def test_every_place_counts() -> None:
    """A map with odd sides is padded: no row or column is left out."""
    torch.manual_seed(0)
    head = trained_a_little(PlacesHead(FirstMap(MapShape(49, 1, 7, 7)), 16))
    head.first_map.layer.weight.copy_(torch.eye(49))
    z = torch.randn(1, 49).requires_grad_()
    head.embed(z).square().sum(1).backward()  # of length 1, so its slope tells nothing
    z = torch.randn(1, 49).requires_grad_()
    head.embed(z)[0, 0].backward()
    assert (z.grad != 0).all()


def test_only_the_places_are_trained(head: PlacesHead) -> None:
    before = {name: one.clone() for name, one in head.state_dict().items()}
    optimiser = torch.optim.AdamW(head.parameters(), lr=0.1, weight_decay=0.1)
    head.train().embed(torch.randn(8, head.latent_dim))[:, 0].sum().backward()
    optimiser.step()
    after = head.state_dict()
    for name, value in before.items():
        if name.startswith("first_map"):
            assert torch.equal(after[name], value)
    assert not torch.equal(after["template.weight"], before["template.weight"])


@pytest.mark.parametrize("half", [False, True])
def test_its_file_stands_alone(head: PlacesHead, tmp_path: Path, half: bool) -> None:
    file = tmp_path / "head.safetensors"
    save_matcher(file, head, FACTS, half)
    saved = load_matcher(file)
    assert saved.facts == FACTS
    assert isinstance(saved.head, PlacesHead) and not saved.head.training
    z = torch.randn(4, head.latent_dim)
    with torch.no_grad():
        ours, theirs = head.embed(z), saved.head.embed(z)
    assert torch.equal(ours, theirs) is not half
    torch.testing.assert_close(ours, theirs, atol=5e-3, rtol=0)
    with safe_open(file, framework="pt") as content:
        kinds = {content.get_tensor(name).dtype for name in content.keys()}  # noqa: SIM118 - not a dict
    assert (torch.float16 in kinds) is half


def test_the_file_for_the_largest_pretrained_grid_is_below_5_mb(tmp_path: Path) -> None:
    head = PlacesHead(FirstMap.of(Autoencoder.load("ridge-whole-1024").net))
    save_matcher(tmp_path / "head.safetensors", head, FACTS, half=True)
    assert (tmp_path / "head.safetensors").stat().st_size < 5_000_000


@pytest.mark.parametrize("broken", [{"template_dim": 25}, {"map": {"latent_dim": 3}}, {"kind": "other"}])
def test_a_damaged_file_is_refused(tmp_path: Path, broken: dict[str, object]) -> None:
    head = PlacesHead(FirstMap(MapShape(10, 3, 4, 4)), 16)
    file = tmp_path / "head.safetensors"
    head.sizes = lambda: json.loads(json.dumps(PlacesHead.sizes(head) | broken))  # type: ignore[method-assign]
    save_matcher(file, head, FACTS)
    with pytest.raises(BadInput, match="header and weights disagree"):
        load_matcher(file)
