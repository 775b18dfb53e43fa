"""Saved autoencoders: what comes back, and what is refused."""

import hashlib
import json
import pickle
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from ridgecode.autoencoders.pca import PCA
from ridgecode.autoencoders.saved import (
    AutoencoderSpec,
    Network,
    build_network,
    latent_scale,
    load_autoencoder,
    save_autoencoder,
)
from ridgecode.errors import BadInput

SPEC = AutoencoderSpec("ridge", "crop32", 4, "mse")
HEADER = {"format": "ridgecode-autoencoder", "version": "1", "spec": json.dumps(asdict(SPEC))}


def drawn(spec: AutoencoderSpec) -> Network:
    """A network with weights and batch-norm statistics that no fresh one has."""
    torch.manual_seed(1)
    side = spec.window.height
    if spec.backbone == "pca":
        return PCA.fit(torch.rand(20, 1, side, side), spec.latent_dim)
    net = build_network(spec)
    net(torch.rand(4, 1, side, side))
    return net.eval()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "run/model.safetensors"
    save_autoencoder(path, drawn(SPEC), SPEC, torch.arange(4.0), torch.ones(4))
    return path


@pytest.mark.parametrize("view", ["crop32", "whole"])
@pytest.mark.parametrize(
    ("backbone", "distortion"), [("pca", "mse"), ("ridge", "mse"), ("ridge", "bce+l1"), ("resnet18", "bce")]
)
def test_round_trip(tmp_path: Path, backbone: Any, view: Any, distortion: Any) -> None:
    spec = AutoencoderSpec(backbone, view, 5, distortion)
    net, mean, std = drawn(spec), torch.randn(5), torch.rand(5)
    path = tmp_path / "model.safetensors"
    save_autoencoder(path, net, spec, mean, std)
    for place in (path, str(path), tmp_path):
        found = load_autoencoder(place)
        assert found.spec == spec
        assert torch.equal(found.latent_mean, mean)
        assert torch.equal(found.latent_std, std)
        assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    x = torch.rand(2, 1, spec.window.height, spec.window.width)
    with torch.no_grad():
        before, after = net(x), found.net(x)
    assert torch.equal(before.z, after.z)
    assert torch.equal(before.x_hat, after.x_hat)
    assert found.net.logits is ("bce" in distortion)
    assert not found.net.training
    assert not any(parameter.requires_grad for parameter in found.net.parameters())


@pytest.mark.parametrize(
    ("backbone", "more"),
    [
        ("ridge", {"pooling": "mean", "seed_size": 2}),
        ("resnet18", {"pooling": "none", "seed_size": 2, "first_conv": True}),
        ("resnet18", {"maxpool1": True}),
    ],
)
def test_round_trip_of_another_body(tmp_path: Path, backbone: Any, more: dict[str, Any]) -> None:
    spec = AutoencoderSpec(backbone, "crop32", 5, "mse", **more)
    net = drawn(spec)
    save_autoencoder(tmp_path / "model.safetensors", net, spec, torch.zeros(5), torch.ones(5))
    found = load_autoencoder(tmp_path)
    assert found.spec == spec
    x = torch.rand(2, 1, 32, 32)
    with torch.no_grad():
        assert torch.equal(found.net(x).x_hat, net(x).x_hat)


def test_the_task_comes_back(tmp_path: Path) -> None:
    spec = AutoencoderSpec("ridge", "crop32", 4, "mse", "repair")
    save_autoencoder(tmp_path / "model.safetensors", drawn(spec), spec, torch.zeros(4), torch.ones(4))
    assert load_autoencoder(tmp_path).spec == spec


def test_a_file_that_tells_no_task_is_of_reconstruction(saved: Path) -> None:
    """Files were written so before there was another task or body, and still are."""
    with safe_open(saved, framework="pt") as content:
        told = json.loads(content.metadata()["spec"])
    assert told == {"backbone": "ridge", "view": "crop32", "latent_dim": 4, "distortion": "mse"}
    assert load_autoencoder(saved).spec.task == "reconstruct"


def test_resnet50_round_trip(tmp_path: Path) -> None:
    spec = AutoencoderSpec("resnet50", "crop32", 3, "mse")
    net = drawn(spec)
    save_autoencoder(tmp_path / "model.safetensors", net, spec, torch.zeros(3), torch.ones(3))
    x = torch.rand(1, 1, 32, 32)
    with torch.no_grad():
        assert torch.equal(load_autoencoder(tmp_path).net(x).x_hat, net(x).x_hat)


def test_channels_last_weights_come_back_the_same(tmp_path: Path) -> None:
    net = drawn(SPEC)
    x = torch.rand(2, 1, 32, 32)
    with torch.no_grad():
        before = net(x).x_hat
    save_autoencoder(tmp_path / "a", net.to(memory_format=torch.channels_last), SPEC, torch.zeros(4), torch.ones(4))
    torch.testing.assert_close(load_autoencoder(tmp_path / "a").net(x).x_hat, before, atol=1e-6, rtol=1e-5)


