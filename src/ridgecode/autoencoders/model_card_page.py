"""A model card as a page of Markdown."""

from ridgecode.autoencoders.model_card import CITATION, TRAINED_ON, ModelCard

SEES = {
    "crop32": "the 32x32 pixels in the middle of a print",
    "whole": "a whole print of 97x90 pixels",
}
GIVES_BACK = {"reconstruct": "decodes them back to it", "repair": "decodes those of an altered print to its Real print"}

OFFERED = {
    "socofing": " They are offered for that use and no other; cite the data set below.",
    "synthetic": " Synthetic prints belong to nobody.",
}
"""What a licence means for the weights, by the source of their training prints."""


def card_page(card: ModelCard) -> str:
    """The card in Markdown; it follows from the card alone."""
    shown = [
        f"# {card.name}",
        f"An autoencoder of fingerprints: it compresses {SEES[card.view]} to {card.latent_dim} numbers "
        f"({_size(card)}), and {GIVES_BACK[card.task]}.",
        _about(card),
        "## Figures",
        _figures(card),
        "MSE is the mean squared error on pixels in [0, 1], over the Real prints of validation subjects; lower is "
        "better. Coded bytes are those of a print's payload in a coded file. Nothing was trained on these prints; the "
        "training chose its best epoch by those of its own store. The file holds 16-bit weights.",
        "## How it was trained",
        f"```sh\n{card.command}\n```",
        f"Seed {card.seed}; {card.seconds:.0f} seconds on {card.machine}; "
        f"ridgecode at commit {card.commit or 'unknown'}.",
        "## Use",
        f'```python\nfrom ridgecode import Autoencoder\n\nmodel = Autoencoder.load("{card.name}")\n'
        "z = model.encode(prints)  # (N, H, W) grey values, uint8 or in [0, 1]\nx_hat = model.decode(z)\n```",
        f'`Codec.load("{card.name}")`, from ridgecode too, encodes prints to bytes in its place.',
        f"On the command line `--model {card.name}` stands for it; prints are prepared as `ridgecode prepare` does, "
        "at about 200 ppi.",
        "Intended use: research on compressing, reconstructing and matching fingerprints, and teaching.",
        "Not intended: identifying people in operation, or any decision about a person. Its error rates in matching "
        "are far from what that takes, and were measured on few subjects.",
        "**Latent vectors are biometric data.** The decoder turns a latent vector back into a print, so whoever has "
        "this file can use one as if it were the image: store and share latent vectors as you would the prints.",
        "## Licence",
        f"{card.licence[0].upper()}{card.licence[1:]}.{OFFERED.get(card.trained_on, '')}",
    ]
    if "socofing" in (card.trained_on, *(one.source for one in card.figures)):
        shown += ["## Citation", f"SOCOFing: {CITATION}."]
    return "\n\n".join(shown) + "\n"


def _about(card: ModelCard) -> str:
    rows = {
        "view": f"`{card.view}`, {SEES[card.view]}",
        "latent dims": f"{card.latent_dim}",
        "architecture": f"`{card.backbone}`, {card.parameters:,} parameters",
        "trained for": f"`{card.distortion}`, task `{card.task}`",
        "trained on": TRAINED_ON[card.trained_on],
        "licence": card.licence,
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows.items())])


def _figures(card: ModelCard) -> str:
    columns = [
        "prints",
        "MSE, 16-bit weights",
        "MSE, 32-bit weights",
        "PCA of as many dims",
        "coded bytes",
        "MSE, coded",
    ]
    rows = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for one in card.figures:
        prints = f"{one.source}, {one.n_prints} prints of {one.n_subjects} validation subjects"
        errors = [_number(mse) for mse in (one.mse_16_bit, one.mse, one.pca_mse)]
        coded = ["not measured" if one.coded_bytes is None else f"{one.coded_bytes:.1f}", _number(one.coded_mse)]
        rows.append(f"| {' | '.join([prints, *errors, *coded])} |")
    return "\n".join(rows)


def _size(card: ModelCard) -> str:
    coded = card.best_known.coded_bytes
    return f"{card.latent_dim} bytes at 8 bits each" + (
        "" if coded is None else f", {coded:.1f} as its codec writes them"
    )


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.5f}"
