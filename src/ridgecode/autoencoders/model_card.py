"""A pretrained model's card: what it is, what it was trained on, how well it does, and what it is for.

The card lies as JSON in the model file's own header. The list of models and `NAME.md` are written from it, so that no
figure stands in two places.
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
    "folder": "prints of a folder of identity folders, its training subjects",
}
"""What stores of each source hold, in words."""
LICENCES = {
    "socofing": "non-commercial research only, as SOCOFing, whose prints these weights are derived from, is",
    "synthetic": "MIT, as ridgecode itself is",
    "fvc": "research only, as the FVC sets, whose prints these weights are derived from, are",
    "folder": "the terms of the prints that these weights are derived from",
}
"""What the weights may be used for, by the source of their training prints."""
CITATION = (
    "Y. I. Shehu, A. Ruiz-Garcia, V. Palade, A. James, *Sokoto Coventry Fingerprint Dataset*, "
    "[arXiv:1807.10609](https://arxiv.org/abs/1807.10609) (2018)"
)


@dataclass(frozen=True)
class Measured:
    """The mean MSE, on pixels in [0, 1], of the Real prints of a store's validation subjects.

    source: of the store, such as "socofing". mse: of the weights as they were trained, in 32 bits; mse_16_bit: of those
    in the file; pca_mse: of a PCA of as many components, fitted on that store. coded_bytes, coded_mse: the mean payload
    of a print as the file's codec writes it, and the MSE of what is decoded from it. None for what was not measured.
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
    def told(self) -> float:
        """The MSE to tell of the file: that of its own weights where it was measured."""
        return self.mse if self.mse_16_bit is None else self.mse_16_bit


@dataclass(frozen=True)
class ModelCard:
    """What a model file tells of itself.

    trained_on: the source of its training store. figures: one a store, the one to go by last. command: that trained it,
    with the settings that differ from the verb's own, a line each where it started from another run. seconds: of
    training, of all of them, the last on `machine`. commit: of ridgecode, at the last.
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
        """The figures to go by: those on the store of real prints, where there was one."""
        return self.figures[-1]

    @property
    def licence(self) -> str:
        return LICENCES[self.trained_on]

    def to_json(self) -> str:
        """One line, keys sorted; the licence in words beside them, for readers that don't know this class."""
        return json.dumps(asdict(self) | {"licence": self.licence}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "ModelCard":
        """Raises ValueError, KeyError or TypeError for a text that `to_json` did not write."""
        content: dict[str, Any] = dict(json.loads(text))
        content.pop("licence")
        figures = tuple(Measured(**one) for one in content.pop("figures"))
        card = cls(**content, figures=figures)
        if not figures or card.trained_on not in TRAINED_ON:
            raise ValueError(text)
        return card


def has_card(file: Path) -> bool:
    """Whether a model file's header holds a card. Raises BadInput for a file that can't be read."""
    return _card_text(file) is not None


def read_card(file: Path) -> ModelCard:
    """The card in a model file's header; no weight is read.

    Raises BadInput for a file that can't be read or has no card.
    """
    text = _card_text(file)
    if text is None:
        raise BadInput(f"{file} has no model card; `ridgecode models --keep RUN --name NAME` writes a model with one")
    try:
        return ModelCard.from_json(text)
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"{file} has a model card that can't be read ({type(error).__name__}); write it again with "
            "`ridgecode models --keep RUN --name NAME`"
        ) from error


def _card_text(file: Path) -> str | None:
    try:
        with safe_open(file, framework="numpy") as content:
            return (content.metadata() or {}).get("card")
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{file} is not a readable safetensors file ({error}); copy the model again") from error
