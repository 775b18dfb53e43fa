"""The exact interval against SciPy's own for whole numbers of errors, and against the closed formula."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from ridgecode.errors import BadInput
from ridgecode.matching.exact_interval import clopper_pearson


@given(st.integers(1, 500), st.data())
def test_whole_numbers_of_errors_are_scipys(trials: int, data: st.DataObject) -> None:
    errors = data.draw(st.integers(0, trials))
    expected = binomtest(errors, trials).proportion_ci(0.95, method="exact")
    low, high = clopper_pearson(errors / trials, trials)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize("trials", [1, 2, 3, 7, 80])
def test_without_any_error(trials: int) -> None:
    high = 1 - 0.025 ** (1 / trials)
    assert clopper_pearson(0.0, trials) == pytest.approx((0.0, high))
    assert clopper_pearson(1.0, trials) == pytest.approx((1 - high, 1.0))


@given(st.integers(0, 1000), st.integers(1, 100))
def test_any_rate_lies_within_an_interval_of_some_width(thousandths: int, trials: int) -> None:
    rate = thousandths / 1000
    low, high = clopper_pearson(rate, trials)
    assert low is not None and high is not None
    assert 0 <= low <= rate <= high <= 1 and high - low > 1e-3


def test_what_is_no_rate_is_refused() -> None:
    for rate, trials in ((1.1, 3), (-0.1, 3), (float("nan"), 3), (0.5, 0)):
        with pytest.raises(BadInput, match="a rate of 0 to 1"):
            clopper_pearson(rate, trials)
