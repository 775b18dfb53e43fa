"""Baselines against scikit-learn's PCA and their formulas."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from ridgecode.errors import BadInput
from ridgecode.matching.baselines import PixelCosine, WhitenedPCA


@pytest.fixture
def prints():
    rng = np.random.default_rng(0)
    smooth = rng.standard_normal((700, 12)) * np.linspace(3, 0.5, 12) @ rng.standard_normal((12, 11 * 9))
    noisy = 128 + 12 * smooth + 4 * rng.standard_normal((700, 99))
    return np.clip(noisy, 0, 255).astype(np.uint8).reshape(700, 11, 9)


@pytest.mark.parametrize("n", [60, 600])
def test_whitened_components_agree_with_scikit_learn(prints, n):
    # With 60 prints of 99 pixels the N x N product is used, with 600 the other.
    train, probes = prints[:n], prints[n:]
    vectors = WhitenedPCA.fit(train, 20).vectors(probes)
    flat = train.reshape(n, -1) / 255
    peer = PCA(20, whiten=True, svd_solver="full").fit(flat).transform(probes.reshape(len(probes), -1) / 255)
    peer /= np.linalg.norm(peer, axis=1, keepdims=True)
    # Components come with either sign; cosines between prints do not care.
    np.testing.assert_allclose(vectors @ vectors.T, peer @ peer.T, atol=2e-4)
    np.testing.assert_allclose(np.abs(vectors), np.abs(peer), atol=2e-4)
    assert vectors.dtype == np.float32


def test_first_components_do_not_depend_on_how_many_are_fitted(prints):
    largest = WhitenedPCA.fit(prints, 12)
    fitted = WhitenedPCA.fit(prints, 5)
    assert (largest.components, largest.bytes, fitted.bytes) == (12, 48, 20)
    np.testing.assert_allclose(largest.basis[:, :5], fitted.basis, atol=1e-3 * np.abs(fitted.basis).max())
    assert np.abs(np.sum(fitted.vectors(prints) ** 2, axis=1) - 1).max() < 1e-5


def test_pixel_cosine_is_its_formula(prints):
    train, probes = prints[:500], prints[500:]
    baseline = PixelCosine.fit(train)
    assert baseline.bytes == 99
    centred = probes.reshape(200, -1) / 255 - (train.reshape(500, -1) / 255).mean(axis=0)
    expected = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    np.testing.assert_allclose(baseline.vectors(probes), expected, atol=1e-5)
    assert baseline.vectors(probes[:0]).shape == (0, 99)


def test_bad_prints_are_refused(prints):
    with pytest.raises(BadInput, match="ask for fewer"):
        WhitenedPCA.fit(prints[:10], 10)
    with pytest.raises(BadInput, match="span 3 components only"):
        WhitenedPCA.fit(np.repeat(prints[:4], 5, axis=0), 8)
    with pytest.raises(BadInput, match="the split has none"):
        PixelCosine.fit(prints[:0])
    fitted = WhitenedPCA.fit(prints, 4)
    with pytest.raises(BadInput, match="fitted on prints of 99 pixels"):
        fitted.vectors(prints[:, :5])
