"""An image Siamese network as a matching system: images to embeddings, and scores of a comparison list."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.matching.siamese.saved import SavedSiamese
from ridgecode.matching.siamese.systems import Network, SiameseSpec
from ridgecode.matching.systems import MatchingSystem
from ridgecode.matching.templates.enrolment import enrolment_of
from ridgecode.matching.templates.scoring import pair_scores
from ridgecode.matching.vectors import chunks_of_pairs
from ridgecode.prints.canonical import WHITE

BATCH = 128
_BATCH_FLOATS = 2**28
_LARGEST_MAP = 64
"""No published network holds more maps of the input's size than so many."""


def images_at_a_time(spec: SiameseSpec) -> int:
    """How many images a network embeds at once: 128, but fewer large ones, whose maps then take a gigabyte at most."""
    return max(1, min(BATCH, _BATCH_FLOATS // (_LARGEST_MAP * spec.height * spec.width)))


def embed_images(net: Network, spec: SiameseSpec, images: NDArray[np.uint8]) -> Tensor:
    """(N, height, width) uint8 images of the network's size -> (N, D) on the CPU; in evaluation mode, in batches."""
    device = next(net.parameters()).device
    was_training = net.training
    net.eval()
    try:
        with torch.inference_mode():
            step = images_at_a_time(spec)
            # Without an image, a white one gives the size; torch's pixel_unshuffle fails on an empty batch.
            some = images if len(images) else np.full((1, spec.height, spec.width), WHITE, np.uint8)
            starts = range(0, len(some), step)
            embeddings = [net.embed(spec.tensor(some[i : i + step]).to(device)).cpu() for i in starts]
    finally:
        net.train(was_training)
    return torch.cat(embeddings)[: len(images)]


def score_embeddings(
    net: Network, probes: Tensor, references: Tensor, probe_rows: NDArray[np.int64], reference_rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Scores (C,) of rows of embeddings (P, D) and (R, D), in chunks of a few megabytes."""
    device = next(net.parameters()).device
    scores = np.empty(len(probe_rows), np.float32)
    with torch.inference_mode():
        for part in chunks_of_pairs(len(probe_rows), probes.shape[1]):
            e1, e2 = probes[torch.from_numpy(probe_rows[part])], references[torch.from_numpy(reference_rows[part])]
            scores[part] = net.score(e1.to(device), e2.to(device)).cpu().numpy()
    return scores


class Fitted:
    """Brings prints (N, H, W) to a network's size. Those of the last two arrays are kept, since the quality of a print
    is measured on them as well."""

    def __init__(self, spec: SiameseSpec) -> None:
        self._spec = spec
        self._cache: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]] = []

    def __call__(self, prints: NDArray[np.uint8]) -> NDArray[np.uint8]:
        for cached, found in self._cache:
            if cached is prints:
                return found
        found = self._spec.fit(prints)
        self._cache = [*self._cache, (prints, found)][-2:]
        return found


def _as_they_are(prints: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return prints


def siamese_system(saved: SavedSiamese, fitted: bool = False) -> MatchingSystem:
    """The system of a saved network. Its template is the embedding: integers where its facts state a format of
    templates, else 4 bytes a number.

    fitted: whether prints come as `saved.spec.fit` gives them. In both cases it is these images whose quality says
        which prints enrol, so that a store of one size and one of several agree on that.
    """
    net, spec, format = saved.net, saved.spec, saved.facts.template
    fit: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] = _as_they_are if fitted else Fitted(spec)
    enrolment = enrolment_of(saved.facts.least_quality, fit)
    name = saved.shipped.name if saved.shipped else f"{spec.system} ({spec.recipe})"

    def vectors(prints: NDArray[np.uint8]) -> NDArray[np.float32]:
        return embed_images(net, spec, fit(prints)).numpy()

    def scores(
        probes: NDArray[np.float32],
        references: NDArray[np.float32],
        probe_rows: NDArray[np.int64],
        reference_rows: NDArray[np.int64],
    ) -> NDArray[np.float32]:
        return score_embeddings(net, torch.from_numpy(probes), torch.from_numpy(references), probe_rows, reference_rows)

    if format is not None:

        def integers(prints: NDArray[np.uint8]) -> NDArray[np.int8]:
            return format.quantise(vectors(prints))

        return MatchingSystem(name, format.bytes, integers, partial(pair_scores, format), format, enrolment)
    with torch.no_grad():
        size = net.embed(torch.zeros(1, spec.channels, spec.height, spec.width)).shape[1]
    return MatchingSystem(name, 4 * size, vectors, scores, enrolment=enrolment)
