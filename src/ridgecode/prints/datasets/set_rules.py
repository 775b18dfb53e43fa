"""How the reader of impressions reads each set: resolution, persons, split.

The rules are data: those of known sets in known_sets.yaml beside this file, and a user's own in sets.yaml in `--root`.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ridgecode.errors import BadInput
from ridgecode.prints.canonical import LEAST_PPI
from ridgecode.prints.labels import parse_subjects
from ridgecode.prints.splits import SPLITS

RULES_FILE = "sets.yaml"
_KNOWN = Path(__file__).with_name("known_sets.yaml")
_MOST_DIGITS = 9
_EXAMPLE = "write a set as `UareU: {ppi: 500, person_digits: 2}`"


class SetRule(NamedTuple):
    """How one set is read.

    ppi: pixels per inch of its images; 0 takes each file's own tag, else 500
    person_digits: so many of the last digits of a finger's number tell the finger, and those before them the person; 0
    takes each finger as a person of its own
    split: the numbers of the persons of "train", "val" and "test", such as {"train": "101-124", "test": "131-138"};
    persons that none names are of "test". Empty where persons are split by seed.
    """

    ppi: float = 0.0
    person_digits: int = 0
    split: Mapping[str, str] = {}


def set_rules(root: Path, names: Iterable[str], person_digits: int | None = None) -> dict[str, SetRule]:
    """The rule of each set below `root`.

    names: of the sets, as `list_fvc` names them. person_digits: of all sets, by flag; None takes what sets.yaml says,
    else what is known of a set by the name of its folder, else 0. The known split of a set counts only where its
    persons are told by the known digits. Raises BadInput where sets.yaml can't be used, or names a set that is not
    there.
    """
    path, names = root / RULES_FILE, sorted(names)
    own = read_rules(path) if path.exists() or path.is_symlink() else {}
    if missing := sorted(own.keys() - set(names)):
        raise BadInput(
            f"{path} names the set {missing[0]}, and {root} has none of that name: it has {', '.join(names[:5])}"
            + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        )
    rules = {}
    for name in names:
        known, given = known_rules().get(name.rpartition("/")[2], {}), own.get(name, {})
        digits = given.get("person_digits", known.get("person_digits", 0)) if person_digits is None else person_digits
        known_split = known.get("split", {}) if digits == known.get("person_digits", 0) else {}
        rules[name] = SetRule(given.get("ppi", 0.0), digits, given.get("split", known_split))
    return rules


@lru_cache
def known_rules() -> dict[str, dict[str, Any]]:
    """What `read_rules` finds in known_sets.yaml."""
    return read_rules(_KNOWN)


def read_rules(path: Path) -> dict[str, dict[str, Any]]:
    """The sets that a sets.yaml names, each with those fields of `SetRule` that the file gives; a number in the place
    of the fields is the set's ppi. Raises BadInput, which names the file and the set, for what can't be used."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise BadInput(f"{path} can't be read ({why}): mend it, or remove it") from error
    except yaml.YAMLError as error:
        raise BadInput(f"{path} is not YAML ({' '.join(str(error).split())}): {_EXAMPLE}") from error
    if not isinstance(raw, dict):
        raise BadInput(f"{path} names no set: {_EXAMPLE}, or remove the file")
    return {str(name): _fields(f"{path}: the set {name}", rule) for name, rule in raw.items()}


def _fields(where: str, rule: object) -> dict[str, Any]:
    """The fields of one set, checked. where: how an error's sentence begins"""
    if isinstance(rule, int | float):
        rule = {"ppi": rule}
    if not isinstance(rule, dict) or not rule:
        raise BadInput(f"{where} has no fields: {_EXAMPLE}")
    for key in rule:
        if key not in SetRule._fields:
            raise BadInput(f"{where} has the unknown field {key}: choose from {', '.join(SetRule._fields)}")
    fields = dict(rule)
    if "ppi" in fields:
        fields["ppi"] = _ppi(where, fields["ppi"])
    if "person_digits" in fields and not is_digits(fields["person_digits"]):
        raise BadInput(f"{where} has person_digits {fields['person_digits']}: give a whole number, 0 to {_MOST_DIGITS}")
    if "split" in fields:
        fields["split"] = _split(where, fields["split"])
    return fields


def is_digits(value: object) -> bool:
    """Whether a value can be `SetRule.person_digits`."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_DIGITS


def _ppi(where: str, value: object) -> float:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    if not known or not LEAST_PPI <= float(value) < float("inf"):  # type: ignore[arg-type]
        raise BadInput(f"{where} has ppi {value}: give {LEAST_PPI:g} pixels per inch or more, such as 500")
    return float(value)  # type: ignore[arg-type]


def _split(where: str, value: object) -> dict[str, str]:
    """The person numbers of each split, as text. Raises BadInput for other splits, no numbers, and a person in two."""
    if not isinstance(value, dict) or not value:
        raise BadInput(f"{where} has no splits under split: write {{train: 101-124, val: 125-130, test: 131-138}}")
    split_of: dict[int, str] = {}
    for split, numbers in value.items():
        if split not in SPLITS:
            raise BadInput(f"{where} has the unknown split {split}: choose from {', '.join(SPLITS)}")
        try:
            persons = parse_subjects("" if isinstance(numbers, bool) or numbers is None else str(numbers))
        except BadInput:
            persons = None
        if persons is None:
            raise BadInput(f"{where} has {numbers} as the persons of {split}: write numbers as 101-124 or 1-3,7")
        for person in persons:
            if person in split_of:
                raise BadInput(f"{where} has person {person} in {split_of[person]} and {split}: name it once")
            split_of[person] = split
    return {split: str(value[split]) for split in SPLITS if split in value}


def remarks_on_persons(rules: Mapping[str, SetRule]) -> tuple[str, ...]:
    """Sentences for the account about whom the sets' fingers are taken to belong to, and how the sets are split.

    rules: of the sets that have file names without the person
    """
    remarks = []
    for name, rule in rules.items():
        if rule.person_digits:
            last = "its last digit" if rule.person_digits == 1 else f"its last {rule.person_digits} digits"
            by = "by seed" if not rule.split else ", ".join(f"{split} {text}" for split, text in rule.split.items())
            remarks.append(f"a person of {name} is the finger's number without {last}; persons are split {by}")
    alone = [name for name, rule in rules.items() if not rule.person_digits]
    if alone:
        names = ", ".join(alone[:5]) + (f" and {len(alone) - 5} more" if len(alone) > 5 else "")
        remarks.append(
            f"each finger of {names} is taken as a person of its own; where the finger's number tells the person, give "
            f"--person_digits or {RULES_FILE}"
        )
    return tuple(remarks)
