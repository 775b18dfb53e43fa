"""A matcher run's folder holds all it takes to match: the head, and the autoencoder whose latent vectors it reads."""

from dataclasses import dataclass
from pathlib import Path

from ridgecode.autoencoders.saved import SavedAutoencoder, load_autoencoder
from ridgecode.errors import BadInput
from ridgecode.matching.saved_matcher import SavedMatcher, check_autoencoder, load_matcher
from ridgecode.study.run_folder import RunFolder

AUTOENCODER_FILE = "autoencoder.safetensors"


@dataclass(frozen=True)
class MatcherRun:
    """A head with its facts, the autoencoder it was trained on, and the kind of prints both saw (`source`)."""

    saved: SavedMatcher
    autoencoder: SavedAutoencoder
    source: str


def load_matcher_run(path: Path) -> MatcherRun:
    """Reads a train-matcher run. Raises BadInput for another folder, or files that don't belong together."""
    run = RunFolder(path)
    if run.read_config().get("verb") != "train-matcher":
        raise BadInput(f"{path} is no matcher: give the folder of a train-matcher run")
    saved = load_matcher(run.model)
    file = path / AUTOENCODER_FILE
    check_autoencoder(saved, file)
    return MatcherRun(saved, load_autoencoder(file), str(run.read_environment().get("source", "socofing")))
