"""`ridgecode models list` and `show`: the pretrained models, the shipped matchers, and their cards."""

from ridgecode.autoencoders.model_card import card_page, read_card
from ridgecode.autoencoders.pretrained import is_pretrained, model_file, pretrained_names, pretrained_path
from ridgecode.commands.settings.models import ListModels, ShowModel
from ridgecode.errors import BadInput
from ridgecode.matching.rate_text import eer_phrase
from ridgecode.matching.shipped.card import holds_matcher, read_matcher_card
from ridgecode.matching.shipped.card_page import matcher_page
from ridgecode.matching.shipped.names import is_shipped, matcher_file, nearest_name, shipped_names, shipped_path


def list_models(settings: ListModels) -> None:
    """Prints the table of the pretrained models, and below it that of the shipped matchers, if there are any."""
    print(models_table())
    if shipped_names():
        print()
        print(matchers_table())


def show_model(settings: ShowModel) -> None:
    """Prints a model's or a matcher's card. Raises BadInput for a file that can't be read or has none."""
    model = settings.model
    if is_shipped(model) or (model.is_file() and holds_matcher(model)):
        print(matcher_page(read_matcher_card(matcher_file(model))), end="")
        return
    if not model.exists() and not is_pretrained(model):
        # The closest name may be a matcher's.
        raise BadInput(
            f"{model} does not exist and is no pretrained model{nearest_name(str(model))}; give a name that `ridgecode "
            "models list` shows, or a file with a card"
        )
    print(card_page(read_card(model_file(model))), end="")


def models_table() -> str:
    """The pretrained models, a line each under a line of headings; one sentence where there are none."""
    rows = []
    for name in pretrained_names():
        file = pretrained_path(name)
        card = read_card(file)
        best = card.best_known
        measured = f"{best.file_mse:.5f} ({best.source})"
        size = f"{file.stat().st_size / 1e6:.1f} MB"
        dims, full = str(card.latent_dim), card.view == "full"
        coded = "-" if best.coded_bytes is None else f"{best.coded_bytes:.1f}"
        columns = [f"{dims} in 16x16", "-"] if full else [dims, dims]
        rows.append([name, card.view, *columns, coded, measured, card.trained_on, size])
    if not rows:
        return "no pretrained models come with this ridgecode; train one with `ridgecode train-autoencoder`"
    head = [
        "name",
        "view",
        "latent dims",
        "bytes at 8 bits",
        "bytes, coded",
        "MSE, validation prints",
        "trained on",
        "file",
    ]
    return _columns(head, rows)


def matchers_table() -> str:
    """The shipped matchers, a line each under a line of headings. The EER is that of the last figures on the card."""
    rows = []
    for name in shipped_names():
        file = shipped_path(name)
        card = read_matcher_card(file)
        eer = "-"
        if card.figures:
            last = card.figures[-1]
            eer = f"{eer_phrase(last.eer, last.n_mated, last.n_non_mated)} ({last.data}, {last.protocol})"
        size = f"{file.stat().st_size / 1e6:.1f} MB"
        rows.append([name, card.reads, str(card.template_bytes), eer, ", ".join(card.trained_on), size])
    return _columns(["matcher", "reads", "template bytes", "EER", "trained on", "file"], rows)


def _columns(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in [head, *rows]]
    return "\n".join(line.rstrip() for line in lines)
