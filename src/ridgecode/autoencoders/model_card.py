"""A pretrained model's card: what it is, what it was trained on, its figures, and what it may be used for.

The card is stored as JSON in the header of the model's file. The list of models and the page `NAME.md` are made from
it, so that each figure is stored once.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from ridgecode.errors import BadInput

TRAINED_ON = {
    "socofing": "Real prints of SOCOFing's training subjects, numbers 1-400",
    "synthetic": "synthetic prints alone (`ridgecode synthesise`); no real print was used",
    "fvc": "prints of an FVC set's training subjects",
    "impressions": "prints of the training subjects of sets of second impressions",
    "folder": "prints of a folder of identity folders, its training subjects",
}
"""In words what a model was trained on, by the source of the training store."""
LICENCES = {
    "socofing": "non-commercial research only, as SOCOFing, whose prints these weights are derived from, is",
    "synthetic": "MIT, as ridgecode itself is",
    "fvc": "research only, as the FVC sets, whose prints these weights are derived from, are",
    "impressions": "research and education only, as the sets of impressions, whose prints these weights are derived "
    "from, are",
    "folder": "the terms of the prints that these weights are derived from",
}
"""The terms of use of a model's weights, by the source of the training store."""
CITATION = (
    "Y. I. Shehu, A. Ruiz-Garcia, V. Palade, A. James, *Sokoto Coventry Fingerprint Dataset*, "
    "[arXiv:1807.10609](https://arxiv.org/abs/1807.10609) (2018)"
)
WINDOW_WORDS = {
    "crop32": "the 32x32 pixels in the middle of a print",
    "whole": "a whole print of 97x90 pixels",
    "full": "a print of any size at 500 ppi",
}
"""What a model compresses, by its view."""
TASK_WORDS = {"reconstruct": "decodes them back to it", "repair": "decodes those of an altered print to its Real print"}
"""What a model gives back, by its task."""
LICENCE_NOTES = {
    "socofing": " They are offered for that use and no other; cite the data set below.",
    "synthetic": " Synthetic prints belong to nobody.",
}
"""A further sentence on the licence, by the source of the training store."""


@dataclass(frozen=True)
class Measured:
    """Figures of a model on the Real prints of a store's validation subjects. Each MSE is the mean over prints, of
    pixels in [0, 1]; None stands for a figure that was not measured.

    source: of the store, such as "socofing". mse: of the trained weights, in 32 bits. mse_16_bit: of the weights in the
    file. pca_mse: of a PCA with as many components, fitted to that store. coded_bytes: the mean payload of a print,
    coded by the file's codec. coded_mse: of the prints decoded from these payloads.
    """

    source: str
    n_prints: int
    n_subjects: int
    mse: float
    mse_16_bit: float | None = None
    pca_mse: float | None = None
    coded_bytes: float | None = None
    coded_mse: float | None = None

    @property
    def file_mse(self) -> float:
        """The MSE of the file's 16-bit weights where it was measured, else that of the 32-bit weights."""
        return self.mse if self.mse_16_bit is None else self.mse_16_bit


@dataclass(frozen=True)
class ModelCard:
    """The description of a model in its file's header.

    trained_on: the source of the training store. figures: for one store or several, the most telling last. command: the
    command line that trained it, with the settings that are not defaults; one line for each run where it was started
    from another run. seconds: of training, over all these runs. machine, commit (of ridgecode): of the last run.
    """

    name: str
    view: str
    latent_dim: int
    backbone: str
    distortion: str
    task: str
    parameters: int
    trained_on: str
    figures: tuple[Measured, ...]
    command: str
    seed: int
    commit: str | None
    machine: str
    seconds: float

    @property
    def best_known(self) -> Measured:
        """The figures to show: those on the store of real prints, where there is one."""
        return self.figures[-1]

    @property
    def licence(self) -> str:
        """The terms of use of the weights, in words."""
        return LICENCES[self.trained_on]

    def to_json(self) -> str:
        """One line of JSON with sorted keys. It holds the licence in words too, for programs that don't know this
        class."""
        return json.dumps(asdict(self) | {"licence": self.licence}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "ModelCard":
        """The card that `to_json` wrote. Raises ValueError, KeyError or TypeError for another text."""
        content: dict[str, Any] = dict(json.loads(text))
        content.pop("licence")
        figures = tuple(Measured(**one) for one in content.pop("figures"))
        card = cls(**content, figures=figures)
        if not figures or card.trained_on not in TRAINED_ON:
            raise ValueError(text)
        return card


def has_card(file: Path) -> bool:
    """Whether the header of a model's file holds a card. Raises BadInput for a file that can't be read."""
    return _card_text(file) is not None


def read_card(file: Path) -> ModelCard:
    """The card in the header of a model's file; the weights are not read.

    Raises BadInput for a file that can't be read or has no card.
    """
    text = _card_text(file)
    if text is None:
        raise BadInput(f"{file} has no model card; `ridgecode models keep RUN --name NAME` writes a model with one")
    try:
        return ModelCard.from_json(text)
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"{file} has a model card that can't be read ({type(error).__name__}); write it again with "
            "`ridgecode models keep RUN --name NAME`"
        ) from error


