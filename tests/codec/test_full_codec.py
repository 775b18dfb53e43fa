"""Images of any size to files and back, by a small network without training."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridgecode.autoencoders.saved import load_autoencoder
from ridgecode.codec.codec import Codec
from ridgecode.codec.full_codec import FullCodec, codable_size
from ridgecode.codec.full_size import FullSize
from ridgecode.codec.ridge_file import RidgeFile
from ridgecode.errors import BadInput
from ridgecode.prints.canonical import resized
from support.full_models import saved_full_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved_full_model(tmp_path_factory.mktemp("full") / "model.safetensors")


@pytest.fixture(scope="module")
def codec(model: Path) -> FullCodec:
    return FullCodec.load(model)


def _image(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


@settings(max_examples=10)
@given(st.integers(64, 200), st.integers(64, 200), st.sampled_from([250.0, 300.0, 500.0, 508.0, 1000.0]))
def test_an_image_comes_back_at_its_own_size(codec: FullCodec, height: int, width: int, ppi: float) -> None:
    (data,) = codec.encode(_image(height, width), ppi)
    assert RidgeFile(data, Path("x.ridge")).size(0) == FullSize(height, width, ppi)
    (image,) = codec.decode([data])
    assert image.shape == (height, width) and image.dtype == np.uint8


def test_the_image_is_what_the_network_draws_of_the_rounded_map(model: Path, codec: FullCodec) -> None:
    """Step by step with the network itself, of a size that needs no padding, tiles or resampling."""
    import torch

    from ridgecode.codec.full_context import load_full_context

    saved = load_autoencoder(model)
    image = _image(96, 128)
    z = saved.net.encode(torch.from_numpy(image).float()[None, None] / 255)
    context = load_full_context(saved.codec).eval()
    drawn = saved.net.decode(context(z).z_hat)[0, 0].detach().numpy() * 255
    (back,) = codec.decode(codec.encode(image))
    # Coding rounds the networks of the context to fixed point, so a few values are rounded to a neighbour.
    assert np.abs(drawn - back).mean() < 2
    assert np.abs(drawn - back).mean() < 0.1 * np.abs(drawn - image).mean()


@pytest.mark.parametrize("ppi", [250.0, 1000.0])
def test_far_resolutions_are_coded_at_500(codec: FullCodec, ppi: float) -> None:
    image = _image(240, 160)
    scaled = resized(image, round(240 * 500 / ppi), round(160 * 500 / ppi))
    payload = codec.payload(image, FullSize(240, 160, ppi))
    assert payload == codec.payload(scaled, FullSize(*scaled.shape, 500.0))
    drawn = codec.image(payload, FullSize(*scaled.shape, 500.0))
    assert np.array_equal(codec.image(payload, FullSize(240, 160, ppi)), resized(drawn, 240, 160))


def test_near_resolutions_are_coded_as_they_are(codec: FullCodec) -> None:
    image = _image(80, 80)
    assert codec.payload(image, FullSize(80, 80, 569.0)) == codec.payload(image, FullSize(80, 80, 500.0))


@pytest.mark.parametrize(
    ("image", "ppi", "sentence"),
    [
        (np.zeros((63, 80), np.uint8), 500.0, "80x63 pixels"),
        (np.zeros((64, 4097), np.uint8), 500.0, "4097x64 pixels"),
        (np.zeros((64, 64), np.float32), 500.0, "float32"),
        (np.zeros((64, 64, 3), np.uint8), 500.0, r"\(64, 64, 3\)"),
        (np.zeros((64, 64), np.uint8), 5000.0, "6x6 at 500"),
        (np.zeros((4000, 64), np.uint8), 100.0, "320x20000 at 500"),
    ],
)
def test_what_can_not_be_coded_is_refused(codec: FullCodec, image: np.ndarray, ppi: float, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        codec.encode([image], ppi)


def test_the_smallest_and_a_large_image_are_taken() -> None:
    assert codable_size(np.zeros((64, 64), np.uint8), 500.0) == FullSize(64, 64, 500.0)
    assert codable_size(np.zeros((4096, 4096), np.uint8), 1000.0) == FullSize(4096, 4096, 1000.0)


def test_codec_load_gives_it_for_such_a_model(model: Path) -> None:
    codec = Codec.load(model)
    assert isinstance(codec, FullCodec)
    images = [_image(64, 100), _image(90, 70)]
    back = codec.decode(codec.encode(images))
    assert [one.shape for one in back] == [(64, 100), (90, 70)]


def test_files_of_other_models_and_damaged_ones_are_refused(
    codec: FullCodec, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = FullCodec.load(saved_full_model(tmp_path_factory.mktemp("other") / "model.safetensors", seed=1))
    (data,) = other.encode(_image(64, 64))
    with pytest.raises(BadInput, match="another model"):
        codec.decode([data])
    with pytest.raises(BadInput, match="cut off"):
        other.decode([data[:-3]])
    with pytest.raises(BadInput, match="list"):
        codec.decode(data)  # type: ignore[arg-type]
