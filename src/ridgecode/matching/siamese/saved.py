"""Image Siamese networks as files: weights in safetensors; spec and facts as JSON in the header."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.matching.decision_threshold import UNKNOWN, ThresholdCounts
from ridgecode.matching.saved_matcher import check_format, facts_as_json, facts_from_json, format_of
from ridgecode.matching.shipped.about import ShippedAbout
from ridgecode.matching.shipped.eight_bits import decoded
from ridgecode.matching.siamese.systems import Network, SiameseSpec, build_siamese
from ridgecode.matching.templates.format import TemplateFormat

SIAMESE_KEY = "ridgecode.siamese"
"""In the header of a file that holds an image Siamese network."""


@dataclass(frozen=True)
class SiameseFacts:
    """threshold: a score at or above it is accepted; fmr: the false match rate at the threshold, 0 to 1, on the
    validation pairs; moved_probes: whether the probes of its pairs were moved; counts: of these pairs; template,
    least_quality: as in `MatcherFacts`."""

    threshold: float
    fmr: float
    moved_probes: bool
    counts: ThresholdCounts = UNKNOWN
    template: TemplateFormat | None = None
    least_quality: float = 0.0


@dataclass(frozen=True)
class SavedSiamese:
    """A network in evaluation mode. sha256: of the file it came from; shipped: what the file of a shipped matcher
    states, None of a run's."""

    net: Network
    spec: SiameseSpec
    facts: SiameseFacts
    sha256: str
    shipped: ShippedAbout | None = None


def save_siamese(path: Path, net: Network, spec: SiameseSpec, facts: SiameseFacts) -> None:
    """Writes the file whole or not at all."""
    about = {"format": format_of(facts), "spec": _spec_as_json(spec), "facts": facts_as_json(facts)}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in net.state_dict().items()}
    with whole_file(path) as temporary:
        temporary.write_bytes(save(tensors, metadata={SIAMESE_KEY: json.dumps(about)}))


def _spec_as_json(spec: SiameseSpec) -> dict[str, Any]:
    """Without `dims` where a system has a number of its own, so that older versions read the file."""
    about = asdict(spec)
    return about if spec.dims else {name: value for name, value in about.items() if name != "dims"}


def load_siamese(path: Path) -> SavedSiamese:
    """Reads what `save_siamese` wrote, onto the CPU. Raises BadInput for a file that is missing, damaged or another
    kind."""
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(SIAMESE_KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except FileNotFoundError:
        raise BadInput(f"{path}: no such matcher; `ridgecode train-siamese` makes one") from None
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{path}: not a safetensors file ({error}); train the matcher again") from None
    if text is None:
        raise BadInput(f"{path}: holds weights, but not those of an image Siamese network; give another run")
    about = json.loads(text)
    check_format(path, about)
    try:
        spec = SiameseSpec(**about["spec"])
        facts = SiameseFacts(**facts_from_json(about["facts"]))
        net = build_siamese(spec)
        net.load_state_dict(decoded(tensors))
        shipped = ShippedAbout.of_header(about)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"{path}: damaged, its header and weights disagree ({reason}); train it again") from None
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return SavedSiamese(net.eval(), spec, facts, digest, shipped)