def _card_text(file: Path) -> str | None:
    try:
        with safe_open(file, framework="numpy") as content:
            return (content.metadata() or {}).get("card")
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{file} is not a readable safetensors file ({error}); copy the model again") from error


def card_page(card: ModelCard) -> str:
    """The card as a page of Markdown."""
    shown = [
        f"# {card.name}",
        f"An autoencoder of fingerprints: it compresses {WINDOW_WORDS[card.view]} to {_dims(card, ' numbers')} "
        f"({_size(card)}), and {TASK_WORDS[card.task]}.",
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
        *(_use_of_full(card) if card.view == "full" else _use(card)),
        "Intended use: research on compressing, reconstructing and matching fingerprints, and teaching.",
        "Not intended: identifying people in operation, or any decision about a person. Its error rates in matching "
        "are far from what that takes, and were measured on few subjects.",
        "**Latent vectors are biometric data.** The decoder turns a latent vector back into a print, so whoever has "
        "this file can use one as if it were the image: store and share latent vectors as you would the prints.",
        "## Licence",
        f"{card.licence[0].upper()}{card.licence[1:]}.{LICENCE_NOTES.get(card.trained_on, '')}",
    ]
    if "socofing" in (card.trained_on, *(one.source for one in card.figures)):
        shown += ["## Citation", f"SOCOFing: {CITATION}."]
    return "\n\n".join(shown) + "\n"


def _use(card: ModelCard) -> list[str]:
    return [
        f'```python\nfrom ridgecode import Autoencoder\n\nmodel = Autoencoder.load("{card.name}")\n'
        "z = model.encode(prints)  # (N, H, W) grey values, uint8 or in [0, 1]\nx_hat = model.decode(z)\n```",
        f'`Codec.load("{card.name}")`, from ridgecode too, encodes prints to bytes in its place.',
        f"On the command line `--model {card.name}` stands for it; prints are prepared as `ridgecode prepare` does, "
        "at about 200 ppi.",
    ]


def _use_of_full(card: ModelCard) -> list[str]:
    return [
        f'```python\nfrom ridgecode import Codec\n\ncodec = Codec.load("{card.name}")\n'
        "files = codec.encode([image], ppi=500)  # uint8 (H, W), 0 for a black ridge\n"
        "(x_hat,) = codec.decode(files)\n```",
        f"`ridgecode encode print.png --model {card.name} --out print.ridge` codes an image or a folder of images, and "
        "`ridgecode decode print.ridge --out images` draws them again at their own size.",
    ]


def _about(card: ModelCard) -> str:
    rows = {
        "view": f"`{card.view}`, {WINDOW_WORDS[card.view]}",
        "latent dims": _dims(card),
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


def _dims(card: ModelCard, unit: str = "") -> str:
    return f"{card.latent_dim}{unit}" + (" for each 16x16 pixels" if card.view == "full" else "")


def _size(card: ModelCard) -> str:
    coded = card.best_known.coded_bytes
    if card.view == "full":
        return "coded in as many bytes as they need" if coded is None else f"coded in {coded:.0f} bytes a print"
    return f"{card.latent_dim} bytes at 8 bits each" + (
        "" if coded is None else f", {coded:.1f} as its codec writes them"
    )


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.5f}"
