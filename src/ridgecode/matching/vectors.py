"""Scores of vectors for a list of pairs, given as row numbers; a higher score is more alike."""

from collections.abc import Callable, Iterator

import numpy as np

# So many floats of gathered vectors at a time (4 MB) stay near the cache; ten times as many take three times as long.
_CHUNK_FLOATS = 1 << 20


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    """Vectors (N,D) scaled to length 1, float32; a zero vector stays zero, so that its cosine with any other is 0."""
    vectors = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def dot_scores(
    probes: np.ndarray, references: np.ndarray, probe_rows: np.ndarray, reference_rows: np.ndarray
) -> np.ndarray:
    """Dot product of probes[probe_rows] and references[reference_rows], (P,D) and (R,D): scores float32 (N,)."""
    return _by_pairs(probes, references, probe_rows, reference_rows, lambda p, r: np.einsum("nd,nd->n", p, r))


def cosine_scores(
    probes: np.ndarray, references: np.ndarray, probe_rows: np.ndarray, reference_rows: np.ndarray
) -> np.ndarray:
    """Cosine of the angle between the paired vectors, in [-1,1] up to rounding, float32 (N,); 0 for a zero vector."""
    return dot_scores(unit_vectors(probes), unit_vectors(references), probe_rows, reference_rows)


def euclidean_scores(
    probes: np.ndarray, references: np.ndarray, probe_rows: np.ndarray, reference_rows: np.ndarray
) -> np.ndarray:
    """Minus the Euclidean distance of the paired vectors, so at most 0 and higher is more alike: float32 (N,)."""
    return _by_pairs(
        probes, references, probe_rows, reference_rows, lambda p, r: -np.linalg.norm(p - r, axis=1).astype(np.float32)
    )


def chunks_of_pairs(n_pairs: int, size: int) -> Iterator[slice]:
    """Slices over `n_pairs` pairs of vectors of `size` floats, each of a few megabytes."""
    step = max(1, _CHUNK_FLOATS // max(1, size))
    for start in range(0, n_pairs, step):
        yield slice(start, min(start + step, n_pairs))


def _by_pairs(
    probes: np.ndarray,
    references: np.ndarray,
    probe_rows: np.ndarray,
    reference_rows: np.ndarray,
    score: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    probes, references = np.asarray(probes, dtype=np.float32), np.asarray(references, dtype=np.float32)
    scores = np.empty(len(probe_rows), dtype=np.float32)
    for part in chunks_of_pairs(len(probe_rows), probes.shape[1]):
        scores[part] = score(probes[probe_rows[part]], references[reference_rows[part]])
    return scores
