"""The fixed turn of embeddings: against the properties of orthogonal matrices."""

import hashlib

import numpy as np
import pytest

from ridgecode.matching.templates.expansion import expansion


@pytest.mark.parametrize(("dims", "size"), [(512, 64), (512, 100), (128, 128), (1024, 3)])
def test_lengths_and_angles_stay(dims: int, size: int) -> None:
    matrix = expansion(dims, size).astype(float)
    assert matrix.shape == (dims, size)
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(size), atol=1e-6)


def test_the_directions_differ() -> None:
    """No two of the 512 planes are the same, which would store a bit twice."""
    matrix = expansion(512, 64).astype(float)
    rows = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    others = np.abs(rows @ rows.T) - np.eye(512)
    assert others.max() < 0.8
    assert others.mean() == pytest.approx(np.sqrt(2 / np.pi / 64), rel=0.1)  # that of random directions


def test_more_numbers_than_dims() -> None:
    matrix = expansion(128, 512).astype(float)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(128), atol=1e-6)


def test_it_never_changes() -> None:
    """Stored templates could no longer be compared. The matrix is rounded, since processors differ in the last bit."""
    rounded = np.rint(expansion(512, 64).astype(float) * 2**16).astype("<i4")
    assert hashlib.sha256(rounded.tobytes()).hexdigest()[:16] == "1baecf7d8c914a50"
    with pytest.raises(ValueError, match="read-only"):
        expansion(512, 64)[0, 0] = 1
