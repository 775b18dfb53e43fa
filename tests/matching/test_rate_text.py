"""Rates as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.matching.rate_text import compared_text, eer_phrase, failed_text, fewer, percent, percent_ends, rate_text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.0, "0.00"), (1.0, "100.00"), (0.123456, "12.35"), (0.00003, "0.003"), (0.999996, "99.9996"), (0.5, "50.00")],
)
def test_percent(fraction: float, text: str) -> None:
    assert percent(fraction) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (1.8e-73, 0.8475, ("0.00", "84.75")),
        (0.0, 0.00003, ("0.000", "0.003")),
        (0.0123, 0.0456, ("1.23", "4.56")),
        (0.999996, 1.0, ("99.9996", "100.00")),
    ],
)
def test_the_ends_of_an_interval(low: float, high: float, text: tuple[str, str]) -> None:
    assert percent_ends(low, high) == text


@given(st.integers(1, 10**6 - 1))
def test_a_rate_that_is_neither_0_nor_1_does_not_read_so(millionths: int) -> None:
    assert 0 < float(percent(millionths / 10**6)) < 100


def test_no_error_names_the_number_of_comparisons() -> None:
    assert rate_text(0.0, 45) == "0 of 45"
    assert rate_text(1.0, 2880) == "2,880 of 2,880"
    assert rate_text(0.25, 45, 1) == "25.0"
    assert rate_text(0.0, None) == "0.00"
    assert eer_phrase(0.0, 280, 45) == "0 of 45" and eer_phrase(0.0, None, None) == "0.00 %"
    assert eer_phrase(0.0261, 280, 45, 3) == "2.610 %"
    assert (fewer(280, 45), fewer(None, 45), fewer(None, None)) == (45, 45, None)


def test_what_a_rate_is_of() -> None:
    assert compared_text(280, 45, 10) == "280 mated and 45 non-mated comparisons of 10 subjects"
    assert compared_text(1400, 225, 1, 5).endswith("225 non-mated comparisons of 1 subject, 5 data sets together")
    assert compared_text(None, 45, 10) == ""


def test_prints_that_failed_to_enrol() -> None:
    assert failed_text({"n_failed_to_enrol": 3, "n_prints": 1200}) == "3 of 1,200 prints failed to enrol"
    assert failed_text({"n_failed_to_enrol": 0, "n_prints": 1200}) == failed_text({}) == ""
