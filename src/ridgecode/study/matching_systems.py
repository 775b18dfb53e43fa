"""The matchers that an evaluation puts side by side: a run's latent vectors or head, and training-free baselines."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ridgecode.autoencoders.saved import SavedAutoencoder
from ridgecode.codec.context_file import has_context
from ridgecode.codec.latent_codec import latent_codec
from ridgecode.errors import BadInput
from ridgecode.matching.baselines import PixelCosine, WhitenedPCA
from ridgecode.matching.comparisons import Comparisons, probe_prints, reference_prints
from ridgecode.matching.heads import LatentHead, score_pairs
from ridgecode.matching.vectors import dot_scores, unit_vectors
from ridgecode.prints.store import PrintStore
from ridgecode.study.autoencoder_training import windows
from ridgecode.study.reconstruction_figures import encode_windows

WHOLE_PRINT_COMPONENTS = (16, 64)
"""Whitened components of the whole print in every table: 16 do best on moved probes, 64 nearly solve aligned ones."""

Prints = NDArray[np.uint8]
Vectors = NDArray[np.float32]


class MatchingSystem(NamedTuple):
    """`vectors`: prints (N, H, W) uint8 -> (N, D); `scores`: probe and reference vectors with a list's rows -> (C,).

    bytes: of one template as it is compared, 4 a float unless the system stores bytes.
    """

    name: str
    bytes: int
    vectors: Callable[[Prints], Vectors]
    scores: Callable[[Vectors, Vectors, NDArray[np.int64], NDArray[np.int64]], NDArray[np.float32]]


class Encoder:
    """Latent vectors of prints as they are compared: rounded where the model was trained for a rate, so that they are
    those of the bytes that are kept. It remembers the last few sets: encoding takes longer than all comparisons, and
    several systems compare the same prints."""

    def __init__(self, saved: SavedAutoencoder) -> None:
        self.saved = saved
        self._codec = latent_codec(saved) if has_context(saved.codec) else None
        self._kept: list[tuple[Prints, Vectors]] = []

    def __call__(self, prints: Prints) -> Vectors:
        for known, z in self._kept:
            if known is prints:
                return z
        z = latents(self.saved, prints)
        if self._codec is not None:
            z = self._codec.round(torch.from_numpy(z)).numpy()
        # Probes and references of the split that is measured, and of the one that the threshold comes from.
        self._kept = [*self._kept, (prints, z)][-4:]
        return z


def latent_cosine(encoder: Encoder) -> MatchingSystem:
    """Cosine of latent vectors, each dim standardised by its scale on training prints: nothing is trained for it."""
    saved = encoder.saved
    mean, std = saved.latent_mean.numpy(), saved.latent_std.clamp_min(1e-6).numpy()

    def vectors(prints: Prints) -> Vectors:
        return unit_vectors((encoder(prints) - mean) / std)

    return MatchingSystem("cosine on z", 4 * saved.spec.latent_dim, vectors, dot_scores)


def latent_head(encoder: Encoder, head: LatentHead) -> MatchingSystem:
    """A trained head on latent vectors; its template is the latent vector."""

    def scores(
        probes: Vectors, references: Vectors, probe_rows: NDArray[np.int64], reference_rows: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        return score_pairs(head, probes, references, probe_rows, reference_rows)

    return MatchingSystem("head", 4 * encoder.saved.spec.latent_dim, encoder, scores)


def baselines(saved: SavedAutoencoder, train: Prints) -> list[MatchingSystem]:
    """Training-free systems: pixels and whitened PCA of the whole print, and both of the run's own window at the run's
    own number of dims. Fitted on (N, H, W) training prints; sizes that these can't give are left out."""
    systems = whole_print_baselines(train)
    view, dims = saved.spec.window, saved.spec.latent_dim
    if view.print_shape is None:
        own = PixelCosine.fit(view.take(train))
        name = f"pixels {view.name}"
        systems.append(MatchingSystem(name, own.bytes, lambda prints: own.vectors(view.take(prints)), dot_scores))
        systems += _pca(f"pca{dims} {view.name}", train, dims, view.take)
    elif dims not in WHOLE_PRINT_COMPONENTS:
        systems += _pca(f"pca{dims}", train, dims, lambda prints: prints)
    return systems


def whole_print_baselines(train: Prints) -> list[MatchingSystem]:
    """Pixels and whitened PCA of the whole image, fitted on (N, H, W) training images."""
    pixels = PixelCosine.fit(train)
    systems = [MatchingSystem("pixels", pixels.bytes, pixels.vectors, dot_scores)]
    for components in WHOLE_PRINT_COMPONENTS:
        systems += _pca(f"pca{components}", train, components, lambda prints: prints)
    return systems


def _pca(name: str, train: Prints, components: int, take: Callable[[Prints], Prints]) -> list[MatchingSystem]:
    try:
        fitted = WhitenedPCA.fit(take(train), components)
    except BadInput:  # a small store does not span so many components
        return []
    return [MatchingSystem(name, fitted.bytes, lambda prints: fitted.vectors(take(prints)), dot_scores)]


def latents(saved: SavedAutoencoder, prints: Prints) -> Vectors:
    """(N, H, W) uint8 -> (N, latent_dim) float32, a few thousand at a time so that windows never fill the memory."""
    parts = [encode_windows(saved.net, windows(prints[i : i + 2048], saved.spec)) for i in range(0, len(prints), 2048)]
    return torch.cat(parts).float().numpy()


def protocols_of(store: PrintStore) -> list[str]:
    """The protocols that a store's prints allow: altered probes, or several impressions of a finger."""
    if (store.column("level") != "Real").any():
        return ["aligned", "moved"]
    return ["fvc"] if (store.column("impression") > 1).any() else []


class ScoredList(NamedTuple):
    """A comparison list with the images it names, read and moved once for all systems."""

    comparisons: Comparisons
    probes: Prints
    references: Prints

    @classmethod
    def of(cls, store: PrintStore, comparisons: Comparisons) -> "ScoredList":
        return cls(comparisons, probe_prints(store, comparisons), reference_prints(store, comparisons))

    def scores(self, system: MatchingSystem) -> NDArray[np.float32]:
        """(C,) scores of the list's comparisons."""
        rows = self.comparisons.probe_rows, self.comparisons.reference_rows
        return system.scores(system.vectors(self.probes), system.vectors(self.references), *rows)
