"""Matchers as files: a head's weights in safetensors; its sizes and facts as JSON in the header."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.matching.decision_threshold import UNKNOWN, ThresholdCounts
from ridgecode.matching.heads import COMPARATORS, LatentHead

_KEY = "ridgecode.matcher"
_FORMAT = 1


@dataclass(frozen=True)
class MatcherFacts:
    """How a head was trained and how it is used.

    loss: the pair loss of its training
    threshold: a score at or above it is accepted
    fmr: the false match rate at the threshold, 0 to 1, on the validation split with `protocol`
    autoencoder_sha256: `sha256_of` the autoencoder's file
    counts: of the comparisons that the threshold was chosen on
    """

    loss: str
    threshold: float
    fmr: float
    protocol: str
    autoencoder_sha256: str
    counts: ThresholdCounts = UNKNOWN


@dataclass(frozen=True)
class SavedMatcher:
    """A head in evaluation mode, and its facts."""

    head: LatentHead
    facts: MatcherFacts


def save_matcher(path: Path | str, head: LatentHead, facts: MatcherFacts) -> None:
    """Writes head and facts to one safetensors file, whole or not at all."""
    sizes = {
        "latent_dim": head.latent_dim,
        "hidden": head.hidden,
        "embedding_dim": head.embedding_dim,
        "comparator": head.comparator,
    }
    about = {"format": _FORMAT, "head": sizes, "facts": facts_as_json(facts)}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in head.state_dict().items()}
    with whole_file(path) as temporary:
        save_file(tensors, temporary, metadata={_KEY: json.dumps(about)})


def load_matcher(path: Path | str) -> SavedMatcher:
    """Reads what `save_matcher` wrote, onto the CPU. Raises BadInput for a file that is missing, damaged or another
    kind."""
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except FileNotFoundError:
        raise BadInput(f"{path}: no such matcher; `ridgecode train-head` makes one") from None
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{path}: not a safetensors file ({error}); give a matcher that ridgecode wrote") from None
    if text is None:
        raise BadInput(f"{path}: holds weights, but not those of a matcher; give one that `ridgecode train-head` wrote")
    about = json.loads(text)
    if about.get("format") != _FORMAT:
        raise BadInput(
            f"{path}: a matcher of format {about.get('format')}, this version reads {_FORMAT}; train it again"
        )
    try:
        if about["head"]["comparator"] not in COMPARATORS:
            raise ValueError(f"comparator {about['head']['comparator']!r}")
        head = LatentHead(**about["head"])
        head.load_state_dict(tensors)
        facts = MatcherFacts(**{**about["facts"], "counts": counts_of(about["facts"])})
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise BadInput(
            f"{path}: a damaged matcher, its header and weights disagree ({reason}); train it again"
        ) from None
    return SavedMatcher(head.eval(), facts)


def facts_as_json(facts: Any) -> dict[str, Any]:
    """The fields of a dataclass of facts, its `counts` as an object."""
    return {**asdict(facts), "counts": facts.counts._asdict()}


def counts_of(facts: dict[str, Any]) -> ThresholdCounts:
    """The counts in facts as JSON; unknown ones where a file of an older version has none."""
    return ThresholdCounts(**facts.get("counts", {}))


def check_autoencoder(saved: SavedMatcher, path: Path | str) -> None:
    """Raises BadInput unless the autoencoder file at `path` is the one that `saved` was trained on."""
    if sha256_of(path) != saved.facts.autoencoder_sha256:
        raise BadInput(f"{path} is not the autoencoder that this matcher was trained on; its scores would mean nothing")


def sha256_of(path: Path | str) -> str:
    """The SHA-256 of a file's bytes, 64 hexadecimal digits. Raises BadInput for a file that can't be read."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"{path}: can't be read ({error.strerror}); give the autoencoder's model.safetensors") from None
