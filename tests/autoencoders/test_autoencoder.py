"""`Autoencoder`: shapes and kinds in and out, the network's own numbers, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.autoencoders.autoencoder import BATCH, Autoencoder
from ridgecode.autoencoders.saved import AutoencoderSpec, build_network, load_autoencoder, save_autoencoder
from ridgecode.errors import BadInput

DIMS = 5


@pytest.fixture(scope="module", params=["crop32", "whole"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    spec = AutoencoderSpec("ridge", request.param, DIMS, "mse")
    net = build_network(spec)
    net(torch.rand(4, 1, spec.window.height, spec.window.width))  # running statistics that no fresh network has
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    save_autoencoder(path, net, spec, torch.arange(float(DIMS)), torch.ones(DIMS))
    return path


@pytest.fixture(scope="module")
def model(file: Path) -> Autoencoder:
    return Autoencoder.load(file)


@pytest.fixture(scope="module")
def crop(tmp_path_factory: pytest.TempPathFactory) -> Autoencoder:
    """PCA of centre crops, which is quick."""
    spec = AutoencoderSpec("pca", "crop32", DIMS, "mse")
    net = build_network(spec)
    net.load_state_dict({name: torch.rand_like(value) / 50 for name, value in net.state_dict().items()})
    path = tmp_path_factory.mktemp("crop") / "model.safetensors"
    save_autoencoder(path, net, spec, torch.zeros(DIMS), torch.ones(DIMS))
    return Autoencoder.load(path)


def prints(n: int = 3, height: int = 97, width: int = 90) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, height, width), np.uint8)


def test_what_a_model_tells(model: Autoencoder, file: Path) -> None:
    saved = load_autoencoder(file)
    assert model.spec == saved.spec
    assert model.view is saved.spec.window
    assert model.latent_dim == DIMS
    assert torch.equal(model.latent_mean, saved.latent_mean)
    assert torch.equal(model.latent_std, saved.latent_std)
    assert repr(model) == f"Autoencoder(ridge, {model.view.name}, 5 dims, cpu)"


def test_the_networks_own_numbers(model: Autoencoder) -> None:
    """But for a rounding, since the network that encodes is a faster copy."""
    x = prints()
    window = torch.from_numpy(model.view.take(x)).unsqueeze(1) / 255
    with torch.no_grad():
        z = model.net.encode(window)
        x_hat = model.net.decode(z)[:, 0].numpy()
    for given_ in (x, x / 255, x.astype(np.float32) / 255, torch.from_numpy(x), torch.from_numpy(x) / 255, window):
        np.testing.assert_allclose(np.asarray(model.encode(given_)), z.numpy(), atol=1e-5)
    np.testing.assert_allclose(model.encode(x[0]), z[0].numpy(), atol=1e-5)
    np.testing.assert_allclose(model.decode(z.numpy(), window=True), x_hat, atol=1e-5)
    np.testing.assert_allclose(model.decode(z.numpy()), model.view.restore(x_hat), atol=1e-5)


def test_no_prints_give_no_vectors(model: Autoencoder) -> None:
    z = model.encode(prints(0))
    assert z.shape == (0, DIMS)
    assert len(model.decode(z)) == 0


def test_a_copy_for_inference_gives_equal_numbers(model: Autoencoder) -> None:
    x, before = prints(), {name: value.clone() for name, value in model.net.state_dict().items()}
    net, fast = model.net, model.for_inference()
    z = model.encode(x)
    np.testing.assert_array_equal(fast.encode(x), z)
    np.testing.assert_array_equal(fast.decode(z), model.decode(z))
    np.testing.assert_array_equal(fast.target(x), model.target(x))
    assert (fast.spec, fast.view, fast.latent_dim) == (model.spec, model.view, model.latent_dim)
    assert fast.saved.sha256 == model.saved.sha256
    assert torch.equal(fast.latent_mean, model.latent_mean) and torch.equal(fast.latent_std, model.latent_std)
    # The network that its owner may go on to train is neither changed nor replaced.
    assert model.net is net is model.saved.net and fast.net is not net
    assert net.state_dict().keys() == before.keys()
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name])
    assert fast.for_inference().net is fast.net


def test_a_round_trip_lies_on_the_print(model: Autoencoder) -> None:
    x = prints()
    x_hat, truth = model.decode(model.encode(x)), model.target(x)
    assert x_hat.shape == truth.shape == ((3, 97, 90) if model.view.name == "whole" else (3, 32, 32))
    assert x_hat.dtype == truth.dtype == np.float32
    assert x_hat.min() >= 0 and x_hat.max() <= 1
    np.testing.assert_array_equal(truth, np.divide(model.view.target(x), 255, dtype=np.float32))
    if model.view.name == "whole":
        np.testing.assert_array_equal(truth, np.divide(x, 255, dtype=np.float32))


@given(
    n=st.none() | st.integers(0, 4),
    channel=st.booleans(),
    kind=st.sampled_from([np.uint8, np.float16, np.float32, np.float64, ">f4"]),
    as_tensor=st.booleans(),
    sides=st.sampled_from([(32, 32), (97, 90), (33, 40), (103, 96), (20, 50)]),
)
def test_shapes_and_kinds(
    crop: Autoencoder, n: int | None, channel: bool, kind: Any, as_tensor: bool, sides: tuple[int, int]
) -> None:
    x = prints(n or 1, *sides) if n != 0 else prints(0, *sides)
    wanted = crop.encode(x)
    given_: Any = x if kind is np.uint8 else (x / 255).astype(kind)
    if n is None:
        given_ = given_[0]
        wanted = wanted[0]
    elif channel:
        given_ = given_[:, None]
    if as_tensor:
        given_ = torch.from_numpy(given_.astype(np.dtype(kind).newbyteorder("=")))
    z = crop.encode(given_)
    assert type(z) is type(given_)
    assert tuple(z.shape) == ((DIMS,) if n is None else (n, DIMS))
    assert z.dtype == (torch.float32 if as_tensor else np.float32)
    np.testing.assert_allclose(np.asarray(z), wanted, atol=2e-3 if kind is np.float16 else 1e-5)
    x_hat = crop.decode(z)
    assert type(x_hat) is type(given_)
    assert tuple(x_hat.shape) == ((32, 32) if n is None else (n, 32, 32))


def test_more_prints_than_a_batch(crop: Autoencoder) -> None:
    x = prints(2 * BATCH + 3, 32, 32)
    alone = np.stack([crop.encode(one) for one in x])
    np.testing.assert_allclose(crop.encode(x), alone, atol=1e-5)
    np.testing.assert_allclose(crop.decode(alone), np.stack([crop.decode(one) for one in alone]), atol=1e-5)


def test_arrays_that_torch_cannot_share(crop: Autoencoder) -> None:
    x = prints(4)
    frozen = x.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(crop.encode(frozen), crop.encode(x))
    np.testing.assert_array_equal(crop.encode(x[::-1, :, ::-1]), crop.encode(x[::-1, :, ::-1].copy()))
    assert np.array_equal(x, prints(4))


def test_gradients_are_those_of_the_network(model: Autoencoder) -> None:
    x = torch.rand(2, 97, 90, requires_grad=True)
    model.decode(model.encode(x)).square().sum().backward()
    found, x.grad = x.grad, None
    window = model.view.take(x)[:, None]
    model.view.restore(model.net.decode(model.net.encode(window))[:, 0]).square().sum().backward()
    assert found is not None and x.grad is not None and float(x.grad.abs().max()) > 0
    torch.testing.assert_close(found, x.grad, atol=1e-5, rtol=1e-4)


def test_gradients_only_where_asked_for(crop: Autoencoder) -> None:
    x = torch.rand(2, 40, 40)
    assert not crop.encode(x).requires_grad
    x.requires_grad_()
    z = crop.encode(x)
    crop.decode(z).sum().backward()
    assert x.grad is not None
    assert float(x.grad[:, 4:36, 4:36].abs().min()) > 0
    assert float(x.grad[:, :4].abs().max()) == 0
    with torch.no_grad():
        assert not crop.encode(x).requires_grad


def test_the_older_name_of_target() -> None:
    assert Autoencoder.kept is Autoencoder.target


def test_a_rounding_beyond_the_range(crop: Autoencoder) -> None:
    assert np.isfinite(crop.encode(np.full((40, 40), 1 + 1e-6))).all()
    assert np.isfinite(crop.encode(np.full((40, 40), -1e-6))).all()


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (np.zeros(32, np.uint8), "x has the shape (32,)"),
        (np.zeros((2, 3, 32, 32), np.uint8), "x has the shape (2, 3, 32, 32)"),
        (np.zeros((1, 1, 1, 32, 32), np.uint8), "x has the shape"),
        (np.zeros((2, 0, 32), np.uint8), "x has the shape (2, 0, 32)"),
        (np.zeros((32, 32), np.int64), "x is int64; give uint8"),
        (np.zeros((32, 32), bool), "x is bool; give uint8"),
        (np.zeros((32, 32), np.complex64), "x is complex64; give uint8"),
        (np.zeros((32, 32), object), "x is object; give uint8"),
        (np.full((32, 32), 255.0), "ranges from 255 to 255, but floats are grey values in [0, 1]; divide by 255"),
        (np.full((32, 32), 1.01), "ranges from 1.01 to 1.01"),
        (np.full((32, 32), -0.5), "ranges from -0.5 to -0.5"),
        (np.full((32, 32), np.inf), "ranges from inf to inf"),
        (np.full((32, 32), np.nan), "x holds NaN"),
        (torch.full((32, 32), torch.nan), "x holds NaN"),
        ([[0.0]], "x is a list; give a NumPy array or a torch tensor"),
    ],
)
def test_prints_that_are_refused(crop: Autoencoder, x: Any, said: str) -> None:
    for call in (crop.encode, crop.kept):
        with pytest.raises(BadInput) as raised:
            call(x)
        assert said in str(raised.value)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("z", "said"),
    [
        (np.zeros((2, 6), np.float32), "z has the shape (2, 6); give (5,) or (N, 5)"),
        (np.zeros((1, 1, 5), np.float32), "z has the shape (1, 1, 5)"),
        (torch.zeros(()), "z has the shape ()"),
        (np.zeros(5, np.int64), "z is int64; give floats"),
        (np.zeros(5, object), "z is object; give floats"),
        (np.full(5, np.nan), "z holds NaN or infinite"),
        (torch.full((2, 5), torch.inf), "z holds NaN or infinite"),
        ("z", "z is a str; give a NumPy array"),
    ],
)
def test_latent_vectors_that_are_refused(crop: Autoencoder, z: Any, said: str) -> None:
    with pytest.raises(BadInput) as raised:
        crop.decode(z)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("device", ["cuda:99", "gpu"])
def test_a_device_that_is_not_there(file: Path, device: str) -> None:
    with pytest.raises(BadInput, match=f"the device {device} is not there"):
        Autoencoder.load(file, device)
