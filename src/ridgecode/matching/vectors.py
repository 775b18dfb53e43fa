"""Scores of pairs of vectors, given as row numbers; a higher score is more alike."""

from collections.abc import Iterator

import numpy as np

# Chunks of this many floats (4 MB) fit into the processor's cache; chunks ten times as large take three times as long.
_CHUNK_FLOATS = 1 << 20


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    """Vectors (N, D) scaled to length 1, float32. A zero vector stays zero, so its dot product with any other is 0."""
    vectors = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def dot_scores(
    probes: np.ndarray, references: np.ndarray, probe_rows: np.ndarray, reference_rows: np.ndarray
) -> np.ndarray:
    """Dot product of each pair of a probe and a reference, float32 (N,); the cosine where both are unit vectors.

    probes: (P, D); references: (R, D); probe_rows, reference_rows: int (N,), the rows of each pair's vectors.
    """
    probes, references = np.asarray(probes, dtype=np.float32), np.asarray(references, dtype=np.float32)
    scores = np.empty(len(probe_rows), dtype=np.float32)
    for part in chunks_of_pairs(len(probe_rows), probes.shape[1]):
        scores[part] = np.einsum("nd,nd->n", probes[probe_rows[part]], references[reference_rows[part]])
    return scores


def chunks_of_pairs(n_pairs: int, size: int) -> Iterator[slice]:
    """Slices that together cover `n_pairs` pairs of vectors of `size` floats, about 4 MB a slice."""
    step = max(1, _CHUNK_FLOATS // max(1, size))
    for start in range(0, n_pairs, step):
        yield slice(start, min(start + step, n_pairs))
