"""A trained matcher, ready to compare prints: a Siamese head on latent vectors, or an image Siamese system.

print (H, W) --templates--> template --scores--> comparison score --threshold--> decision
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.errors import BadInput
from ridgecode.matching.decision_threshold import UNKNOWN, ThresholdCounts
from ridgecode.matching.heads import LatentHead
from ridgecode.matching.recorded_counts import recorded_counts
from ridgecode.matching.saved_matcher import check_autoencoder, load_matcher
from ridgecode.matching.siamese.saved import SavedSiamese, load_siamese
from ridgecode.matching.siamese.scoring import siamese_system
from ridgecode.matching.systems import Encoder, MatchingSystem, latent_head
from ridgecode.prints.canonical import PRINT_SHAPE, check_ppi
from ridgecode.prints.datasets.sources import scaled_print
from ridgecode.prints.images import read_image
from ridgecode.prints.one_image import canonical_image, print_notes, was_drawn
from ridgecode.runs.run_folder import RunFolder
from ridgecode.runs.run_kind import run_kind

AUTOENCODER_FILE = "autoencoder.safetensors"
"""In the folder of a head's run: the autoencoder whose latent vectors the head reads."""


class Comparison(NamedTuple):
    """One comparison. score: the higher, the more alike; threshold: of the decision; fmr: share of the non-mated
    validation comparisons that reach the threshold, 0 to 1; decision: whether the score reaches it, a match."""

    score: float
    threshold: float
    fmr: float
    decision: bool


class Matcher:
    """A trained matcher. Get one with `Matcher.load`.

    Prints are grey, 0 a black ridge, 255 (or 1) the white background: uint8, or floats in [0, 1].

    system: its templates and scores as an evaluation takes them
    threshold: a score at or above it is a match; it was chosen on validation subjects
    fmr: share of the non-mated validation comparisons that reach the threshold, 0 to 1
    protocol: of those comparisons
    counts: how many these were, of how many subjects, and how high the FMR may be
    source, ppi: of the images it was trained on; ppi 0 stands for the source's own pixels per inch
    autoencoder, head: of a head on latent vectors; None of an image system
    """

    autoencoder: Autoencoder | None = None
    head: LatentHead | None = None

    def __init__(
        self,
        system: MatchingSystem,
        threshold: float,
        fmr: float,
        protocol: str,
        source: str = "",
        ppi: float = 0.0,
        counts: ThresholdCounts = UNKNOWN,
    ) -> None:
        self.system, self.threshold, self.fmr = system, threshold, fmr
        self.protocol, self.source, self.ppi, self.counts = protocol, source, ppi, counts

    @classmethod
    def load(cls, run: Path | str) -> "Matcher":
        """Loads the matcher of a train-head or train-siamese run.

        Raises BadInput for another folder, for a run that has trained nothing yet, and for files that don't belong
        together.
        """
        folder = RunFolder(Path(run))
        kind, seen = run_kind(folder), folder.read_environment()
        about = str(seen.get("source", "socofing")), float(seen.get("ppi", 0))
        digest = str(seen.get("data_digest", ""))
        if kind == "siamese":
            network = load_siamese_run(folder.path)
            protocol = f"pairs-by-{seen.get('split_by', 'subject')}"
            of = network.facts
            counts = recorded_counts(folder.path, of.counts, of.fmr, protocol, digest)
            return cls(siamese_system(network), of.threshold, of.fmr, protocol, *about, counts)
        if kind != "head":
            raise BadInput(f"{run} is no matcher: give the folder of a train-head or train-siamese run")
        _check_trained(folder)
        saved = load_matcher(folder.model)
        check_autoencoder(saved, folder.path / AUTOENCODER_FILE)
        autoencoder, facts = Autoencoder.load(folder.path / AUTOENCODER_FILE), saved.facts
        system = latent_head(Encoder(autoencoder), saved.head)
        counts = recorded_counts(folder.path, facts.counts, facts.fmr, facts.protocol, digest)
        matcher = cls(system, facts.threshold, facts.fmr, facts.protocol, *about, counts)
        matcher.autoencoder, matcher.head = autoencoder, saved.head
        return matcher

    def __repr__(self) -> str:
        return f"Matcher({self.system.name}, threshold {self.threshold:.4g})"

    def compare(self, print_a: NDArray[Any], print_b: NDArray[Any]) -> Comparison:
        """Compares two prints, (H, W) each. Raises BadInput for arrays that are no prints."""
        probe, reference = (self.templates(one) for one in (print_a, print_b))
        if not len(probe) == len(reference) == 1:
            raise BadInput(f"{len(probe)} prints and {len(reference)} prints; give one print (H, W) on each side")
        score = float(self.scores(probe, reference)[0])
        return Comparison(score, self.threshold, self.fmr, score >= self.threshold)

    def templates(self, prints: NDArray[Any]) -> NDArray[np.float32]:
        """(H, W) or (N, H, W) prints -> (N, D) templates. Raises BadInput for arrays that are no prints."""
        return self.system.vectors(_as_uint8(_as_array(prints)))

    def scores(self, probes: NDArray[np.float32], references: NDArray[np.float32]) -> NDArray[np.float32]:
        """Templates (N, D) and (N, D) -> (N,) scores, of the first with the first and so on. Raises BadInput for arrays
        of other shapes, or of different ones."""
        probes, references = (np.asarray(one, dtype=np.float32) for one in (probes, references))
        if probes.ndim != 2 or references.ndim != 2:
            raise BadInput(f"templates have the shapes {probes.shape} and {references.shape}; give (N, D) of each")
        if probes.shape != references.shape:
            raise BadInput(
                f"{len(probes)} probes and {len(references)} references; give as many of each, of equal size"
            )
        rows = np.arange(len(probes))
        return self.system.scores(probes, references, rows, rows)

    def read_image(self, image: Path | str, ppi: float = 0.0) -> NDArray[np.uint8]:
        """An image file -> print, uint8 (H, W), as the matcher's training had its prints.

        ppi: of the image; 0 takes that of the training images. An image that `ridgecode decode` drew stays as it is.
        Raises BadInput for a file that can't be read, and for one of another size than the training images where its
        ppi is not given.
        """
        image, drawn = Path(image), {PRINT_SHAPE}
        if self.autoencoder is not None:
            drawn.add((self.autoencoder.view.height, self.autoencoder.view.width))
        if self.source not in ("fvc", "folder"):
            return canonical_image(image, ppi, drawn)
        check_ppi(ppi)
        read = read_image(image)
        if was_drawn(read, drawn):
            return read.grey
        print_notes(image, read, ppi or self.ppi)
        return scaled_print(self.source, image, ppi or self.ppi, read).pixels


