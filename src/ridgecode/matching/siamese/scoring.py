"""An image Siamese network as a matching system: images to embeddings, and scores of a comparison list."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ridgecode.matching.siamese.saved import SavedSiamese
from ridgecode.matching.siamese.systems import Network, SiameseSpec
from ridgecode.matching.systems import MatchingSystem
from ridgecode.matching.vectors import chunks_of_pairs

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
            starts = range(0, max(1, len(images)), step)  # one empty batch where there is no image
            embeddings = [net.embed(spec.tensor(images[i : i + step]).to(device)).cpu() for i in starts]
    finally:
        net.train(was_training)
    return torch.cat(embeddings)


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


def siamese_system(saved: SavedSiamese) -> MatchingSystem:
    """The system of a saved network; its template is the embedding, 4 bytes a number."""
    net, spec = saved.net, saved.spec

    def vectors(prints: NDArray[np.uint8]) -> NDArray[np.float32]:
        return embed_images(net, spec, spec.fit(prints)).numpy()

    def scores(
        probes: NDArray[np.float32],
        references: NDArray[np.float32],
        probe_rows: NDArray[np.int64],
        reference_rows: NDArray[np.int64],
    ) -> NDArray[np.float32]:
        return score_embeddings(net, torch.from_numpy(probes), torch.from_numpy(references), probe_rows, reference_rows)

    with torch.no_grad():
        size = net.embed(torch.zeros(1, spec.channels, spec.height, spec.width)).shape[1]
    return MatchingSystem(f"{spec.system} ({spec.recipe})", 4 * size, vectors, scores)
