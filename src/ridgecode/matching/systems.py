"""The matching systems that an evaluation compares: a model's latent vectors, a head, and training-free baselines."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.autoencoders.autoencoder import Autoencoder
from ridgecode.codec.context_codec import has_context
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.errors import BadInput
from ridgecode.matching.baselines import PixelCosine, WhitenedPCA
from ridgecode.matching.heads import Head, score_pairs
from ridgecode.matching.places.head import PlacesHead
from ridgecode.matching.places.placement import placed
from ridgecode.matching.system_names import HEAD
from ridgecode.matching.templates.enrolment import Enrolment, enrolment_of
from ridgecode.matching.templates.format import TemplateFormat
from ridgecode.matching.templates.head_templates import check_cosine, head_templates
from ridgecode.matching.templates.scoring import all_scores, pair_scores
from ridgecode.matching.vectors import dot_scores, unit_vectors
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import View

WHOLE_PRINT_COMPONENTS = (16, 64)
"""Components of the whitened PCA in every table: 16 are best on moved probes, 64 nearly perfect on aligned ones."""

Prints = NDArray[np.uint8]
Vectors = NDArray[np.float32]
_PAIRS = 1 << 22
"""Comparisons at a time, whose rows take 64 MB."""


class MatchingSystem(NamedTuple):
    """A way to score comparisons of prints.

    bytes: size of one template as it is compared, 4 for a float
    vectors: prints (N, H, W) uint8 -> (N, D); integers (int8) where the system has a template format
    scores: vectors of probes (P, D) and references (R, D), and the rows of each of C comparisons in them -> (C,)
    format: of its templates; None for floats
    enrolment: says which prints are good enough to be compared; None for all
    """

    name: str
    bytes: int
    vectors: Callable[[Prints], NDArray[Any]]
    scores: Callable[[Vectors, Vectors, NDArray[np.int64], NDArray[np.int64]], NDArray[np.float32]]
    format: TemplateFormat | None = None
    enrolment: Enrolment | None = None

    def all_scores(self, probes: NDArray[Any], references: NDArray[Any]) -> NDArray[np.float32]:
        """Vectors (N, D) and (M, D) -> (N, M), the score of each with each."""
        if self.format is not None:
            return all_scores(self.format, probes, references)
        found, columns = np.empty((len(probes), len(references)), np.float32), np.arange(len(references))
        step = max(1, _PAIRS // max(1, len(references)))
        for start in range(0, len(probes), step):
            some = probes[start : start + step]
            rows = np.repeat(np.arange(len(some)), len(columns)), np.tile(columns, len(some))
            found[start : start + step] = self.scores(some, references, *rows).reshape(len(some), -1)
        return found


class Encoder:
    """Encodes prints for matchers. If the model has a context model, latent vectors are rounded to those that its coded
    bytes decode to.

    The latent vectors of the last four arrays of prints are kept, since several systems compare the same prints, and
    encoding takes longer than all comparisons.
    """

    def __init__(self, autoencoder: Autoencoder) -> None:
        self.autoencoder = autoencoder.for_inference()
        saved = autoencoder.saved
        self._codec = latent_codec(saved) if has_context(saved.codec) else None
        self._cache: list[tuple[Prints, Vectors]] = []

    def __call__(self, prints: Prints) -> Vectors:
        """(N, H, W) uint8 -> (N, latent_dim) float32."""
        for cached, z in self._cache:
            if cached is prints:
                return z
        z = self.autoencoder.encode(prints)
        if self._codec is not None:
            z = self._codec.round(torch.from_numpy(z)).numpy()
        # Probes and references of the measured split, and of the split on which the threshold is chosen.
        self._cache = [*self._cache, (prints, z)][-4:]
        return z


def latent_cosine(encoder: Encoder) -> MatchingSystem:
    """The cosine of latent vectors, each dim standardised by its mean and standard deviation on training prints."""
    autoencoder = encoder.autoencoder
    mean = autoencoder.latent_mean.cpu().numpy()
    std = autoencoder.latent_std.clamp_min(1e-6).cpu().numpy()

    def vectors(prints: Prints) -> Vectors:
        return unit_vectors((encoder(prints) - mean) / std)

    return MatchingSystem("cosine on z", 4 * autoencoder.latent_dim, vectors, dot_scores)


def latent_head(
    encoder: Encoder, head: Head, format: TemplateFormat | None = None, least_quality: float = 0.0
) -> MatchingSystem:
    """A trained head on latent vectors. For one that sees places, images of another size than the canonical print's are
    placed by their ridge area.

    format: of its templates, which are its embeddings as integers; None: a template is the latent vector, in floats
    least_quality: prints of a lower quality fail to enrol; 0 enrols all

    Raises BadInput for a format with another comparator than the cosine.
    """
    enrolment = enrolment_of(least_quality)

    def encoded(prints: Prints) -> Vectors:
        return encoder(placed(prints) if isinstance(head, PlacesHead) else prints)

    def scores(
        probes: Vectors, references: Vectors, probe_rows: NDArray[np.int64], reference_rows: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        return score_pairs(head, probes, references, probe_rows, reference_rows)

    if format is None:
        return MatchingSystem(HEAD, 4 * encoder.autoencoder.latent_dim, encoded, scores, enrolment=enrolment)
    check_cosine(head.comparator)

    def integers(prints: Prints) -> NDArray[np.int8]:
        return head_templates(head, format, encoded(prints))

    return MatchingSystem(HEAD, format.bytes, integers, partial(pair_scores, format), format, enrolment)


def baselines(view: View, dims: int, train: Prints) -> list[MatchingSystem]:
    """The training-free systems beside a model of `dims` latent dims on `view`: pixels and whitened PCA, of the whole
    print and of the view's window, the latter with `dims` components.

    train: (N, H, W) uint8 training prints, on which they are fitted. A PCA that needs more prints is left out.
    """
    systems = whole_print_baselines(train)
    if view.print_shape is None:
        pixels, name = PixelCosine.fit(view.take(train)), f"pixels {view.name}"
        systems.append(MatchingSystem(name, pixels.bytes, lambda prints: pixels.vectors(view.take(prints)), dot_scores))
        systems += _pca(f"pca{dims} {view.name}", train, dims, view.take)
    elif dims not in WHOLE_PRINT_COMPONENTS:
        systems += _pca(f"pca{dims}", train, dims, lambda prints: prints)
    return systems


def whole_print_baselines(train: Prints) -> list[MatchingSystem]:
    """Pixels and whitened PCA of the whole image, fitted on (N, H, W) uint8 training images."""
    pixels = PixelCosine.fit(train)
    systems = [MatchingSystem("pixels", pixels.bytes, pixels.vectors, dot_scores)]
    for components in WHOLE_PRINT_COMPONENTS:
        systems += _pca(f"pca{components}", train, components, lambda prints: prints)
    return systems


def _pca(name: str, train: Prints, components: int, take: Callable[[Prints], Prints]) -> list[MatchingSystem]:
    try:
        fitted = WhitenedPCA.fit(take(train), components)
    except BadInput:  # too few prints for so many components
        return []
    return [MatchingSystem(name, fitted.bytes, lambda prints: fitted.vectors(take(prints)), dot_scores)]


def protocols_of(store: PrintStore) -> list[str]:
    """The protocols that a store's prints allow: those of altered prints, else of several impressions, else none."""
    if (store.column("level") != "Real").any():
        return ["aligned", "moved"]
    if not (store.column("impression") > 1).any():
        return []
    return ["impressions"] if store.source == "impressions" else ["fvc"]
