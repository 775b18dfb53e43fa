"""The prints that --select names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.commands.selected_rows import selected_rows
from ridgecode.errors import BadInput


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 39)), min_size=1, max_size=6), st.booleans())
def test_selections_round_trip(ranges: list[tuple[int, int]], spaces: bool) -> None:
    parts = [str(first) if not more else f"{first}-{first + more}" for first, more in ranges]
    wanted = [row for first, more in ranges for row in range(first, first + more + 1)]
    once = list(dict.fromkeys(wanted))
    np.testing.assert_array_equal(selected_rows((", " if spaces else ",").join(parts), 100), once)


@given(st.integers(1, 500))
def test_no_selection_is_all(n: int) -> None:
    assert selected_rows("", n).tolist() == selected_rows("  ", n).tolist() == list(range(n))


@pytest.mark.parametrize(
    "text", ["4", "0-4", "2,7", "-1", "1-", "a", "1;2", "1,,2", "3-1", "3-1,0", ",", "1.5", "\u00b2", "0-99999999999"]
)
def test_selections_that_name_no_row(text: str) -> None:
    with pytest.raises(BadInput, match="--select"):
        selected_rows(text, 4)
