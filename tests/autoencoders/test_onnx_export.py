"""ONNX files: onnxruntime computes what torch does, at any batch size; a file that does not is refused."""

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from ridgecode import Autoencoder
from ridgecode.autoencoders import onnx_export
from ridgecode.autoencoders.pca import PCA
from ridgecode.autoencoders.saved import AutoencoderSpec, SavedAutoencoder, build_network
from ridgecode.errors import BadInput
from support.full_models import full_network


def model(backbone: Any, distortion: Any = "mse", latent_layer: Any = "linear") -> Autoencoder:
    """An untrained network on 32x32 windows, with running statistics that no fresh one has."""
    torch.manual_seed(0)
    x = torch.rand(20, 1, 32, 32)
    spec = AutoencoderSpec(backbone, "crop32", 6, distortion, latent_layer=latent_layer)
    net = PCA.fit(x, 6) if backbone == "pca" else build_network(spec)
    net(x)
    net.eval().requires_grad_(False)
    return Autoencoder(SavedAutoencoder(net, spec, torch.zeros(6), torch.ones(6), ""))


@pytest.mark.parametrize(
    ("backbone", "distortion", "latent_layer"),
    [
        ("ridge", "mse", "grid"),
        ("ridge", "mse", "patches"),
        ("ridge", "mse", "linear"),
        ("pca", "mse", "linear"),
        ("resnet18", "bce", "linear"),
    ],
)
def test_onnxruntime_computes_what_torch_does(
    tmp_path: Path, backbone: str, distortion: str, latent_layer: str
) -> None:
    exported = model(backbone, distortion, latent_layer)
    files = exported.export_onnx(tmp_path / "onnx")
    assert sorted(path.name for path in (tmp_path / "onnx").iterdir()) == ["decoder.onnx", "encoder.onnx"]
    encoder, decoder = (onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"]) for file in files)
    for n in (1, 2, 3, 7):
        x = torch.rand(n, 1, 32, 32)
        with torch.no_grad():
            z = exported.net.encode(x)
            x_hat = exported.net.decode(z)
        np.testing.assert_allclose(encoder.run(["z"], {"x": x.numpy()})[0], z, atol=1e-4)
        np.testing.assert_allclose(decoder.run(["x_hat"], {"z": z.numpy()})[0], x_hat, atol=1e-4)
    for file in files:
        onnx.checker.check_model(onnx.load(file), full_check=True)
        assert b"site-packages" not in file.read_bytes()
        assert str(Path(__file__).parents[2]).encode() not in file.read_bytes()


def test_a_file_that_computes_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left of it, and what lay there before still does."""
    exported, export = model("pca"), onnx_export.write_onnx

    def wrong(module: torch.nn.Module, file: Path, given: torch.Tensor, names: tuple[str, str], *more: Any) -> None:
        if names[0] == "z":
            module.net.mean += 0.01
        export(module, file, given, names, *more)

    monkeypatch.setattr(onnx_export, "write_onnx", wrong)
    (tmp_path / "encoder.onnx").write_bytes(b"an older one")
    with pytest.raises(BadInput, match=r"decoder\.onnx would differ from the model by 0\.0.*was not written"):
        exported.export_onnx(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["encoder.onnx"]
    assert (tmp_path / "encoder.onnx").read_bytes() == b"an older one"


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    found = builtins.__import__

    def lacking(name: str, *arguments: Any, **named: Any) -> Any:
        if name == package:
            raise ImportError(name)
        return found(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", lacking)
    with pytest.raises(BadInput, match=rf"package {package}, .*: pip install 'ridgecode\[onnx\]'"):
        model("pca").export_onnx(tmp_path / "onnx")
    assert not (tmp_path / "onnx").exists()


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "onnx").write_text("in the way")
    with pytest.raises(BadInput, match="onnx is a file; give a folder"):
        model("pca").export_onnx(tmp_path / "onnx")


def test_a_network_of_images_of_any_size_is_exported_for_any_size(tmp_path: Path) -> None:
    net = full_network()
    files = onnx_export.export_onnx(net, 64, 96, tmp_path)
    encoder, decoder = (onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"]) for file in files)
    for shape in ((1, 1, 64, 96), (2, 1, 16, 160)):
        x = torch.rand(shape)
        (z,) = encoder.run(None, {"x": x.numpy()})
        assert np.abs(z - net.encode(x).numpy()).max() < 1e-4
        (x_hat,) = decoder.run(None, {"z": z})
        assert np.abs(x_hat - net.decode(torch.from_numpy(z)).numpy()).max() < 1e-4
