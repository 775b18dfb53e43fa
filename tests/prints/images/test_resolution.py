"""Resolutions without rounding noise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.prints.images.resolution import CM, PLAUSIBLE_PPI, Density, stated_ppi, tag_density

METRE = 0.0254  # pixels per inch of one pixel per metre


@given(st.integers(*PLAUSIBLE_PPI))
def test_whole_resolutions_survive_whole_pixels_per_metre(ppi: int) -> None:
    per_metre = round(ppi / METRE)
    for density in (Density(per_metre, per_metre, METRE), Density(per_metre * METRE, per_metre / 39.3701)):
        assert stated_ppi([density]) == (ppi, ())


@given(st.sampled_from([200, 250, 300, 400, 500, 600, 750, 1000, 1200, 2000]))
def test_round_resolutions_survive_whole_pixels_per_centimetre(ppi: int) -> None:
    assert stated_ppi([Density(round(ppi / CM), round(ppi / CM), CM)]) == (ppi, ())


@pytest.mark.parametrize("value", [1, 72, 96, 150, 189, 2101, 19685, 0, -500, float("nan"), float("inf")])
def test_implausible_resolutions_say_nothing(value: float) -> None:
    assert stated_ppi([Density(value, value)]) == (0, ())
    # The next statement is asked then.
    assert stated_ppi([Density(value, value), Density(500, 500)]) == (500, ())


def test_a_fraction_is_kept() -> None:
    assert stated_ppi([Density(508.35, 508.35)]) == (508.35, ())


def test_unequal_resolutions_are_noted() -> None:
    assert stated_ppi([Density(500, 504)]) == (500, ())
    ppi, notes = stated_ppi([Density(500, 400)])
    assert ppi == 0
    assert notes == ("states 500 pixels per inch across and 400 down; no resolution is taken from it",)


def test_tags() -> None:
    assert tag_density({282: 500, 283: 500}) == [Density(500, 500, 1)]
    assert tag_density({282: 197, 296: 3}) == [Density(197, 197, CM)]
    for tags in ({}, {282: 500, 296: 1}, {282: "many"}, {282: None}, {283: 500}, {282: 500, 296: "inch"}):
        assert tag_density(tags) == []
