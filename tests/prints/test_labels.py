"""Names to labels and back, against a parser that splits at underscores."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ridgecode.errors import BadInput
from ridgecode.prints.labels import (
    ALTERATIONS,
    FINGERS,
    HANDS,
    LEVELS,
    PrintLabel,
    canonical_socofing_name,
    is_socofing_name,
    parse_socofing_name,
    parse_subjects,
    socofing_name,
    subjects_text,
)

subjects = st.integers(1, 10**6).map(str)


@given(
    subjects,
    st.sampled_from("MF"),
    st.sampled_from(HANDS),
    st.sampled_from(FINGERS),
    st.sampled_from(LEVELS),
    st.sampled_from(ALTERATIONS),
    st.integers(1, 99),
)
def test_names_make_the_round_trip(subject, sex, hand, finger, level, alteration, impression):
    if level == "Real":
        alteration = ""
    else:
        impression = 1
    name = socofing_name(subject, sex, hand, finger, level, alteration, impression)
    label = parse_socofing_name(name)
    assert label == PrintLabel(
        name, subject, sex, hand, finger, f"{subject}-{hand}-{finger}", impression, level, alteration
    )
    assert slow_fields(name) == (subject, sex, hand, finger, level, alteration, impression)


def slow_fields(name):
    folder, stem = name.rsplit("/", 1)
    subject, rest = stem.split("__")
    sex, hand, finger, word, *suffix = rest.split("_")
    assert word == "finger"
    assert len(suffix) <= 1
    level = folder.split("-")[1] if "-" in folder else "Real"
    number = int(suffix[0]) if suffix and suffix[0].isdigit() else 1
    return subject, sex, hand, finger, level, suffix[0] if suffix and not suffix[0].isdigit() else "", number


def test_the_known_names():
    assert parse_socofing_name("Real/1__M_Left_index_finger").finger_id == "1-Left-index"
    altered = parse_socofing_name("Altered/Altered-Medium/600__F_Right_thumb_finger_Zcut")
    assert (altered.subject, altered.sex, altered.level, altered.alteration) == ("600", "F", "Medium", "Zcut")
    assert parse_socofing_name("Real/1__M_Left_index_finger_2").impression == 2


@pytest.mark.parametrize(
    "name",
    [
        "Real/1_M_Left_index_finger",
        "Real/1__X_Left_index_finger",
        "Real/1__M_left_index_finger",
        "Real/1__M_Left_pinky_finger",
        "Real/01__M_Left_index_finger",
        "Real/0__M_Left_index_finger",
        "Real/1__M_Left_index_finger_1",
        "Real/1__M_Left_index_finger_02",
        "Real/1__M_Left_index_finger_CR",
        "Real/1__M_Left_index_finger_2_CR",
        "Real/1__M_Left_index_finger ",
        "Altered/Altered-Easy/1__M_Left_index_finger",
        "Altered/Altered-Easy/1__M_Left_index_finger_2",
        "Altered/Altered-Easy/1__M_Left_index_finger_Cut",
        "Altered/Altered-Worst/1__M_Left_index_finger_CR",
        "1__M_Left_index_finger",
        "",
    ],
)
def test_wrong_names_are_refused(name):
    with pytest.raises(BadInput, match="no SOCOFing name"):
        parse_socofing_name(name)


@given(st.text(max_size=40))
def test_any_other_text_is_refused_or_is_a_name(text):
    try:
        label = parse_socofing_name(f"Real/{text}")
    except BadInput:
        return
    assert socofing_name(label.subject, label.sex, label.hand, label.finger, impression=label.impression) == label.name


def test_a_second_impression_has_no_alterations():
    with pytest.raises(BadInput):
        socofing_name("1", "M", "Left", "index", "Easy", "CR", impression=2)


@given(st.lists(st.tuples(st.integers(0, 700), st.integers(0, 30)), min_size=1, max_size=6))
def test_subject_ranges_agree_with_a_loop(ranges):
    text = ",".join(f"{first}-{first + more}" if more else str(first) for first, more in ranges)
    slow = set()
    for first, more in ranges:
        for number in range(first, first + more + 1):
            slow.add(number)
    assert parse_subjects(text) == slow
    assert parse_subjects(subjects_text(frozenset(slow))) == slow


def test_subject_texts():
    assert parse_subjects("") is None
    assert parse_subjects(" 1 - 3 , 7") == {1, 2, 3, 7}
    assert subjects_text(None) == ""
    assert subjects_text(frozenset({1, 2, 3, 7})) == "1-3,7"


@pytest.mark.parametrize("text", ["abc", "1-", "-3", "1--3", "1,,2", "1;2", "3-1", "1.5", "1-99999999", "²"])
def test_malformed_subjects_are_refused(text):
    with pytest.raises(BadInput, match="--subjects"):
        parse_subjects(text)


@given(st.text(alphabet="0123456789-, ", max_size=12))
def test_subject_texts_never_fail_otherwise(text):
    assume(text.strip())
    try:
        numbers = parse_subjects(text)
    except BadInput:
        return
    assert numbers


@given(subjects, st.sampled_from("MF"), st.sampled_from(HANDS), st.sampled_from(FINGERS), st.sampled_from(LEVELS))
def test_names_in_any_case_are_brought_to_their_own(subject, sex, hand, finger, level):
    name = socofing_name(subject, sex, hand, finger, level, "" if level == "Real" else "Zcut")
    stem = name.rsplit("/", 1)[1]
    for other in (stem, stem.lower(), stem.upper(), stem.swapcase()):
        assert canonical_socofing_name(level, other) == name
    assert is_socofing_name(name)


def test_other_names_stay_what_they_are():
    assert canonical_socofing_name("Easy", "Copy_of_INDEX") == "Altered/Altered-Easy/Copy_of_index"
    for name in ("Real/1__M_Left_index_finger_CR", "Altered/Altered-Easy/1__M_Left_index_finger", "Real/photo"):
        assert not is_socofing_name(name)
