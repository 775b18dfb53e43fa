"""The scikit-image matcher on synthetic prints."""

from dataclasses import fields

import numpy as np
import pytest
from PIL import Image

from ridgecode.matching.minutiae.agreement import agreement
from ridgecode.matching.minutiae.orb import Orb
from ridgecode.matching.minutiae.template import Minutiae
from ridgecode.prints.synthetic.impressions import impression
from ridgecode.prints.synthetic.masters import master_print


@pytest.fixture(scope="module")
def prints() -> list[np.ndarray]:
    return [impression(master_print(number), number) for number in range(3)]


@pytest.fixture(scope="module")
def templates(prints: list[np.ndarray]) -> list[Minutiae]:
    return [Orb().extract(print) for print in prints]


def test_minutiae_lie_on_the_print(prints: list[np.ndarray], templates: list[Minutiae]) -> None:
    for print, found in zip(prints, templates, strict=True):
        height, width = (round(2.5 * side) for side in print.shape)
        assert found.size.tolist() == [height, width]
        assert 5 <= len(found) <= 120
        assert (found.x >= 0).all() and (found.x < width).all() and (found.y >= 0).all() and (found.y < height).all()
        assert (found.direction >= 0).all() and (found.direction < 360).all()
        assert found.descriptors.shape == (len(found), 256)


def test_a_print_scores_1_against_itself_and_little_against_others(templates: list[Minutiae]) -> None:
    for i, one in enumerate(templates):
        for j, other in enumerate(templates):
            score = Orb().compare(one, other)
            assert score == pytest.approx(1.0) if i == j else score < 0.15


def test_the_score_does_not_depend_on_which_print_is_the_probe(templates: list[Minutiae]) -> None:
    assert Orb().compare(templates[0], templates[1]) == pytest.approx(
        Orb().compare(templates[1], templates[0]), abs=0.02
    )


def test_a_turned_and_shifted_print_is_found_again(prints: list[np.ndarray], templates: list[Minutiae]) -> None:
    turned = np.asarray(
        Image.fromarray(prints[0]).rotate(15, Image.Resampling.BICUBIC, translate=(4, -3), fillcolor=255)
    )
    template = Orb().extract(turned)
    mated, others = Orb().compare(template, templates[0]), [Orb().compare(template, other) for other in templates[1:]]
    assert mated > 2 * max(others)
    # Without the movement undone its minutiae lie elsewhere.
    assert agreement(template, templates[0]).f1 < 0.6


def test_the_same_print_gives_the_same_template(prints: list[np.ndarray], templates: list[Minutiae]) -> None:
    again = Orb().extract(prints[0])
    for field in fields(Minutiae):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(templates[0], field.name))


def test_a_blank_print_scores_0(templates: list[Minutiae]) -> None:
    blank = Orb().extract(np.full((97, 90), 255, dtype=np.uint8))
    assert len(blank) == 0
    assert Orb().compare(blank, templates[0]) == Orb().compare(templates[0], blank) == Orb().compare(blank, blank) == 0
