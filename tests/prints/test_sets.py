"""The data set of each print, by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from ridgecode.prints.datasets.sources import SOURCES
from ridgecode.prints.sets import has_sets, print_sets, set_names

FINGERS = np.array(["FVC2002_DB1_B/101", "FVC2004/DB1_B/101", "FVC/012_3", "101"])


@pytest.mark.parametrize(
    ("source", "sets"),
    [
        ("fvc", ["FVC2002_DB1_B", "FVC2004/DB1_B", "FVC", ""]),
        ("impressions", ["FVC2002_DB1_B", "FVC2004/DB1_B", "FVC", ""]),
        ("folder", ["", "", "", ""]),
        ("socofing", ["", "", "", ""]),
    ],
)
def test_a_print_has_the_set_that_its_finger_is_named_after(source: str, sets: list[str]) -> None:
    store = SimpleNamespace(source=source, column=lambda name: {"finger_id": FINGERS}[name])
    assert print_sets(store, np.arange(4)).tolist() == sets
    assert print_sets(store, np.array([2, 0])).tolist() == [sets[2], sets[0]]
    assert print_sets(store, np.array([], int)).tolist() == []


def test_the_sources_with_sets() -> None:
    assert [source for source in SOURCES if has_sets(source)] == ["fvc", "impressions"]


def test_names_are_distinct_and_sorted() -> None:
    assert set_names(np.array(["b", "", "a", "b"], dtype=object)) == ["a", "b"]
