"""`ridgecode models list` and `show`: the pretrained models and their cards."""

from ridgecode.autoencoders.model_card import card_page, read_card
from ridgecode.autoencoders.pretrained import model_file, pretrained_names, pretrained_path
from ridgecode.commands.settings.models import ListModels, ShowModel


def list_models(settings: ListModels) -> None:
    """Prints the table of the pretrained models."""
    print(models_table())


def show_model(settings: ShowModel) -> None:
    """Prints a model's card. Raises BadInput for a model that can't be read or has none."""
    print(card_page(read_card(model_file(settings.model))), end="")


def models_table() -> str:
    """The pretrained models, a line each under a line of headings; one sentence where there are none."""
    rows = []
    for name in pretrained_names():
        file = pretrained_path(name)
        card = read_card(file)
        best = card.best_known
        measured = f"{best.file_mse:.5f} ({best.source})"
        size = f"{file.stat().st_size / 1e6:.1f} MB"
        dims, coded = str(card.latent_dim), "-" if best.coded_bytes is None else f"{best.coded_bytes:.1f}"
        rows.append([name, card.view, dims, dims, coded, measured, card.trained_on, size])
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
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in [head, *rows]]
    return "\n".join(line.rstrip() for line in lines)
