"""Model cards: JSON and back, the header of a file, what the page states, and cards that are refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from ridgecode.autoencoders.model_card import LICENCES, TRAINED_ON, Measured, ModelCard, card_page, read_card
from ridgecode.autoencoders.saved import AutoencoderSpec
from ridgecode.errors import BadInput

SPEC = AutoencoderSpec("ridge", "whole", 4, "bce")
CARD = ModelCard(
    "ridge-whole-4",
    "whole",
    4,
    "ridge",
    "bce",
    "reconstruct",
    1_234_567,
    "socofing",
    (Measured("socofing", 800, 80, 0.0375, 0.03762, 0.0522),),
    "ridgecode train-autoencoder --view=whole",
    7,
    None,
    "Imaginary CPU",
    12.0,
)

mse = st.floats(0, 1)
figures = st.builds(Measured, st.sampled_from(sorted(TRAINED_ON)), st.integers(1), st.integers(1), mse, st.none() | mse)
cards = st.builds(
    replace,
    st.just(CARD),
    trained_on=st.sampled_from(sorted(TRAINED_ON)),
    figures=st.lists(figures, min_size=1, max_size=3).map(tuple),
    commit=st.none() | st.text(),
    command=st.text(),
    seconds=st.floats(0, 1e9),
)


@given(cards)
def test_json_round_trip(card: ModelCard) -> None:
    text = card.to_json()
    assert "\n" not in text
    assert ModelCard.from_json(text) == card


@given(cards)
def test_the_page_states_figures_terms_and_data(card: ModelCard) -> None:
    page = card_page(card)
    assert f"{card.best_known.file_mse:.5f}" in page
    assert card.licence in page
    assert TRAINED_ON[card.trained_on] in page
    assert "Latent vectors are biometric data" in page
    assert "identifying people in operation" in page
    seen = {card.trained_on, *(one.source for one in card.figures)}
    assert ("arXiv:1807.10609" in page) is ("socofing" in seen)


def test_each_source_has_its_terms() -> None:
    assert LICENCES.keys() == TRAINED_ON.keys()
    assert "non-commercial" in LICENCES["socofing"]
    assert "no real print was used" in card_page(replace(CARD, trained_on="synthetic"))
    assert "1,234,567 parameters" in card_page(CARD)
    assert "not measured" in card_page(replace(CARD, figures=(Measured("socofing", 800, 80, 0.0375),)))


def test_the_16_bit_figure_goes_before_the_32_bit_one() -> None:
    assert CARD.best_known.file_mse == 0.03762
    assert Measured("socofing", 800, 80, 0.0375).file_mse == 0.0375


def test_in_a_file(pretrained: Callable[..., Path], tmp_path: Path) -> None:
    file = pretrained("ridge-whole-4", SPEC)
    card = read_card(file)
    assert (card.name, card.view, card.latent_dim) == ("ridge-whole-4", "whole", 4)
    assert file.with_suffix(".md").read_text(encoding="utf-8") == card_page(card)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        (None, "has no model card"),
        ({"format": "other"}, "has no model card"),
        ({"card": "{"}, "can't be read"),
        ({"card": "[]"}, "can't be read"),
        ({"card": "{}"}, "can't be read"),
        ({"card": CARD.to_json().replace('"socofing"', '"nist"')}, "can't be read"),
        ({"card": CARD.to_json().replace('"seed"', '"sed"')}, "can't be read"),
    ],
)
def test_files_without_a_card(tmp_path: Path, metadata: dict[str, str] | None, said: str) -> None:
    import numpy as np

    file = tmp_path / "model.safetensors"
    save_file({"a": np.zeros(1)}, file, metadata=metadata)
    with pytest.raises(BadInput, match=said) as raised:
        read_card(file)
    assert str(file) in str(raised.value)
    assert "models keep" in str(raised.value)


def test_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\x10\0\0")
    with pytest.raises(BadInput, match="not a readable safetensors file"):
        read_card(tmp_path / "a")
