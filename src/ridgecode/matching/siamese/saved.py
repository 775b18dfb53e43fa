"""Image Siamese networks as files: weights in safetensors; spec and facts as JSON in the header."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from ridgecode.errors import BadInput
from ridgecode.files import whole_file
from ridgecode.matching.decision_threshold import UNKNOWN, ThresholdCounts
from ridgecode.matching.saved_matcher import counts_of, facts_as_json
from ridgecode.matching.siamese.systems import Network, SiameseSpec, build_siamese

_KEY = "ridgecode.siamese"
_FORMAT = 1


@dataclass(frozen=True)
class SiameseFacts:
    """threshold: a score at or above it is accepted; fmr: the false match rate at the threshold, 0 to 1, on the
    validation pairs; moved_probes: whether the probes of its pairs were moved; counts: of these pairs."""

    threshold: float
    fmr: float
    moved_probes: bool
    counts: ThresholdCounts = UNKNOWN


@dataclass(frozen=True)
class SavedSiamese:
    """A network in evaluation mode. sha256: of the file it came from."""

    net: Network
    spec: SiameseSpec
    facts: SiameseFacts
    sha256: str


def save_siamese(path: Path, net: Network, spec: SiameseSpec, facts: SiameseFacts) -> None:
    """Writes the file whole or not at all."""
    about = {"format": _FORMAT, "spec": asdict(spec), "facts": facts_as_json(facts)}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in net.state_dict().items()}
    with whole_file(path) as temporary:
        temporary.write_bytes(save(tensors, metadata={_KEY: json.dumps(about)}))


def load_siamese(path: Path) -> SavedSiamese:
    """Reads what `save_siamese` wrote, onto the CPU. Raises BadInput for a file that is missing, damaged or another
    kind."""
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except FileNotFoundError:
        raise BadInput(f"{path}: no such matcher; `ridgecode train-siamese` makes one") from None
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{path}: not a safetensors file ({error}); train the matcher again") from None
    if text is None:
        raise BadInput(f"{path}: holds weights, but not those of an image Siamese network; give another run")
    about = json.loads(text)
    if about.get("format") != _FORMAT:
        raise BadInput(f"{path}: has format {about.get('format')}, this version reads {_FORMAT}; train it again")
    try:
        spec = SiameseSpec(**about["spec"])
        facts = SiameseFacts(**{**about["facts"], "counts": counts_of(about["facts"])})
        net = build_siamese(spec)
        net.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"{path}: damaged, its header and weights disagree ({reason}); train it again") from None
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return SavedSiamese(net.eval(), spec, facts, digest)
