"""Shares of stores: each store has its share of the steps, and a step alone decides."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.errors import BadInput
from ridgecode.training.views.shared_batches import StoreShares, store_paths


@given(st.lists(st.floats(0.05, 1), min_size=1, max_size=6), st.integers(0, 700))
def test_every_source_has_had_its_share_of_the_steps_before(shares: list[float], step: int) -> None:
    drawn = StoreShares(shares)
    taken = [drawn.at(one) for one in range(step)]
    counts = np.bincount(taken, minlength=len(shares))
    assert np.array_equal(drawn.before(step), counts)
    assert np.array_equal(StoreShares(shares).before(step), counts)
    assert np.abs(counts - step * np.array(shares) / sum(shares)).max() <= 4


def test_a_text_is_read() -> None:
    np.testing.assert_allclose(StoreShares.parse("0.45,0.25, 0.3", 3).shares, [0.45, 0.25, 0.3])
    np.testing.assert_allclose(StoreShares.parse("", 4).shares, [0.25] * 4)
    np.testing.assert_allclose(StoreShares.parse("0.33,0.33,0.33", 3).shares, [1 / 3] * 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.5", "has 1 numbers and --data 2 stores"),
        ("a,b", "no list of numbers"),
        ("0.5,", "no list of numbers"),
        ("0,1", "leave out a store of share 0"),
        ("-0.5,1.5", "leave out a store"),
        ("nan,0.5", "leave out a store"),
        ("0.7,0.7", "add up to 1.4"),
        ("50,50", "at most 1"),
    ],
)
def test_shares_that_are_refused(text: str, said: str) -> None:
    with pytest.raises(BadInput, match="--shares") as refusal:
        StoreShares.parse(text, 2)
    assert said in str(refusal.value)


def test_a_store_is_split_by_its_sets() -> None:
    split = StoreShares([0.6, 0.4]).split([[100.0], [30.0, 10.0]])
    np.testing.assert_allclose(split.shares, [0.6, 0.3, 0.1])


def test_stores_are_separated_by_commas(tmp_path: Path) -> None:
    assert store_paths(Path("a, b/c")) == [Path("a"), Path("b/c")]
    assert store_paths(Path("a")) == [Path("a")]
    (tmp_path / "x,y").mkdir()
    assert store_paths(tmp_path / "x,y") == [tmp_path / "x,y"]
    for text in ("a,", "a,,b", "a,a"):
        with pytest.raises(BadInput, match="--data"):
            store_paths(Path(text))
