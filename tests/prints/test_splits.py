"""Splits by subject."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.errors import BadInput
from ridgecode.prints.splits import split_of


def test_socofing_has_its_own_splits():
    subjects = np.array([str(number) for number in range(1, 601)])
    expected = ["train" if int(s) <= 400 else "val" if int(s) <= 480 else "test" for s in subjects]
    assert split_of("socofing", subjects).tolist() == expected


def test_a_socofing_subject_must_be_a_number():
    with pytest.raises(BadInput):
        split_of("socofing", np.array(["1", "s2"]))


@given(st.lists(st.integers(0, 200), min_size=1, max_size=300), st.integers(0, 5))
def test_other_sources_are_split_by_subject(numbers, seed):
    subjects = np.array([f"s{number}" for number in numbers])
    splits = split_of("folder", subjects, seed)
    split_by_subject = {}
    for subject, split in zip(subjects.tolist(), splits.tolist(), strict=True):
        assert split_by_subject.setdefault(subject, split) == split
    counts = {name: list(split_by_subject.values()).count(name) for name in ("train", "val", "test")}
    n = len(split_by_subject)
    assert sum(counts.values()) == n
    if n >= 3:
        assert min(counts.values()) >= 1
        assert abs(counts["val"] - 0.1 * n) <= 1
        assert abs(counts["test"] - 0.2 * n) <= 1
    shuffled = np.random.default_rng(0).permutation(len(subjects))
    assert (split_of("folder", subjects[shuffled], seed) == splits[shuffled]).all()


@given(
    st.dictionaries(st.sampled_from(["A", "B", "day/A"]), st.sets(st.integers(1, 60), min_size=1), min_size=1),
    st.integers(0, 3),
)
def test_each_set_of_impressions_is_split_as_if_alone(numbers_of, seed):
    subjects = [f"{name}/{number}" for name, numbers in numbers_of.items() for number in numbers] * 2
    subjects = np.random.default_rng(0).permutation(subjects)
    splits = split_of("impressions", subjects, seed)
    for name in numbers_of:
        own = np.array([subject.rpartition("/")[0] == name for subject in subjects.tolist()])
        assert splits[own].tolist() == split_of("folder", subjects[own], seed).tolist()


@given(st.lists(st.integers(90, 150), min_size=1, max_size=40))
def test_persons_of_impressions_are_split_by_the_numbers_that_are_given(numbers):
    given = {"train": "101-124", "val": "125,127-130"}
    subjects = np.array([f"FCJ2020/{number}" for number in numbers] + ["other/101"])
    splits = split_of("impressions", subjects, numbers={"FCJ2020": given, "absent": {"val": "1"}})
    for number, split in zip(numbers, splits.tolist(), strict=False):
        known = "train" if 101 <= number <= 124 else "val" if number == 125 or 127 <= number <= 130 else "test"
        assert split == known
    assert splits[-1] == "train"  # a set without numbers, of one subject


def test_few_subjects():
    assert sorted(split_of("fvc", np.array(["a", "b"])).tolist()) == ["test", "train"]
    assert split_of("fvc", np.array(["a"])).tolist() == ["train"]
    for source in ("fvc", "impressions"):
        assert split_of(source, np.array([], dtype=str)).tolist() == []


def test_the_seed_matters():
    subjects = np.array([f"s{number}" for number in range(50)])
    assert (split_of("folder", subjects, 0) != split_of("folder", subjects, 1)).any()
    assert (split_of("folder", subjects, 1) == split_of("folder", subjects, 1)).all()
