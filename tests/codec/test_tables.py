"""Tables: that they are complete, and by the logistic function and by counts."""

import numpy as np
import pytest

from ridgecode.codec.scales import SCALE_COUNT
from ridgecode.codec.tables import COLUMNS, ESCAPE, LARGEST, TOTAL, column_of, fit_tables, logistic_rows

NONE = np.empty(0, np.int64)
TABLES = fit_tables(NONE, NONE)


def test_tables_are_whole_and_complete() -> None:
    assert TABLES.shape == (SCALE_COUNT, COLUMNS)
    assert (TABLES >= 1).all()
    assert (TABLES.sum(1) == TOTAL).all()


def test_a_row_starts_from_the_rounded_logistic_distribution() -> None:
    rows = logistic_rows()
    s = 0.05 * 2 ** (26 / 6)

    def f(x):
        return 1 / (1 + np.exp(-x / s))

    for value in (-7, 0, 1, 20):
        assert rows[26, value + LARGEST] == pytest.approx(f(value + 0.5) - f(value - 0.5), rel=1e-9)
    np.testing.assert_allclose(rows.sum(1), 1, atol=1e-12)


def test_tables_follow_what_they_are_fitted_to() -> None:
    symbols = np.repeat([0, 1, 7], [7000, 2000, 1000])
    tables = fit_tables(symbols, np.full(10000, 20))
    shares = tables[20] / TOTAL
    prior = logistic_rows()[20]
    for value, count in ((0, 7000), (1, 2000), (7, 1000), (3, 0)):
        assert shares[value + LARGEST] == pytest.approx((count + 256 * prior[value + LARGEST]) / 10256, abs=1e-4)
    np.testing.assert_array_equal(tables[21], TABLES[21])


def test_columns() -> None:
    np.testing.assert_array_equal(column_of(np.array([-64, -63, 0, 63, 64])), [ESCAPE, 0, 63, 126, ESCAPE])
