"""Scores by rows against one pair at a time."""

import math

import numpy as np
import pytest

from ridgecode.matching import vectors as vectors_module
from ridgecode.matching.vectors import chunks_of_pairs, dot_scores, unit_vectors


@pytest.fixture
def lists():
    rng = np.random.default_rng(0)
    probes, references = rng.standard_normal((20, 7)), rng.standard_normal((9, 7))
    return probes, references, rng.integers(0, 20, 300), rng.integers(0, 9, 300)


@pytest.mark.parametrize("chunk_floats", [1, 50, 1 << 20])
def test_scores_agree_with_one_pair_at_a_time(lists, monkeypatch, chunk_floats):
    monkeypatch.setattr(vectors_module, "_CHUNK_FLOATS", chunk_floats)
    probes, references, probe_rows, reference_rows = lists
    pairs = [(probes[i], references[j]) for i, j in zip(probe_rows, reference_rows, strict=True)]
    dots = [math.fsum(p * r) for p, r in pairs]
    cosines = [d / math.hypot(*p) / math.hypot(*r) for d, (p, r) in zip(dots, pairs, strict=True)]
    np.testing.assert_allclose(dot_scores(*lists), dots, atol=1e-5)
    units = unit_vectors(probes), unit_vectors(references)
    np.testing.assert_allclose(dot_scores(*units, *lists[2:]), cosines, atol=1e-6)
    assert dot_scores(*lists).dtype == np.float32


def test_unit_vectors_have_length_1_and_a_zero_vector_stays_zero():
    assert np.array_equal(unit_vectors(np.array([[0, 0], [3, 4]])), np.array([[0, 0], [0.6, 0.8]], dtype=np.float32))


def test_chunks_cover_each_pair_once():
    covered = [i for part in chunks_of_pairs(10_000, 1 << 10) for i in range(part.start, part.stop)]
    assert covered == list(range(10_000))
    assert list(chunks_of_pairs(0, 5)) == []
