"""Names of models, and every pretrained model that comes with the package."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ridgecode import Autoencoder, Codec
from ridgecode.autoencoders.model_card import card_page, read_card
from ridgecode.autoencoders.pretrained import (
    MAX_BYTES,
    PRETRAINED,
    is_pretrained,
    model_file,
    pretrained_names,
    pretrained_path,
)
from ridgecode.autoencoders.saved import CODEC_PREFIX, AutoencoderSpec, load_autoencoder
from ridgecode.codec.full_codec import FullCodec
from ridgecode.errors import BadInput

Pretrained = Callable[..., Path]
SPEC = AutoencoderSpec("ridge", "crop32", 4, "mse")


@pytest.fixture
def two(pretrained: Pretrained) -> list[Path]:
    return [pretrained(name, SPEC) for name in ("ridge-crop32-4", "ridge-crop32-4-synthetic")]


def test_names(two: list[Path]) -> None:
    assert pretrained_names() == ["ridge-crop32-4", "ridge-crop32-4-synthetic"]
    assert [pretrained_path(name) for name in pretrained_names()] == two
    assert is_pretrained("ridge-crop32-4")
    assert not is_pretrained("ridge-crop32")


def test_no_models(pretrained: Pretrained) -> None:
    assert pretrained_names() == []
    with pytest.raises(BadInput, match=r"^ridge does not exist and is no pretrained model; give .*`ridgecode models`"):
        load_autoencoder("ridge")


def test_a_name_stands_for_its_file(two: list[Path]) -> None:
    assert model_file("ridge-crop32-4") == model_file(two[0]) == two[0]
    assert load_autoencoder("ridge-crop32-4").sha256 == load_autoencoder(two[0]).sha256


@pytest.mark.parametrize("as_folder", [True, False])
def test_a_path_wins_over_a_name(
    two: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_folder: bool
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    own = Path("ridge-crop32-4", "model.safetensors") if as_folder else Path("ridge-crop32-4")
    own.parent.mkdir(exist_ok=True)
    own.write_bytes(two[1].read_bytes())
    assert not is_pretrained("ridge-crop32-4")
    assert model_file("ridge-crop32-4") == own
    if as_folder:
        own.unlink()
        with pytest.raises(BadInput, match=r"model\.safetensors does not exist"):
            model_file("ridge-crop32-4")


@pytest.mark.parametrize("find", [model_file, load_autoencoder, Autoencoder.load])
def test_a_misspelt_name_is_offered_the_closest(two: list[Path], find: Callable[[str], object]) -> None:
    with pytest.raises(BadInput) as raised:
        find("ridge-crop-4")
    said = str(raised.value)
    assert said.startswith("ridge-crop-4 does not exist")
    assert "(did you mean ridge-crop32-4?)" in said
    assert "`ridgecode models`" in said
    assert "\n" not in said
    with pytest.raises(BadInput, match=r"no pretrained model 'ridge-crop-4' \(did you mean ridge-crop32-4\?\)"):
        pretrained_path("ridge-crop-4")


def test_the_folder_is_part_of_the_package() -> None:
    assert (PRETRAINED / "README.md").is_file()
    assert PRETRAINED.parent.name == "autoencoders"
    cards = {path.stem for path in PRETRAINED.glob("*.md")} - {"README"}
    assert cards == set(pretrained_names())


@pytest.mark.parametrize("name", pretrained_names())
def test_a_shipped_model(name: str) -> None:
    file = PRETRAINED / f"{name}.safetensors"
    assert file.stat().st_size <= MAX_BYTES
    weights = {name: value for name, value in load_file(file).items() if not name.startswith(CODEC_PREFIX)}
    assert {value.dtype for value in weights.values() if value.ndim > 1} == {torch.float16}

    card, page = read_card(file), file.with_suffix(".md").read_text(encoding="utf-8")
    assert page == card_page(card)
    assert card.name == name
    assert f"{card.best_known.file_mse:.5f}" in page
    assert card.best_known.coded_bytes is not None and f"{card.best_known.coded_bytes:.1f}" in page
    assert card.licence in page
    assert "biometric data" in page
    assert re.search(r"[ =]/", card.command) is None  # no folder of the machine that trained it

    model = Autoencoder.load(name)
    spec = model.spec
    assert (card.view, card.latent_dim, card.backbone) == (spec.view, spec.latent_dim, spec.backbone)
    assert (card.distortion, card.task) == (spec.distortion, spec.task)
    if spec.view == "full":
        image = np.rint(127.5 + 127.5 * np.sin(np.arange(100) / 2 + np.arange(80)[:, None])).astype(np.uint8)
        with pytest.raises(BadInput, match=r"Codec\.load"):
            model.encode(image)
        codec = Codec.load(name)
        assert isinstance(codec, FullCodec) and codec.decode(codec.encode(image))[0].shape == image.shape
        return
    y, x = np.mgrid[:97, :90]
    prints = np.rint(127.5 + 127.5 * np.sin(2 * np.pi / 9 * np.stack([x, x + y]))).astype(np.uint8)
    z = model.encode(prints)
    x_hat = model.decode(z)
    assert z.shape == (2, card.latent_dim)
    assert np.isfinite(z).all()
    assert x_hat.shape == model.target(prints).shape
    assert np.isfinite(x_hat).all()
    assert float(model.latent_std.min()) >= 0
    assert torch.isfinite(model.latent_mean).all()
