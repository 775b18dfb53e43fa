"""Lists the files of sets of second impressions, named as FVC names them, with the persons whose fingers they are."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ridgecode.errors import BadInput
from ridgecode.prints.datasets.fvc import list_fvc
from ridgecode.prints.datasets.listing import Listing, PrintFile
from ridgecode.prints.datasets.set_rules import SetRule, remarks_on_persons, set_rules
from ridgecode.prints.sets import set_of_finger


def list_impressions(root: Path, person_digits: int | None = None) -> Listing:
    """The prints that `list_fvc` finds below `root`, with the same names; `sets` has the rule of each set.

    Where a set's rule tells persons by the finger's number, `1014_2` of FCJ2020 is of the subject `FCJ2020/101`. A name
    that has the person in it, `012_3_1`, needs no rule. person_digits: of all sets; None as in `set_rules`. Raises
    BadInput as `list_fvc` and `set_rules` do, and where a rule leaves no number of a person.
    """
    listing = list_fvc(root)
    if not listing.files:
        return listing
    rules = set_rules(root, {set_of_finger(file.label.finger_id) for file in listing.files}, person_digits)
    numbers: dict[str, list[int]] = {}
    for file in listing.files:
        set_name, _, finger = file.label.finger_id.rpartition("/")
        if _is_number(finger):
            numbers.setdefault(set_name, []).append(int(finger))
    for name, fingers in numbers.items():
        _check_digits(name, rules[name].person_digits, max(fingers))
    remarks = remarks_on_persons({name: rules[name] for name in sorted(numbers)})
    files = [_with_person(file, rules) for file in listing.files]
    return listing._replace(files=files, remarks=(*listing.remarks, *remarks), sets=rules)


def _is_number(finger: str) -> bool:
    """Whether a finger has a number alone; of 012_3_1 it is written 012_3, with its person."""
    return "_" not in finger


def _check_digits(name: str, digits: int, largest: int) -> None:
    if digits and largest < 10**digits:
        raise BadInput(
            f"no finger of the set {name} has a number of more than {digits} digits, so that person_digits {digits} "
            "leaves no number of the person: give fewer"
        )


def _with_person(file: PrintFile, rules: Mapping[str, SetRule]) -> PrintFile:
    set_name, _, finger = file.label.finger_id.rpartition("/")
    digits = rules[set_name].person_digits
    if not digits or not _is_number(finger):
        return file
    return file._replace(label=replace(file.label, subject=f"{set_name}/{int(finger) // 10**digits}"))
