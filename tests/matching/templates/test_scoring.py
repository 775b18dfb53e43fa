"""Scores of integers: against products of NumPy's integers, which are exact."""

import numpy as np
import pytest

from ridgecode.matching.templates import scoring
from ridgecode.matching.templates.format import BYTES, TemplateFormat
from ridgecode.matching.templates.scoring import all_scores, pair_scores

FORMATS = [TemplateFormat(size, bits) for size in BYTES for bits in (8, 4, 1)]


def integers(format: TemplateFormat, n: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    if format.bits == 1:
        return random.choice(np.array([-1, 1], np.int8), (n, format.dims))
    largest = 2 ** (format.bits - 1) - 1
    return random.integers(-largest, largest + 1, (n, format.dims)).astype(np.int8)


@pytest.mark.parametrize("format", FORMATS, ids=str)
def test_scores_are_exact(format: TemplateFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "_BLOCK_FLOATS", 7 * format.dims)  # several blocks
    monkeypatch.setattr(scoring, "_PROBES", 5)
    a, b = integers(format, 13, 0), integers(format, 17, 1)
    a[0] = b[0] = a.max()  # the largest sum
    expected = (a.astype(np.int64) @ b.astype(np.int64).T).astype(np.float32) * np.float32(format.scale)
    found = all_scores(format, a, b)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)
    rows = np.random.default_rng(2).integers(0, 13, 40), np.random.default_rng(3).integers(0, 17, 40)
    np.testing.assert_array_equal(pair_scores(format, a, b, *rows), expected[rows])


def test_bits_that_differ() -> None:
    format = TemplateFormat(64, 1)
    a, b = integers(format, 4, 0), integers(format, 5, 1)
    differ = (a[:, None] != b[None]).sum(2)
    np.testing.assert_allclose(all_scores(format, a, b), 1 - 2 * differ / 512, atol=1e-7)


def test_no_templates() -> None:
    format = TemplateFormat(64, 8)
    a, none = integers(format, 3, 0), integers(format, 0, 0)
    assert all_scores(format, a, none).shape == (3, 0) and all_scores(format, none, a).shape == (0, 3)
