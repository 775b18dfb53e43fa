"""Names of files as text, in UTF-8 and other locales."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridgecode.prints.datasets.file_names import alike, as_text, is_utf8, natural_order, shown


@given(st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=30))
def test_utf8_names_are_themselves(name):
    assert as_text(name) == name
    assert is_utf8(name)


def test_undecodable_names_stay_and_are_no_utf8():
    name = os.fsdecode(b"\xff\xfe.png")
    assert as_text(name) == name
    assert not is_utf8(name)


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_names_are_the_same_in_every_locale(tmp_path, locale):
    (tmp_path / "é指").touch()
    code = (
        "import os, sys; from ridgecode.prints.datasets.file_names import as_text;"
        "print(ascii(as_text(os.listdir(sys.argv[1])[0])))"
    )
    environment = {**os.environ, "LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    said = subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=environment, capture_output=True, check=True)
    assert said.stdout.decode().strip() == ascii("é指")


def test_what_is_shown_is_one_line_that_can_be_printed():
    assert shown("a/é [b] 50%s.png") == "a/é [b] 50%s.png"
    assert shown("a\nb\x1b[2J\t") == r"a\nb\x1b[2J\t"
    assert shown(os.fsdecode(b"x\xff")) == r"x\udcff"


def test_numbers_are_sorted_as_numbers():
    names = ["s10", "s2", "s1b", "s1", "2", "a", "10", "s01"]
    assert sorted(names, key=natural_order) == ["2", "10", "a", "s01", "s1", "s1b", "s2", "s10"]


def test_names_that_may_mean_one() -> None:
    assert alike(["a", "b", "10", "1", "01", "1 ", "A", "e\u0301", "\u00e9", "100", "x0", "x00"]) == [
        ["a", "A"],
        ["1", "01", "1 "],
        ["e\u0301", "\u00e9"],
        ["x0", "x00"],
    ]
    assert alike(["s1", "s1"]) == []
