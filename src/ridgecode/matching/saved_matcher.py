"""Matchers as files: a head's weights in safetensors; its sizes and facts as JSON in the header."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ridgecode.autoencoders.half_precision import halved
from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.matching.decision_threshold import UNKNOWN, ThresholdCounts
from ridgecode.matching.heads import COMPARATORS, Head, LatentHead
from ridgecode.matching.places.head import PlacesHead
from ridgecode.matching.shipped.about import ShippedAbout
from ridgecode.matching.shipped.eight_bits import decoded
from ridgecode.matching.templates.format import TemplateFormat

HEAD_KEY = "ridgecode.matcher"
"""In the header of a file that holds a head."""
FORMATS = (1, 2, 3)
"""Of files of matchers. Facts of format 2 say how templates are stored or which prints are enrolled; older versions,
which would compare floats and all prints, refuse it. Format 3 is that of shipped matchers, with weights of 8 bits."""
SHIPPED_FORMAT = 3


@dataclass(frozen=True)
class MatcherFacts:
    """How a head was trained and how it is used.

    loss: the pair loss of its training
    threshold: a score at or above it is accepted
    fmr: the false match rate at the threshold, 0 to 1, on the validation split with `protocol`
    autoencoder_sha256: `sha256_of` the autoencoder's file
    counts: of the comparisons that the threshold was chosen on
    template: how templates are stored and compared; None for floats
    least_quality: prints of a quality below it fail to enrol, 0 to 100 (`print_quality`); 0 enrols all
    """

    loss: str
    threshold: float
    fmr: float
    protocol: str
    autoencoder_sha256: str
    counts: ThresholdCounts = UNKNOWN
    template: TemplateFormat | None = None
    least_quality: float = 0.0


@dataclass(frozen=True)
class SavedMatcher:
    """A head in evaluation mode, and its facts. shipped: what the file of a shipped matcher states; None of a run's."""

    head: Head
    facts: MatcherFacts
    shipped: ShippedAbout | None = None


def save_matcher(path: Path | str, head: Head, facts: MatcherFacts, half: bool = False) -> None:
    """Writes head and facts to one safetensors file, whole or not at all.

    half: whether weights are written in 16 bits (see `halved`). Raises ValueError for weights beyond their range."""
    about = {"format": format_of(facts), "head": head.sizes(), "facts": facts_as_json(facts)}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in head.state_dict().items()}
    if half:
        tensors = halved(tensors)
    with whole_file(path) as temporary:
        save_file(tensors, temporary, metadata={HEAD_KEY: json.dumps(about)})


def load_matcher(path: Path | str) -> SavedMatcher:
    """Reads what `save_matcher` wrote, onto the CPU. Raises BadInput for a file that is missing, damaged or another
    kind."""
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(HEAD_KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except FileNotFoundError:
        raise BadInput(f"{path}: no such matcher; `ridgecode train-head` makes one") from None
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{path}: not a safetensors file ({error}); give a matcher that ridgecode wrote") from None
    if text is None:
        raise BadInput(f"{path}: holds weights, but not those of a matcher; give one that `ridgecode train-head` wrote")
    about = json.loads(text)
    check_format(path, about)
    try:
        head = _head(about["head"], decoded(tensors))
        facts = MatcherFacts(**facts_from_json(about["facts"]))
        shipped = ShippedAbout.of_header(about)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise BadInput(
            f"{path}: a damaged matcher, its header and weights disagree ({reason}); train it again"
        ) from None
    return SavedMatcher(head.eval(), facts, shipped)


def _head(sizes: dict[str, Any], tensors: dict[str, Tensor]) -> Head:
    """Files of earlier versions name no kind: their heads are MLPs."""
    kind = sizes.get("kind", "mlp")
    if kind == "places":
        return PlacesHead.of_sizes(sizes, tensors)
    if kind != "mlp" or sizes["comparator"] not in COMPARATORS:
        raise ValueError(f"kind {kind!r}, comparator {sizes.get('comparator')!r}")
    head = LatentHead(**sizes)
    head.load_state_dict(tensors)
    return head


def facts_as_json(facts: Any) -> dict[str, Any]:
    """The fields of a dataclass of facts, named tuples as objects; without those that format 1 does not have, where
    they say nothing."""
    about = {**asdict(facts), "counts": facts.counts._asdict()}
    template, least_quality = about.pop("template"), about.pop("least_quality")
    if template is not None:
        about["template"] = facts.template._asdict()
    return {**about, **({"least_quality": least_quality} if least_quality else {})}


def facts_from_json(about: dict[str, Any]) -> dict[str, Any]:
    """The reverse of `facts_as_json`, by name. A file of an older version has unknown counts and no template format.

    Raises KeyError, TypeError or ValueError for other contents.
    """
    found = {**about, "counts": ThresholdCounts(**about.get("counts", {}))}
    if "template" in about:
        stated = about["template"]
        found["template"] = TemplateFormat(stated["bytes"], stated["bits"]).checked()
    if not 0 <= about.get("least_quality", 0) <= 100:
        raise ValueError(f"least_quality {about['least_quality']!r}")
    return found


def format_of(facts: Any) -> int:
    """The format of a file with such facts: 1 where it needs no newer one, so that older versions read it."""
    return FORMATS[1] if facts.template is not None or facts.least_quality else FORMATS[0]


def check_format(path: Path | str, about: dict[str, Any]) -> None:
    """Raises BadInput where a matcher's file is of a format that this version does not read."""
    if about.get("format") not in FORMATS:
        raise BadInput(
            f"{path}: a matcher of format {about.get('format')}, this version reads {FORMATS[0]} to {FORMATS[-1]}; "
            "train it again, or install a newer ridgecode"
        )


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
