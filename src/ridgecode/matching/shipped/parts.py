"""Reads a matcher: of a run's folder, a matcher's file, a shipped matcher's name, or a calibration."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.autoencoders.pretrained import pretrained_names, pretrained_path
from ridgecode.errors import BadInput
from ridgecode.matching.decision_threshold import UNKNOWN, ThresholdCounts
from ridgecode.matching.heads import Head
from ridgecode.matching.matching_table import THRESHOLD_FMR
from ridgecode.matching.recorded_counts import recorded_counts
from ridgecode.matching.saved_matcher import HEAD_KEY, SavedMatcher, check_autoencoder, load_matcher, sha256_of
from ridgecode.matching.shipped.calibration import RUN_CALIBRATION, Calibration, is_calibration
from ridgecode.matching.shipped.card import matcher_header
from ridgecode.matching.shipped.names import is_shipped, matcher_file, no_matcher
from ridgecode.matching.siamese.saved import SavedSiamese, load_siamese
from ridgecode.matching.siamese.scoring import siamese_system
from ridgecode.matching.systems import Encoder, MatchingSystem, latent_head
from ridgecode.runs.run_folder import RunFolder
from ridgecode.runs.run_kind import run_kind

AUTOENCODER_FILE = "autoencoder.safetensors"
"""In the folder of a head's run: the autoencoder whose latent vectors the head reads."""


@dataclass(frozen=True)
class MatcherParts:
    """What a matcher consists of.

    system: its templates and scores
    threshold, fmr, protocol, counts: of its decisions, as `Matcher` has them
    source, ppi: of the images that it reads, as `Matcher` has them; source "" of a matcher for any sensor
    sha256: of its file; name: for messages
    autoencoder, head: of a head on latent vectors; network: of an image system
    calibrated: whether the threshold is a calibration's; wanted_fmr: what the threshold was chosen for
    """

    system: MatchingSystem
    threshold: float
    fmr: float
    protocol: str
    source: str = ""
    ppi: float = 0.0
    counts: ThresholdCounts = UNKNOWN
    sha256: str = ""
    name: str = ""
    autoencoder: Autoencoder | None = None
    head: Head | None = None
    network: SavedSiamese | None = None
    calibrated: bool = False
    wanted_fmr: float = THRESHOLD_FMR


def matcher_parts(matcher: Path | str) -> MatcherParts:
    """Reads the matcher that a path or a name stands for. A path that exists goes before a name.

    The threshold of a run with a calibration in its folder is that one's. Raises BadInput for what is no matcher, for a
    run that has trained nothing yet, and for files that don't belong together.
    """
    path = Path(matcher)
    if path.is_file() and is_calibration(path):
        calibration = Calibration.read(path)
        return _calibrated(matcher_parts(calibration.place_of_matcher(path)), calibration, path)
    if path.is_dir():
        found = _of_run(RunFolder(path), str(matcher))
        own = path / RUN_CALIBRATION
        return _calibrated(found, Calibration.read(own), own) if own.is_file() else found
    if path.is_file() or is_shipped(matcher):
        return _of_file(matcher_file(matcher), str(matcher))
    raise no_matcher(matcher)


def _calibrated(parts: MatcherParts, calibration: Calibration, file: Path) -> MatcherParts:
    calibration.check(file, parts.sha256)
    about: dict[str, Any] = {"source": calibration.source, "ppi": calibration.ppi} if calibration.ppi else {}
    return replace(
        parts,
        threshold=calibration.threshold,
        fmr=calibration.fmr,
        protocol=calibration.protocol,
        counts=calibration.counts,
        calibrated=True,
        wanted_fmr=calibration.wanted_fmr,
        **about,
    )


def _of_run(folder: RunFolder, name: str) -> MatcherParts:
    kind, seen = run_kind(folder), folder.read_environment()
    if kind not in ("head", "siamese"):
        raise BadInput(f"{name} is no matcher: give the folder of a train-head or train-siamese run")
    if not folder.model.is_file():
        verb = folder.read_config()["verb"]
        raise BadInput(
            f"{folder.path} has no trained matcher yet; give its {verb} command again, which goes on with it"
        )
    found = _of_saved(folder, name, seen) if kind == "head" else _of_network(folder, name, seen)
    counts = recorded_counts(folder.path, found.counts, found.fmr, found.protocol, str(seen.get("data_digest", "")))
    return replace(found, counts=counts, source=str(seen.get("source", "socofing")), ppi=float(seen.get("ppi", 0)))


def _of_saved(folder: RunFolder, name: str, seen: Mapping[str, Any]) -> MatcherParts:
    saved, own = load_matcher(folder.model), folder.path / AUTOENCODER_FILE
    check_autoencoder(saved, own)
    return _head_parts(saved, Autoencoder.load(own), sha256_of(folder.model), name, saved.facts.protocol)


def _of_network(folder: RunFolder, name: str, seen: Mapping[str, Any]) -> MatcherParts:
    protocol = str(seen.get("protocol") or f"pairs-by-{seen.get('split_by', 'subject')}")
    return _network_parts(load_siamese(folder.model), name, protocol)


def _of_file(file: Path, name: str) -> MatcherParts:
    """Of a shipped matcher's file, or of a run's."""
    found = matcher_header(file)
    if found is None:
        raise BadInput(f"{file} holds no matcher; give the file of a train-head or train-siamese run")
    if found[0] != HEAD_KEY:
        network = load_siamese(file)
        return _network_parts(network, name, network.shipped.protocol if network.shipped else "validation pairs")
    saved = load_matcher(file)
    return _head_parts(saved, _autoencoder_of(saved, file), sha256_of(file), name, saved.facts.protocol)


def _autoencoder_of(saved: SavedMatcher, file: Path) -> Autoencoder:
    """The autoencoder of a head's file: the one beside it, as in a run's folder, else the pretrained model of the
    header's hash. Raises BadInput where neither is that one."""
    beside = file.with_name(AUTOENCODER_FILE)
    if saved.shipped is None and beside.is_file():
        check_autoencoder(saved, beside)
        return Autoencoder.load(beside)
    model = pretrained_with(saved.facts.autoencoder_sha256)
    if model is None:
        named = f" {saved.shipped.autoencoder}" if saved.shipped else ""
        raise BadInput(
            f"{file} reads latent vectors of the model{named} with the SHA-256 {saved.facts.autoencoder_sha256[:12]}, "
            "which this ridgecode does not come with; install the ridgecode that the matcher came with"
        )
    return Autoencoder.load(pretrained_path(model))


def pretrained_with(sha256: str) -> str | None:
    """The name of the pretrained model whose file has this SHA-256; None where there is none."""
    return next((name for name in pretrained_names() if sha256_of(pretrained_path(name)) == sha256), None)


def _head_parts(saved: SavedMatcher, autoencoder: Autoencoder, sha256: str, name: str, protocol: str) -> MatcherParts:
    facts = saved.facts
    system = latent_head(Encoder(autoencoder), saved.head, facts.template, facts.least_quality)
    if saved.shipped:
        system = system._replace(name=saved.shipped.name)
    of = (system, facts.threshold, facts.fmr, protocol)
    return MatcherParts(*of, counts=facts.counts, sha256=sha256, name=name, autoencoder=autoencoder, head=saved.head)


def _network_parts(network: SavedSiamese, name: str, protocol: str) -> MatcherParts:
    facts = network.facts
    of = (siamese_system(network), facts.threshold, facts.fmr, protocol)
    return MatcherParts(*of, counts=facts.counts, sha256=network.sha256, name=name, network=network)
