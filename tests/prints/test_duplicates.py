"""Groups of identical Reals, against a comparison of every pair of prints."""

import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.prints.canonical import canonical_socofing
from ridgecode.prints.datasets.socofing import list_socofing
from ridgecode.prints.duplicates import duplicate_groups, equal_across
from ridgecode.prints.images import load_grey


def slow_groups(images, real):
    groups = [-1] * len(images)
    found = 0
    for first in range(len(images)):
        if groups[first] >= 0 or not real[first]:
            continue
        same = [row for row in range(first, len(images)) if real[row] and np.array_equal(images[row], images[first])]
        if len(same) > 1:
            for row in same:
                groups[row] = found
            found += 1
    return groups


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=20))
def test_groups_agree_with_all_pairs(prints):
    images = [np.full((2, 2), value, np.uint8) for value, _ in prints]
    real = np.array([is_real for _, is_real in prints], bool)
    hashes = [hashlib.sha256(image.tobytes()).digest() for image in images]
    groups = duplicate_groups(hashes, real)
    assert groups.dtype == np.int32
    assert groups.tolist() == slow_groups(images, real)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abc")), max_size=12))
def test_equal_prints_of_several_fingers(prints):
    hashes = [bytes([value]) for value, _ in prints]
    fingers = [finger for _, finger in prints]
    groups = duplicate_groups(hashes, np.ones(len(prints), bool))
    found = equal_across(groups, fingers)
    expected = set()
    for value in range(4):
        rows = tuple(row for row, (other, _) in enumerate(prints) if other == value)
        if any(fingers[a] != fingers[b] for a in rows for b in rows):
            expected.add(rows)
    assert {tuple(rows) for rows in found} == expected
    assert len(found) == len(expected)


def test_real_duplicates_are_found(real_data):
    files = [file for file in list_socofing(real_data / "SOCOFing").files if file.label.level == "Real"]
    images = np.stack([canonical_socofing(load_grey(file.path)) for file in files])
    # Slow comparison of each pair, once a cheap sum has ruled out nearly all.
    sums = images.astype(np.int64).sum((1, 2))
    pairs = {
        (int(a), int(b))
        for a in range(len(images))
        for b in np.flatnonzero(sums == sums[a])
        if a < b and (images[a] == images[b]).all()
    }
    hashes = [hashlib.sha256(image.tobytes()).digest() for image in images]
    groups = duplicate_groups(hashes, np.ones(len(images), bool))
    found = np.flatnonzero(groups >= 0).tolist()
    assert pairs == {(a, b) for a in found for b in found if a < b and groups[a] == groups[b]}
    subjects = {files[row].label.subject for row in np.flatnonzero(groups >= 0)}
    assert {"64", "203", "219", "249", "260"} <= subjects
