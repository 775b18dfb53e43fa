"""16-bit weights: which tensors are converted, their rounding error, and float32 networks from such a file."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from ridgecode.autoencoders.half_precision import halved
from ridgecode.autoencoders.pca import PCA
from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, load_autoencoder, save_autoencoder

EPSILON, SMALLEST = 2.0**-11, 2.0**-25
"""Half a step of a float16 at 1, and half of its smallest step."""


@given(st.lists(st.floats(-65504, 65504, width=32), min_size=1, max_size=20))
def test_weights_are_rounded_to_the_nearest(values: list[float]) -> None:
    weights = torch.tensor([values])
    found = halved({"weight": weights})["weight"]
    assert found.dtype == torch.float16
    off = (found.double() - weights.double()).abs()
    assert bool((off <= EPSILON * weights.double().abs() + SMALLEST).all())


def test_tensors_of_one_axis_stay() -> None:
    """A running variance of 1e-9 or 1e6 would be 0 or infinite in 16 bits."""
    tensors = {
        "running_var": torch.tensor([1e-9, 1e6]),
        "num_batches_tracked": torch.tensor(70_000),
        "table": torch.tensor([[1, 2]]),
    }
    for name, value in halved(tensors).items():
        assert value.dtype == tensors[name].dtype
        assert torch.equal(value, tensors[name])


@pytest.mark.parametrize("value", [1e5, -1e5, float("inf"), float("nan")])
def test_weights_that_16_bits_do_not_hold(value: float) -> None:
    with pytest.raises(ValueError, match=r"fc\.weight"):
        halved({"fc.weight": torch.tensor([[value]])})


@pytest.mark.parametrize("backbone", ["ridge", "resnet18", "pca"])
def test_a_16_bit_file_gives_a_float32_network(tmp_path: Path, backbone: Any) -> None:
    torch.manual_seed(0)
    spec = AutoencoderSpec(backbone, "crop32", 6, "mse")
    x = torch.rand(12, 1, 32, 32)
    net = PCA.fit(x, 6) if backbone == "pca" else build_network(spec)
    net(x)  # running statistics that no fresh network has
    net.eval()
    files = {half: tmp_path / f"{half}.safetensors" for half in (False, True)}
    for half, file in files.items():
        save_autoencoder(file, net, spec, torch.randn(6), torch.rand(6), half=half)
    assert files[True].stat().st_size < 0.6 * files[False].stat().st_size
    assert {value.dtype for value in load_file(files[True]).values() if value.ndim > 1} == {torch.float16}

    found = load_autoencoder(files[True])
    assert found.spec == spec
    kept = net.state_dict()
    for name, value in found.net.state_dict().items():
        assert value.dtype == kept[name].dtype
        if value.ndim < 2:
            assert torch.equal(value, kept[name]), name
        else:
            torch.testing.assert_close(value, kept[name], rtol=EPSILON, atol=SMALLEST)
    assert found.latent_mean.dtype == found.latent_std.dtype == torch.float32
    with torch.no_grad():
        before, after = net.decode(net.encode(x)), found.net.decode(found.net.encode(x))
    assert after.dtype == torch.float32
    assert float((before - after).abs().max()) < 0.01
