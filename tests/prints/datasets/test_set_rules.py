"""What is known of sets of impressions, and what a user's sets.yaml says of them."""

from pathlib import Path

import pytest

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.set_rules import SetRule, known_rules, remarks_on_persons, set_rules

FCJ2020_SPLIT = {"train": "101-124", "val": "125-130", "test": "131-138"}
FCJ2020 = SetRule(0.0, 1, FCJ2020_SPLIT)


def test_known_sets_are_found_by_the_name_of_their_folder(tmp_path: Path) -> None:
    names = ("FCJ2020", "day1/FCJ2020", "UareU", "Lindex101", "Rindex28", "other", "FCJ2020/other")
    assert set_rules(tmp_path, names) == {
        "FCJ2020": FCJ2020,
        "day1/FCJ2020": FCJ2020,
        "UareU": SetRule(person_digits=2),
        **{name: SetRule() for name in ("Lindex101", "Rindex28", "other", "FCJ2020/other")},
    }
    assert set(known_rules()) == {"FCJ2020", "UareU", "Lindex101", "Rindex28"}


def test_sets_yaml_goes_before_what_is_known_and_the_flag_before_both(tmp_path: Path) -> None:
    (tmp_path / "sets.yaml").write_text(
        "FCJ2020: {ppi: 1000}\nUareU: {person_digits: 3, split: {val: 7, train: '1-3,5'}}\nown: 250\n7: {ppi: 512.5}\n"
    )
    names = ("FCJ2020", "UareU", "own", "7")
    assert set_rules(tmp_path, names) == {
        "FCJ2020": FCJ2020._replace(ppi=1000.0),
        "UareU": SetRule(0.0, 3, {"train": "1-3,5", "val": "7"}),
        "own": SetRule(250.0),
        "7": SetRule(512.5),
    }
    by_flag = set_rules(tmp_path, names, person_digits=1)
    assert {rule.person_digits for rule in by_flag.values()} == {1}
    assert by_flag["FCJ2020"] == FCJ2020._replace(ppi=1000.0)
    # Other digits give other persons' numbers, which the known split is not about.
    assert set_rules(tmp_path, names, person_digits=2)["FCJ2020"] == SetRule(1000.0, 2)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "names no set"),
        ("- UareU", "names no set"),
        ("UareU: {ppi: 500", "is not YAML"),
        ("UareU:", "the set UareU has no fields"),
        ("UareU: fast", "the set UareU has no fields"),
        ("UareU: {dpi: 500}", "the set UareU has the unknown field dpi: choose from ppi, person_digits, split"),
        ("UareU: {ppi: fast}", "the set UareU has ppi fast: give 20 pixels per inch or more"),
        ("UareU: 3", "has ppi 3: give 20"),
        ("UareU: yes", "has ppi True: give 20"),
        ("UareU: {ppi: .inf}", "has ppi inf: give 20"),
        ("UareU: {ppi: .nan}", "has ppi nan: give 20"),
        ("UareU: {person_digits: -1}", "has person_digits -1: give a whole number"),
        ("UareU: {person_digits: 1.5}", "has person_digits 1.5: give a whole number"),
        ("UareU: {person_digits: true}", "has person_digits True: give a whole number"),
        ("UareU: {split: 1-3}", "has no splits under split"),
        ("UareU: {split: {validation: 1-3}}", "has the unknown split validation: choose from train, val, test"),
        ("UareU: {split: {val: 3-1}}", "has 3-1 as the persons of val: write numbers as 101-124 or 1-3,7"),
        ("UareU: {split: {val: }}", "has None as the persons of val"),
        ("UareU: {split: {val: yes}}", "has True as the persons of val"),
        ("UareU: {split: {train: 1-3, val: 3}}", "has person 3 in train and val: name it once"),
        ("UreU: 500", "names the set UreU, and .* has none of that name: it has FCJ2020, UareU"),
    ],
)
def test_bad_content_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "sets.yaml").write_text(text)
    with pytest.raises(BadInput, match=f"^{tmp_path}/sets.yaml.*{sentence}") as error:
        set_rules(tmp_path, ["UareU", "FCJ2020"])
    assert "\n" not in str(error.value)


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "sets.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(BadInput, match=r"sets\.yaml can't be read \(it is no UTF-8 text\)"):
        set_rules(tmp_path, ["UareU"])
    (tmp_path / "folder/sets.yaml").mkdir(parents=True)
    with pytest.raises(BadInput, match=r"sets\.yaml can't be read \(Is a directory\)"):
        set_rules(tmp_path / "folder", ["UareU"])
    (tmp_path / "link").mkdir()
    (tmp_path / "link/sets.yaml").symlink_to(tmp_path / "missing")
    with pytest.raises(BadInput, match=r"sets\.yaml can't be read \(No such file"):
        set_rules(tmp_path / "link", ["UareU"])


def test_the_account_says_whose_the_fingers_are_taken_to_be() -> None:
    assert remarks_on_persons({"A": FCJ2020, "B": SetRule(person_digits=2)}) == (
        "a person of A is the finger's number without its last digit; persons are split train 101-124, val 125-130, "
        "test 131-138",
        "a person of B is the finger's number without its last 2 digits; persons are split by seed",
    )
    [one] = remarks_on_persons({f"set{i}": SetRule() for i in range(7)})
    assert one.startswith("each finger of set0, set1, set2, set3, set4 and 2 more is taken as a person of its own;")
    assert remarks_on_persons({}) == ()
