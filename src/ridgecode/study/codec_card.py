"""A model card that tells what the codec fitted to its model needs."""

from dataclasses import replace
from pathlib import Path

from ridgecode.autoencoders.model_card import read_card
from ridgecode.autoencoders.model_card_page import card_page
from ridgecode.autoencoders.saved import load_autoencoder, write_with_codec
from ridgecode.files import write_text
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import stack_prints
from ridgecode.study.keep_model import coded_figures


def tell_coded_bytes(file: Path, store: PrintStore) -> None:
    """Measures the codec in the model file on the store's validation prints, and writes the figures into the card in
    its header and the page beside it, where the card has figures of as many prints of that source.

    Raises BadInput for a file without a card.
    """
    card, rows = read_card(file), store.rows("val")
    about = (store.source, len(rows))
    if about not in [(one.source, one.n_prints) for one in card.figures]:
        return
    saved = load_autoencoder(file)
    coded_bytes, coded_mse = coded_figures(saved, stack_prints(store, rows))
    figures = tuple(
        replace(one, coded_bytes=coded_bytes, coded_mse=coded_mse) if (one.source, one.n_prints) == about else one
        for one in card.figures
    )
    card = replace(card, figures=figures)
    write_with_codec(file, file, saved.codec, card.to_json())
    write_text(file.with_suffix(".md"), card_page(card))
