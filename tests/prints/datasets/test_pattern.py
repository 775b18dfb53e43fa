"""Listing images by a pattern, against labels written by hand."""

import pytest

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.listing import NO_PATTERN
from ridgecode.prints.datasets.pattern import list_pattern, read_pattern
from support.empty_files import touch

THREE = r"(?P<person>[0-9]+)_(?P<finger>[A-Z])_(?P<impression>[0-9]+)"


def labels(root, pattern):
    return [
        (file.label.name, file.label.subject, file.label.finger_id, file.label.impression)
        for file in list_pattern(root, pattern).files
    ]


def test_person_finger_and_impression(tmp_path):
    touch(tmp_path, "10_A_1.png", "2_B_2.png", "2_B_10.tif", "2_A_1.png", "deep/er/3_A_7.bmp", "cover.png", "a.txt")
    assert labels(tmp_path, THREE) == [
        ("2_A_1", "2", "2/A", 1),
        ("2_B_2", "2", "2/B", 2),
        ("2_B_10", "2", "2/B", 10),
        ("deep/er/3_A_7", "3", "3/A", 7),
        ("10_A_1", "10", "10/A", 1),
    ]
    left_out = list_pattern(tmp_path, THREE).left_out
    assert [(one.path.name, one.reason) for one in left_out] == [("cover.png", NO_PATTERN)]


def test_a_person_or_a_finger_alone(tmp_path):
    touch(tmp_path, "bob-left.png", "bob-right.png", "eve-left.png")
    assert labels(tmp_path, r"(?P<person>[a-z]+)-.*") == [
        ("bob-left", "bob", "bob", 1),
        ("bob-right", "bob", "bob", 2),
        ("eve-left", "eve", "eve", 1),
    ]
    assert [row[1:3] for row in labels(tmp_path, r"(?P<finger>[a-z]+-[a-z]+)")] == [
        ("bob-left", "bob-left"),
        ("bob-right", "bob-right"),
        ("eve-left", "eve-left"),
    ]


@pytest.mark.parametrize(
    ("impressions", "numbers"),
    [
        (("1", "3", "10"), [1, 3, 10]),
        (("0", "1", "2"), [1, 2, 3]),  # the first one is 1
        (("plain", "roll"), [1, 2]),
        (("1", "roll"), [1, 2]),
        (("01", "1"), [1, 2]),  # one number twice
        (("20240101120000", "20240101120001"), [1, 2]),  # beyond 32 bits
        (("a2", "a10"), [1, 2]),
    ],
)
def test_impressions_are_numbered_where_their_names_are_no_numbers(tmp_path, impressions, numbers):
    touch(tmp_path, *(f"7_{impression}.png" for impression in impressions))
    found = labels(tmp_path, r"(?P<finger>[0-9]+)_(?P<impression>.+)")
    assert [(row[0], row[3]) for row in found] == [
        (f"7_{impression}", number) for impression, number in zip(impressions, numbers, strict=True)
    ]


def test_a_pattern_with_a_slash_fits_the_path(tmp_path):
    touch(tmp_path, "p1/left/1.png", "p1/right/1.png", "p2/left/1.png", "p2/1.png")
    pattern = r"(?P<person>p[0-9])/(?P<finger>left|right)/(?P<impression>[0-9])"
    assert labels(tmp_path, pattern) == [
        ("p1/left/1", "p1", "p1/left", 1),
        ("p1/right/1", "p1", "p1/right", 1),
        ("p2/left/1", "p2", "p2/left", 1),
    ]
    assert [one.path.name for one in list_pattern(tmp_path, pattern).left_out] == ["1.png"]


def test_a_group_that_takes_part_in_no_match_is_no_fit(tmp_path):
    touch(tmp_path, "x1.png", "1.png")
    found = list_pattern(tmp_path, r"(?:x(?P<person>[0-9]+)|[0-9]+)")
    assert [file.path.name for file in found.files] == ["x1.png"]
    assert [one.path.name for one in found.left_out] == ["1.png"]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(?P<person>", "is no regular expression"),
        ("[0-9]+", "neither a group person nor a group finger"),
        ("(?P<impression>.+)", "neither a group person nor a group finger"),
        ("(?P<person>.+)_(?P<impresion>.+)", "has a group impresion"),
        ("(?P<person>.)(?P<person>.)", "is no regular expression"),
    ],
)
def test_patterns_that_are_refused(pattern, why):
    with pytest.raises(BadInput, match=why) as raised:
        read_pattern(pattern)
    assert "\n" not in str(raised.value)


def test_nothing_that_fits(tmp_path):
    touch(tmp_path, "a.png", "b.png")
    with pytest.raises(BadInput, match=r"fits none of 2 images, such as .*a\.png without"):
        list_pattern(tmp_path, THREE)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="holds no image"):
        list_pattern(tmp_path / "empty", THREE)
    touch(tmp_path, "phone/1.heic")
    with pytest.raises(BadInput, match=r"holds no image that can be taken, 1 left out, .*1\.heic"):
        list_pattern(tmp_path / "phone", THREE)
    with pytest.raises(BadInput, match="is no folder"):
        list_pattern(tmp_path / "missing", THREE)