def test_equal_models_are_equal_files(tmp_path: Path) -> None:
    net = drawn(SPEC)
    files = set()
    for number in range(8):
        save_autoencoder(tmp_path / str(number), net, SPEC, torch.zeros(4), torch.ones(4))
        files.add((tmp_path / str(number)).read_bytes())
    assert len(files) == 1


def test_saving_again_replaces_the_file(saved: Path) -> None:
    other = AutoencoderSpec("ridge", "crop32", 2, "l1")
    save_autoencoder(saved, drawn(other), other, torch.zeros(2), torch.ones(2))
    assert load_autoencoder(saved).spec == other
    assert [path.name for path in saved.parent.iterdir()] == ["model.safetensors"]


def refused(path: Path, why: str) -> None:
    with pytest.raises(BadInput, match=why) as raised:
        load_autoencoder(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_missing(tmp_path: Path) -> None:
    refused(tmp_path / "model.safetensors", "does not exist")
    refused(tmp_path, "does not exist")


@pytest.mark.parametrize("kept", [0, 4, 100, 0.5, 0.999])
def test_half_written(saved: Path, kept: float) -> None:
    data = saved.read_bytes()
    saved.write_bytes(data[: int(kept * len(data)) if 0 < kept < 1 else int(kept)])
    refused(saved, "not a readable safetensors file")


def test_foreign_files(tmp_path: Path) -> None:
    text, plain, other = tmp_path / "a.txt", tmp_path / "b", tmp_path / "c"
    text.write_text("a model, says the letter")
    refused(text, "not a readable")
    save_file({"weight": torch.zeros(1)}, plain)
    refused(plain, "holds no ridgecode autoencoder")
    save_file({"weight": torch.zeros(1)}, other, metadata=HEADER | {"format": "ridgecode-matcher"})
    refused(other, "holds no ridgecode autoencoder")


@pytest.mark.parametrize("version", ["2", "0", "one"])
def test_another_version(saved: Path, version: str) -> None:
    save_file(load_file(saved), saved, metadata=HEADER | {"version": version})
    refused(saved, f"version {version};.*retrain")


@pytest.mark.parametrize(
    "change",
    [
        {"spec": "{"},
        {"spec": "[]"},
        {"spec": json.dumps({"backbone": "ridge"})},
        {"spec": json.dumps(asdict(SPEC) | {"backbone": "vit"})},
        {"spec": json.dumps(asdict(SPEC) | {"view": "crop64"})},
        {"spec": json.dumps(asdict(SPEC) | {"latent_dim": 5})},
        {"spec": json.dumps(asdict(SPEC) | {"latent_dim": 0})},
        {"spec": json.dumps(asdict(SPEC) | {"latent_dim": "4"})},
        {"spec": json.dumps(asdict(SPEC) | {"backbone": "pca"})},
        {"spec": json.dumps(asdict(SPEC) | {"task": "mend"})},
        {"spec": json.dumps(asdict(SPEC) | {"colour": "blue"})},
        {"spec": json.dumps(asdict(SPEC) | {"pooling": "mean"})},
        {"spec": json.dumps(asdict(SPEC) | {"pooling": "max"})},
        {"spec": json.dumps(asdict(SPEC) | {"seed_size": 3})},
        {"spec": json.dumps(asdict(SPEC) | {"first_conv": True})},
    ],
)
def test_header_that_tells_otherwise(saved: Path, change: dict[str, str]) -> None:
    save_file(load_file(saved), saved, metadata=HEADER | change)
    refused(saved, "does not fit its own description")


@pytest.mark.parametrize("change", ["without latent.mean", "without a weight", "with one more", "another shape"])
def test_tensors_that_do_not_fit(saved: Path, change: str) -> None:
    tensors = load_file(saved)
    if change == "without latent.mean":
        del tensors["latent.mean"]
    elif change == "without a weight":
        del tensors["to_latent.weight"]
    elif change == "with one more":
        tensors["more"] = torch.zeros(1)
    else:
        tensors["to_latent.weight"] = torch.zeros(3, 3)
    save_file(tensors, saved, metadata=HEADER)
    refused(saved, "does not fit its own description")


class Opened:
    """Unpickling makes a folder: the mark that code from a file was run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.mkdir, (self.path,)


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    pickled, torched = tmp_path / "pickled", tmp_path / "torched"
    pickled.write_bytes(pickle.dumps(Opened(mark)))
    torch.save(Opened(mark), torched)
    for path in (pickled, torched):
        refused(path, "not a readable safetensors file")
    assert not mark.exists()
    pickle.loads(pickled.read_bytes())
    assert mark.exists()  # so the trap works


def test_latent_dim_below_one() -> None:
    with pytest.raises(BadInput, match="--latent_dim is 0"):
        build_network(AutoencoderSpec("ridge", "crop32", 0, "mse"))


def test_latent_scale() -> None:
    z = torch.tensor([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0]])
    mean, std = latent_scale(z)
    torch.testing.assert_close(mean, torch.tensor([3.0, 20.0]))
    torch.testing.assert_close(std, torch.tensor([2.0, 300.0**0.5]))
    mean, std = latent_scale(z[:1])
    assert torch.equal(mean, z[0])
    assert torch.equal(std, torch.ones(2))
