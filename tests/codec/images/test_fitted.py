"""Fitted image codecs against loops over blocks, numpy's singular value decomposition, and what quantisation loses."""

import numpy as np
import pytest
import torch
from scipy.fft import dct

from ridgecode.codec.images.fitted import block_klt, fitted_codec, whole_pca
from ridgecode.codec.images.names import FITTED
from ridgecode.errors import BadInput
from ridgecode.prints.synthetic.impressions import impression
from ridgecode.prints.synthetic.masters import master_print

SHAPE = (20, 13)


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    """200 pieces of one synthetic print; their sides are no multiples of 8."""
    whole, rng = impression(master_print(3), 3), np.random.default_rng(0)
    places = zip(rng.integers(10, 60, 200), rng.integers(10, 60, 200), strict=True)
    return np.stack([whole[y : y + SHAPE[0], x : x + SHAPE[1]] for y, x in places])


@pytest.mark.parametrize("name", FITTED)
def test_more_bytes_less_error(name: str, crops: np.ndarray) -> None:
    codec = fitted_codec(name, crops)
    sizes, errors = [], []
    for quality in (400, 100, 20):
        codec.check(quality)
        files = [codec.encode(image, quality) for image in crops[:40]]
        decoded = np.stack([codec.decode(data) for data in files])
        assert (decoded.dtype, decoded.shape[1:]) == (np.uint8, SHAPE)
        assert all(data[:2] == quality.to_bytes(2, "big") and codec.header_bytes(data) == 2 for data in files)
        sizes.append(np.mean([len(data) for data in files]))
        errors.append(np.mean((decoded.astype(float) - crops[:40]) ** 2))
    assert sizes == sorted(sizes) and errors == sorted(errors, reverse=True)
    assert sizes[-1] > 2 * sizes[0]
    assert codec.encode(crops[0], 100) == fitted_codec(name, crops).encode(crops[0], 100)
    assert list(codec.qualities) == sorted(codec.qualities, reverse=True)  # the smallest files first


def test_klt_loses_what_rounding_loses(crops: np.ndarray) -> None:
    """A fine step of an orthonormal transform: its square over 12, and that of rounding to grey values."""
    codec = fitted_codec("klt", crops)
    errors = [(codec.decode(codec.encode(image, 6)).astype(float) - image) ** 2 for image in crops]
    inside = [error[(image > 20) & (image < 235)] for error, image in zip(errors, crops, strict=True)]
    assert np.mean(np.concatenate(inside)) == pytest.approx(6**2 / 12 + 1 / 12, rel=0.1)


def test_klt_coefficients_by_loops(crops: np.ndarray) -> None:
    transform, blocks = block_klt(crops), []
    for image in crops:
        for top in (0, 8, 16):
            for left in (0, 8):
                rows = [min(top + i, SHAPE[0] - 1) for i in range(8)]
                columns = [min(left + i, SHAPE[1] - 1) for i in range(8)]
                blocks.append(image[np.ix_(rows, columns)].astype(float).ravel())
    coefficients = transform.analyse(crops).numpy().reshape(-1, 64)
    covariance = np.cov(coefficients, rowvar=False)
    variances = np.sort(np.linalg.eigvalsh(np.cov(np.array(blocks), rowvar=False)))
    np.testing.assert_allclose(np.diag(covariance), variances, rtol=1e-3, atol=0.1)
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 1e-3 * variances[-1]
    np.testing.assert_allclose((coefficients**2).sum(1), (np.array(blocks) ** 2).sum(1), rtol=1e-4)
    np.testing.assert_allclose(transform.synthesise(transform.analyse(crops)), crops, atol=1e-2)


def test_klt_of_a_smooth_process_is_nearly_the_cosine_transform() -> None:
    """Ahmed, Natarajan & Rao (1974): of a first-order Markov process with a correlation near 1."""
    rng, n = np.random.default_rng(0), 4000
    rows = np.zeros((n, 8))
    rows[:, 0] = rng.normal(0, 1, n)
    for i in range(1, 8):
        rows[:, i] = 0.95 * rows[:, i - 1] + rng.normal(0, np.sqrt(1 - 0.95**2), n)
    images = np.rint(127 + 30 * np.repeat(rows[:, None, :], 8, axis=1)).clip(0, 255).astype(np.uint8)
    transform = block_klt(images)
    # The last basis images, of most variance, are each a cosine along the rows.
    for order in range(4):
        unit = np.zeros((1, 64), np.float32)
        unit[0, 63 - order] = 1
        drawn = transform.synthesise(torch.from_numpy(unit))[0]
        energy = dct(drawn.sum(0) / np.sqrt(8), norm="ortho") ** 2
        assert energy[order] > 0.95


def test_pca_is_numpys(crops: np.ndarray) -> None:
    transform = whole_pca(crops)
    flat = crops.reshape(len(crops), -1).astype(float)
    centred = flat - flat.mean(0)
    singular = np.linalg.svd(centred, compute_uv=False)
    coefficients = transform.analyse(crops).numpy()
    assert coefficients.shape == (200, 199)
    np.testing.assert_allclose(np.sqrt((coefficients**2).sum(0))[:50], singular[:50], rtol=1e-3)
    np.testing.assert_allclose(transform.synthesise(transform.analyse(crops)), crops, atol=0.05)


def test_refusals(crops: np.ndarray) -> None:
    codec = fitted_codec("klt", crops)
    with pytest.raises(BadInput, match="fitted to images of 20x13 pixels"):
        codec.encode(crops[0, :-1], 100)
    with pytest.raises(BadInput, match="not float64"):
        codec.encode(crops[0] / 255, 100)
    with pytest.raises(BadInput, match="klt takes no quality 0; give a whole number from 1 to 2000"):
        codec.check(0)
    with pytest.raises(BadInput, match="no fitted codec 'dct'"):
        fitted_codec("dct", crops)
    with pytest.raises(BadInput, match="--data has 2"):
        fitted_codec("pca", crops[:2])
