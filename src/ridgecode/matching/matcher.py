"""A trained matcher, ready to compare prints: a Siamese head on latent vectors, or an image Siamese system.

print (H, W) --templates--> template --score--> comparison score --threshold--> decision
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.errors import BadInput
from ridgecode.matching.decision_threshold import UNKNOWN, ThresholdCounts
from ridgecode.matching.heads import Head
from ridgecode.matching.matching_table import THRESHOLD_FMR
from ridgecode.matching.shipped.parts import matcher_parts
from ridgecode.matching.siamese.saved import SavedSiamese
from ridgecode.matching.systems import MatchingSystem
from ridgecode.matching.templates.enrolment import failure_to_enrol, qualities
from ridgecode.matching.templates.templates import Templates, packed, unpacked
from ridgecode.prints.any_sensor import image_of_any_sensor
from ridgecode.prints.canonical import PRINT_SHAPE, check_ppi
from ridgecode.prints.datasets.sources import SCALED, scaled_print
from ridgecode.prints.images import read_image
from ridgecode.prints.one_image import canonical_image, print_notes, was_drawn


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
    sha256: of its file, 64 hexadecimal digits, which its templates carry
    name: of it for messages, such as its run's folder
    source, ppi: of the images it was trained on; ppi 0 stands for the source's own pixels per inch; source "" of a
        shipped matcher, which takes images of any sensor
    autoencoder, head: of a head on latent vectors; None of an image system, which has a network
    calibrated: whether `ridgecode calibrate` chose the threshold, on a person's own prints
    wanted_fmr: the FMR that the threshold was chosen for, 0 to 1
    """

    autoencoder: Autoencoder | None = None
    head: Head | None = None
    network: SavedSiamese | None = None
    calibrated = False
    wanted_fmr = THRESHOLD_FMR

    def __init__(
        self,
        system: MatchingSystem,
        threshold: float,
        fmr: float,
        protocol: str,
        source: str = "",
        ppi: float = 0.0,
        counts: ThresholdCounts = UNKNOWN,
        sha256: str = "",
        name: str = "",
    ) -> None:
        self.system, self.threshold, self.fmr = system, threshold, fmr
        self.sha256, self.name = sha256, name or system.name
        self.protocol, self.source, self.ppi, self.counts = protocol, source, ppi, counts

    @classmethod
    def load(cls, run: Path | str) -> "Matcher":
        """Loads a shipped matcher by its name (`ridgecode models list` lists them), the matcher of a train-head or
        train-siamese run by its folder, a matcher's file, or a calibration's file.

        A path that exists goes before a name. Raises BadInput for what is none of these, for a run that has trained
        nothing yet, and for files that don't belong together.
        """
        of = matcher_parts(run)
        about = of.source, of.ppi, of.counts, of.sha256, of.name
        loaded = cls(of.system, of.threshold, of.fmr, of.protocol, *about)
        loaded.autoencoder, loaded.head, loaded.network = of.autoencoder, of.head, of.network
        loaded.calibrated, loaded.wanted_fmr = of.calibrated, of.wanted_fmr
        return loaded

    def __repr__(self) -> str:
        return f"Matcher({self.system.name}, threshold {self.threshold:.4g})"

    @property
    def least_quality(self) -> float:
        """Prints of a quality below it, 0 to 100, fail to enrol; 0 if all are enrolled."""
        return self.system.enrolment.least_quality if self.system.enrolment is not None else 0.0

    def compare(
        self,
        print_a: NDArray[Any],
        print_b: NDArray[Any],
        names: tuple[str, str] = ("the first print", "the second print"),
    ) -> Comparison:
        """Compares two prints, (H, W) each.

        names: of the prints, for messages. Raises BadInput for arrays that are no prints, and for a print that fails to
        enrol.
        """
        probe, reference = (self.templates(one) for one in (print_a, print_b))
        if not len(probe) == len(reference) == 1:
            raise BadInput(f"{len(probe)} prints and {len(reference)} prints; give one print (H, W) on each side")
        for name, template in zip(names, (probe, reference), strict=True):
            if not template.enrolled[0]:
                raise BadInput(failure_to_enrol(name, float(template.quality[0]), self.least_quality))
        score = float(self.scores(probe, reference)[0])
        return Comparison(score, self.threshold, self.fmr, score >= self.threshold)

    def templates(self, prints: NDArray[Any]) -> Templates:
        """(H, W) or (N, H, W) prints -> N templates.

        A print that fails to enrol has a template of zeros, which is not compared. Raises BadInput for arrays that are
        no prints.
        """
        many = _as_uint8(_as_array(prints))
        enrolment = self.system.enrolment
        quality = qualities(many) if enrolment is None else enrolment.qualities(many)
        enrolled = quality >= self.least_quality
        data = packed(self.system.format, self.system.vectors(many if enrolled.all() else many[enrolled]))
        if not enrolled.all():
            whole = np.zeros((len(many), data.shape[1]), np.uint8)
            whole[enrolled] = data
            data = whole
        return Templates(data, enrolled, quality, self.sha256, self.system.format)

    def score(self, templates_a: Templates, templates_b: Templates) -> NDArray[np.float32]:
        """Compares each of N templates with each of M -> scores (N, M); the higher, the more alike.

        NaN where a print failed to enrol. Raises BadInput for templates of another matcher.
        """
        for templates in (templates_a, templates_b):
            self._check_own(templates)
        numbers = (unpacked(self.system.format, templates.data) for templates in (templates_a, templates_b))
        scores = self.system.all_scores(*numbers)
        scores[~templates_a.enrolled] = np.nan
        scores[:, ~templates_b.enrolled] = np.nan
        return scores

    def scores(
        self, probes: Templates | NDArray[np.float32], references: Templates | NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """N templates and N templates -> (N,) scores, of the first with the first and so on.

        NaN where a print failed to enrol. Arrays (N, D) of templates' numbers are taken as well. Raises BadInput for
        templates of another matcher, and for arrays of other shapes, or of different ones.
        """
        for given in (probes, references):
            if isinstance(given, Templates):
                self._check_own(given)
        a, b = (np.asarray(one, dtype=np.float32) for one in (probes, references))
        if a.ndim != 2 or b.ndim != 2:
            raise BadInput(f"templates have the shapes {a.shape} and {b.shape}; give (N, D) of each")
        if a.shape != b.shape:
            raise BadInput(f"{len(a)} probes and {len(b)} references; give as many of each, of equal size")
        rows = np.arange(len(a))
        scores = self.system.scores(a, b, rows, rows)
        for given in (probes, references):
            if isinstance(given, Templates):
                scores[~given.enrolled] = np.nan
        return scores

    def _check_own(self, templates: Templates) -> None:
        """Raises BadInput for templates of another matcher."""
        if templates.matcher != self.sha256:
            raise BadInput(
                f"the templates are of the matcher {_short(templates.matcher)}, not of {self.name} "
                f"({_short(self.sha256)}); make them of the prints again, with `Matcher.templates`"
            )

    def read_image(self, image: Path | str, ppi: float = 0.0) -> NDArray[np.uint8]:
        """An image file -> print, uint8 (H, W), as the matcher's training had its prints.

        ppi: of the image; 0 takes that of the training images, and of a shipped matcher what `image_of_any_sensor`
        finds. An image that `ridgecode decode` drew stays as it is. Raises BadInput for a file that can't be read, and
        for one of unknown scale.
        """
        image, drawn = Path(image), {PRINT_SHAPE}
        if self.autoencoder is not None:
            drawn.add((self.autoencoder.view.height, self.autoencoder.view.width))
        if not self.source or (self.source not in SCALED and self._takes_any_size):
            return image_of_any_sensor(image, ppi, drawn)
        if self.source not in SCALED:
            return canonical_image(image, ppi, drawn)
        check_ppi(ppi)
        read = read_image(image)
        if was_drawn(read, drawn):
            return read.grey
        print_notes(image, read, ppi or self.ppi)
        return scaled_print(self.source, image, ppi or self.ppi, read).pixels

    @property
    def _takes_any_size(self) -> bool:
        """Whether it is an image network that takes the frame of a print of any size."""
        return self.network is not None and self.network.spec.system == "ridge"


def _short(sha256: str) -> str:
    return sha256[:12] or "of no file"


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
