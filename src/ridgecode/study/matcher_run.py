"""A matcher run's folder holds all it takes to match: the head, and the autoencoder whose latent vectors it reads."""

from dataclasses import dataclass
from pathlib import Path

from ridgecode.autoencoders.saved import SavedAutoencoder, load_autoencoder
from ridgecode.errors import BadInput
from ridgecode.matching.saved_matcher import SavedMatcher, check_autoencoder, load_matcher
from ridgecode.matching.siamese.saved import SavedSiamese, load_siamese
from ridgecode.study.matching_systems import Encoder, MatchingSystem, latent_head
from ridgecode.study.run_folder import RunFolder
from ridgecode.study.siamese_systems import siamese_system

AUTOENCODER_FILE = "autoencoder.safetensors"


@dataclass(frozen=True)
class MatcherRun:
    """A head with its facts, the autoencoder it was trained on, and what prints both saw: `source`, and the `ppi` that
    their images were prepared with (0: as the source has it)."""

    saved: SavedMatcher
    autoencoder: SavedAutoencoder
    source: str
    ppi: float


@dataclass(frozen=True)
class MatcherToUse:
    """Any matcher run as `verify` needs it. threshold: accept a score at or above it; fmr: of non-mated validation
    comparisons that reach it, a fraction; protocol: of those comparisons; source, ppi: as `MatcherRun` has them."""

    system: MatchingSystem
    threshold: float
    fmr: float
    protocol: str
    source: str
    ppi: float


def open_matcher(path: Path) -> MatcherToUse:
    """The matcher of a train-matcher run, of whatever system. Raises BadInput as `load_matcher_run`."""
    if not is_siamese_run(path):
        run = load_matcher_run(path)
        facts = run.saved.facts
        system = latent_head(Encoder(run.autoencoder), run.saved.head)
        return MatcherToUse(system, facts.threshold, facts.fmr, facts.protocol, run.source, run.ppi)
    saved = load_siamese_run(path)
    seen = RunFolder(path).read_environment()
    about = str(seen.get("source", "socofing")), float(seen.get("ppi", 0))
    split_by = f"pairs-by-{seen.get('split_by', 'subject')}"
    return MatcherToUse(siamese_system(saved), saved.facts.threshold, saved.facts.fmr, split_by, *about)


def is_siamese_run(path: Path) -> bool:
    """Whether the run is of an image Siamese system."""
    return RunFolder(path).read_config().get("system", "latent") != "latent"


def load_siamese_run(path: Path) -> SavedSiamese:
    """Reads the network of an image Siamese run. Raises BadInput where it has not been trained yet."""
    _check_trained(RunFolder(path))
    return load_siamese(RunFolder(path).model)


def load_matcher_run(path: Path) -> MatcherRun:
    """Reads a train-matcher run. Raises BadInput for another folder, or files that don't belong together."""
    run = RunFolder(path)
    if run.read_config().get("verb") != "train-matcher":
        raise BadInput(f"{path} is no matcher: give the folder of a train-matcher run")
    _check_trained(run)
    saved = load_matcher(run.model)
    file = path / AUTOENCODER_FILE
    check_autoencoder(saved, file)
    seen = run.read_environment()
    return MatcherRun(saved, load_autoencoder(file), str(seen.get("source", "socofing")), float(seen.get("ppi", 0)))


def _check_trained(run: RunFolder) -> None:
    if not run.model.is_file():
        raise BadInput(
            f"{run.path} has no trained matcher yet; give its train-matcher command again, which goes on with it"
        )
