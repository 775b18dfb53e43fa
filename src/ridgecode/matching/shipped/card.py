"""A shipped matcher's card: what it compares, what it was trained on, and its figures, by sensor.

The card is stored as JSON in the header of the matcher's file. The list of matchers and the page `NAME.md` are made
from it, so that each figure is stored once. Nothing here loads torch.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from ridgecode.errors import BadInput
from ridgecode.matching.shipped.data_sets import licence

KEYS = ("ridgecode.matcher", "ridgecode.siamese")
"""In the header of files that hold a matcher: a head's, an image network's."""


@dataclass(frozen=True)
class SensorFigures:
    """Error rates on one data set, which one sensor took, as fractions; None where too few comparisons show a rate.

    data: the set's name; split: of its subjects; eer_low, eer_high: 95 % interval over subjects
    """

    data: str
    split: str
    protocol: str
    n_subjects: int
    n_mated: int
    n_non_mated: int
    eer: float
    eer_low: float | None
    eer_high: float | None
    fnmr_at_fmr_1: float | None
    fnmr_at_fmr_0_1: float | None
    n_prints: int | None = None
    n_failed_to_enrol: int | None = None


@dataclass(frozen=True)
class SensorThreshold:
    """The smallest threshold whose FMR on some comparisons is at most `fmr`, a fraction; None where fewer than 3 / fmr
    non-mated comparisons were there, which can't show it."""

    data: str
    split: str
    protocol: str
    fmr: float
    threshold: float | None
    n_non_mated: int


@dataclass(frozen=True)
class StoredWeights:
    """How near the file, with its 8-bit weights, is to the run, with 32-bit ones, on `n_prints` validation prints of
    `data`. least_cosine, mean_cosine: of the embeddings of a print by both; eer, file_eer: on `protocol`, fractions."""

    data: str
    protocol: str
    n_prints: int
    least_cosine: float
    mean_cosine: float
    eer: float
    file_eer: float


@dataclass(frozen=True)
class MatcherCard:
    """The description of a shipped matcher in its file's header.

    reads: "images", or the name of the pretrained model whose latent vectors it reads
    parameters: of the matcher alone; template: its format, in words; template_bytes: its size
    trained_on: names of the data sets; figures, thresholds: by sensor; weights: of the file against the run
    threshold, fmr, protocol, n_non_mated: of decisions, where no other threshold is chosen
    least_quality: prints below it fail to enrol, 0 to 100
    command: the command lines that trained it, one a line; seconds: of training, over all of them; machine, commit (of
    ridgecode): of the last one
    """

    name: str
    reads: str
    system: str
    parameters: int
    template: str
    template_bytes: int
    trained_on: tuple[str, ...]
    figures: tuple[SensorFigures, ...]
    thresholds: tuple[SensorThreshold, ...]
    weights: StoredWeights
    threshold: float
    fmr: float
    protocol: str
    n_non_mated: int | None
    least_quality: float
    command: str
    seed: int
    commit: str | None
    machine: str
    seconds: float

    @property
    def licence(self) -> str:
        """The terms of use of the weights, in words."""
        return licence(self.trained_on)

    def as_json(self) -> dict[str, Any]:
        """The card as JSON takes it. It holds the licence in words too, for programs that don't know this class."""
        return asdict(self) | {"licence": self.licence}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "MatcherCard":
        """The card that `as_json` gave. Raises KeyError or TypeError for other contents."""
        about = {key: value for key, value in content.items() if key != "licence"}
        about["trained_on"] = tuple(about["trained_on"])
        about["figures"] = tuple(SensorFigures(**one) for one in about["figures"])
        about["thresholds"] = tuple(SensorThreshold(**one) for one in about["thresholds"])
        return cls(**{**about, "weights": StoredWeights(**about["weights"])})


def holds_matcher(file: Path) -> bool:
    """Whether a file is a matcher's; its weights are not read. A file that can't be read is none."""
    try:
        return bool(matcher_header(file))
    except BadInput:
        return False


def matcher_header(file: Path) -> tuple[str, dict[str, Any]] | None:
    """The key of KEYS in a matcher's file and what its header states; None for another safetensors file. Raises
    BadInput for a file that can't be read."""
    try:
        with safe_open(file, framework="numpy") as content:
            metadata = content.metadata() or {}
        return next(((key, dict(json.loads(metadata[key]))) for key in KEYS if key in metadata), None)
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise BadInput(f"{file} is not a readable safetensors file ({error}); copy the matcher again") from error


def read_matcher_card(file: Path) -> MatcherCard:
    """The card in the header of a matcher's file. Raises BadInput for a file that can't be read or has no card."""
    way_out = "`ridgecode models keep RUN --name NAME --data STORE` writes a matcher with one"
    found = matcher_header(file)
    stated = found[1].get("shipped") if found else None
    if not isinstance(stated, dict):
        raise BadInput(f"{file} has no card; {way_out}")
    try:
        return MatcherCard.from_json(stated["card"])
    except (KeyError, TypeError) as error:
        raise BadInput(f"{file} has a card that can't be read ({type(error).__name__}); {way_out}") from error