def load_siamese_run(run: Path) -> SavedSiamese:
    """Reads the network of an image Siamese run. Raises BadInput where it has not been trained yet."""
    _check_trained(RunFolder(run))
    return load_siamese(RunFolder(run).model)


def _check_trained(run: RunFolder) -> None:
    if not run.model.is_file():
        verb = run.read_config()["verb"]
        raise BadInput(f"{run.path} has no trained matcher yet; give its {verb} command again, which goes on with it")


def _as_array(prints: Any) -> NDArray[Any]:
    """What NumPy makes an array of, a torch tensor that carries gradients too."""
    if hasattr(prints, "detach"):
        prints = prints.detach().cpu()
    try:
        return np.asarray(prints)
    except ValueError:  # a list of rows of different lengths
        raise BadInput(f"the prints are a {type(prints).__name__} of another form; give (H, W) or (N, H, W)") from None


def _as_uint8(prints: NDArray[Any]) -> NDArray[np.uint8]:
    """(H, W) or (N, H, W) prints -> (N, H, W) uint8."""
    if prints.ndim not in (2, 3) or 0 in prints.shape[-2:]:
        raise BadInput(f"the prints have the shape {prints.shape}; give (H, W) or (N, H, W)")
    many = prints if prints.ndim == 3 else prints[None]
    if many.dtype == np.uint8:
        return many
    if many.dtype.kind != "f":
        raise BadInput(f"the prints are {many.dtype}; give uint8 of 0 to 255, or floats in [0, 1]")
    low, high = many.min(initial=0), many.max(initial=0)
    if not (low >= 0 and high <= 1):
        what = "hold NaN" if np.isnan(high) else f"range from {low:g} to {high:g}"
        raise BadInput(f"the prints {what}; give floats in [0, 1], or uint8 of 0 to 255")
    return np.rint(many * 255).astype(np.uint8)
