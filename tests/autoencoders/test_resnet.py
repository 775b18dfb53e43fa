"""Our ResNet autoencoder against the real lightning-bolts 0.7.0 file, which lies apart in .peers/ (`make peers`)."""

import importlib.util
import os
import sys
import types
from pathlib import Path
from types import ModuleType

import pytest
import torch

from ridgecode.autoencoders.bolts_weights import adapt_to_one_channel, load_bolts_checkpoint
from ridgecode.autoencoders.resnet import ResNetAutoencoder

PEERS = Path(os.environ.get("RIDGECODE_PEERS", Path(__file__).parents[2] / ".peers"))


@pytest.fixture(scope="module")
def bolts() -> ModuleType:
    """bolts' components.py, loaded by its path. Its one import from bolts is a decorator, which is replaced by one that
    does nothing."""
    path = PEERS / "pl_bolts/models/autoencoders/components.py"
    if not path.is_file():
        pytest.skip("`make peers` installs lightning-bolts 0.7.0 for this comparison")
    stability = types.ModuleType("pl_bolts.utils.stability")
    stability.under_review = lambda: lambda wrapped: wrapped  # type: ignore[attr-defined]
    names = {"pl_bolts": types.ModuleType("pl_bolts"), "pl_bolts.utils": types.ModuleType("pl_bolts.utils")}
    names["pl_bolts.utils.stability"] = stability
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update(names)
    try:
        spec = importlib.util.spec_from_file_location("bolts_components", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        for name, old in before.items():
            if old is None:
                del sys.modules[name]
            else:
                sys.modules[name] = old
    return module


def bolts_state(
    bolts: ModuleType, backbone: str, side: int, latent_dim: int, first_conv: bool, maxpool1: bool
) -> tuple[torch.nn.ModuleDict, dict[str, torch.Tensor]]:
    """The three parts of bolts' `AE` as it puts them together, with batch-norm statistics that are not the initial."""
    features = 512 if backbone == "resnet18" else 2048
    parts = torch.nn.ModuleDict(
        {
            "encoder": getattr(bolts, f"{backbone}_encoder")(first_conv, maxpool1),
            "fc": torch.nn.Linear(features, latent_dim),
            "decoder": getattr(bolts, f"{backbone}_decoder")(latent_dim, side, first_conv, maxpool1),
        }
    ).eval()
    for module in parts.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.1)
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
    return parts, parts.state_dict()


@pytest.mark.parametrize("backbone", ["resnet18", "resnet50"])
@pytest.mark.parametrize("side", [32, 96])
def test_forward_equals_bolts(bolts: ModuleType, backbone: str, side: int) -> None:
    torch.manual_seed(0)
    parts, state = bolts_state(bolts, backbone, side, 16, False, False)
    ours = ResNetAutoencoder(backbone, side, 16).eval()
    ours.load_state_dict(adapt_to_one_channel(state))
    grey = torch.rand(2, 1, side, side)
    with torch.no_grad():
        z = parts["fc"](parts["encoder"](grey.expand(-1, 3, -1, -1)))
        # The adapted last convolution gives the mean of the three channels that bolts draws.
        theirs = parts["decoder"](z).mean(1, keepdim=True)
        found = ours(grey)
    # The weights are random, so outputs have no natural size: 1e-5 is meant relative to the largest.
    torch.testing.assert_close(found.z, z, atol=1e-5 * max(1.0, float(z.abs().max())), rtol=1e-5)
    torch.testing.assert_close(found.x_hat, theirs, atol=1e-5 * max(1.0, float(theirs.abs().max())), rtol=1e-5)


@pytest.mark.parametrize(("first_conv", "maxpool1"), [(True, False), (False, True), (True, True)])
def test_other_stems_equal_bolts(bolts: ModuleType, first_conv: bool, maxpool1: bool) -> None:
    torch.manual_seed(1)
    parts, state = bolts_state(bolts, "resnet18", 64, 8, first_conv, maxpool1)
    ours = ResNetAutoencoder("resnet18", 64, 8, first_conv=first_conv, maxpool1=maxpool1).eval()
    ours.load_state_dict(adapt_to_one_channel(state))
    grey = torch.rand(2, 1, 64, 64)
    with torch.no_grad():
        theirs = parts["decoder"](parts["fc"](parts["encoder"](grey.expand(-1, 3, -1, -1)))).mean(1, keepdim=True)
        torch.testing.assert_close(ours(grey).x_hat, theirs, atol=1e-5, rtol=1e-4)


def test_checkpoint_of_bolts_loads(bolts: ModuleType, tmp_path: Path) -> None:
    _, state = bolts_state(bolts, "resnet18", 32, 8, False, False)
    path = tmp_path / "epoch=96.ckpt"
    torch.save({"state_dict": state, "epoch": 96}, path)
    ours = ResNetAutoencoder("resnet18", 32, 8)
    ours.load_state_dict(load_bolts_checkpoint(path))
    assert torch.equal(ours.encoder.conv1.weight, state["encoder.conv1.weight"].sum(1, keepdim=True))


def test_size_is_that_of_the_write_up() -> None:
    net = ResNetAutoencoder("resnet18", 32, 128)
    assert round(sum(p.numel() for p in net.parameters()) / 1e6, 1) == 18.8


def test_a_side_that_is_no_multiple_of_8() -> None:
    with pytest.raises(ValueError, match="not a multiple of 8"):
        ResNetAutoencoder("resnet18", 97, 8)
