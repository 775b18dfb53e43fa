"""Templates of heads: against the head's own embeddings."""

import numpy as np
import pytest
import torch

from ridgecode.errors import BadInput
from ridgecode.matching.heads import LatentHead, score_pairs
from ridgecode.matching.templates.format import TemplateFormat
from ridgecode.matching.templates.head_templates import check_cosine, head_template_scores, head_templates


@pytest.fixture
def head() -> LatentHead:
    torch.manual_seed(0)
    return LatentHead(6, 12, 64).train()


def latents(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 6)).astype(np.float32)


@pytest.mark.parametrize(("format", "most"), [(TemplateFormat(64, 8), 0.01), (TemplateFormat(32, 4), 0.08)])
def test_scores_are_those_of_the_embeddings(head: LatentHead, format: TemplateFormat, most: float) -> None:
    a, b = latents(9), latents(7, 1)
    rows = np.array([0, 3, 8, 8]), np.array([6, 0, 1, 1])
    expected = score_pairs(head, a, b, *rows)
    found = head_template_scores(head, format, a, b, *rows)
    np.testing.assert_allclose(found, expected, atol=most)
    integers = [head_templates(head, format, z).astype(int) for z in (a, b)]
    exact = [integers[0][i] @ integers[1][j] * format.scale for i, j in zip(*rows, strict=True)]
    np.testing.assert_allclose(found, exact, rtol=1e-6)
    assert head.training  # as it was


def test_no_latent_vectors(head: LatentHead) -> None:
    assert head_templates(head, TemplateFormat(64, 8), latents(0)).shape == (0, 64)


def test_other_comparators_have_no_integers() -> None:
    check_cosine("cosine")
    with pytest.raises(BadInput, match="--template_bytes needs --comparator cosine, not l1"):
        check_cosine("l1")
