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
    """A head with its facts, the autoencoder it was trained on, and what prints both saw: `source`, and the `ppi` that
    their images were prepared with (0: as the source has it)."""

    saved: SavedMatcher
    autoencoder: SavedAutoencoder
    source: str
    ppi: float


def load_matcher_run(path: Path) -> MatcherRun:
    """Reads a train-matcher run. Raises BadInput for another folder, or files that don't belong together."""
    run = RunFolder(path)
    if run.read_config().get("verb") != "train-matcher":
        raise BadInput(f"{path} is no matcher: give the folder of a train-matcher run")
    if not run.model.is_file():
        raise BadInput(
            f"{path} has no trained matcher yet; give its train-matcher command again, which goes on with it"
        )
    saved = load_matcher(run.model)
    file = path / AUTOENCODER_FILE
    check_autoencoder(saved, file)
    seen = run.read_environment()
    return MatcherRun(saved, load_autoencoder(file), str(seen.get("source", "socofing")), float(seen.get("ppi", 0)))
