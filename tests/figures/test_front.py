"""The Pareto front, by its definition."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.figures.front import unbeaten

COSTS = st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=12)


@given(COSTS)
def test_the_front_is_what_no_other_beats(costs: list[tuple[float, ...]]) -> None:
    table = np.array(costs)
    for own, on_it in zip(table, unbeaten(costs), strict=True):
        as_good, better = (table <= own).all(1), (table < own).any(1)
        assert on_it == (not (as_good & better).any())
