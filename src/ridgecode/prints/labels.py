"""The label of a print: subject, finger, impression and alteration. SOCOFing's file names; lists of subjects."""

import re
from dataclasses import dataclass

from ridgecode.errors import BadInput

HANDS = ("Left", "Right")
FINGERS = ("thumb", "index", "middle", "ring", "little")
ALTERED_LEVELS = ("Easy", "Medium", "Hard")
LEVELS = ("Real", *ALTERED_LEVELS)
ALTERATIONS = ("CR", "Obl", "Zcut")
"""Central rotation, obliteration and z-cut: the endings of SOCOFing's names."""


@dataclass(frozen=True, slots=True)
class PrintLabel:
    """The label of one print.

    name: unique in a store: the file's POSIX path below the data set's folder without its suffix, such as
    `Real/1__M_Left_index_finger`
    subject: whose print it is; a string, since not all sets number their subjects
    sex: "M", "F" or "" where it is unknown
    hand: "Left", "Right" or ""
    finger: "thumb", "index", "middle", "ring", "little" or ""
    finger_id: prints of the same finger, which are mated, have the same one, such as `1-Left-index`
    impression: 1 for a finger's first impression, then 2, 3, ...
    level: "Real" for an unaltered print, else how hard the alteration is: "Easy", "Medium" or "Hard"
    alteration: "" for an unaltered print, else "CR" (central rotation), "Obl" (obliteration) or "Zcut" (z-cut)
    """

    name: str
    subject: str
    sex: str
    hand: str
    finger: str
    finger_id: str
    impression: int
    level: str
    alteration: str


def real_label(name: str, subject: str, finger_id: str, impression: int) -> PrintLabel:
    """The label of a Real print of which no more is known than these."""
    return PrintLabel(name, subject, "", "", "", finger_id, impression, "Real", "")


# Numbers have no leading zeros, and a first impression has no "_1", so that each label has one name. Only first
# impressions are altered.
_SOCOFING_NAME = re.compile(
    r"(?:Real|Altered/Altered-(?P<level>Easy|Medium|Hard))/"
    r"(?P<subject>[1-9][0-9]*)__(?P<sex>[MF])_(?P<hand>Left|Right)_(?P<finger>thumb|index|middle|ring|little)_finger"
    r"(?:_(?P<impression>[2-9]|[1-9][0-9]+)|_(?P<alteration>CR|Obl|Zcut))?"
)

_OWN_CASE = {word.lower(): word for word in ("M", "F", *HANDS, *FINGERS, *ALTERATIONS, "finger")}


def parse_socofing_name(name: str) -> PrintLabel:
    """The label of a SOCOFing name such as `Real/1__M_Left_index_finger` or
    `Altered/Altered-Easy/1__M_Left_index_finger_CR`.

    A synthetic finger's second impression is `Real/1__M_Left_index_finger_2`. Inverse of `socofing_name`. Raises
    BadInput for any other name, such as an altered name under Real, an unaltered one under Altered, or a leading zero.
    Source: Shehu et al., Sokoto Coventry Fingerprint Dataset, arXiv 1807.10609.
    """
    match = _SOCOFING_NAME.fullmatch(name)
    if match is None or bool(match["level"]) != bool(match["alteration"]):
        raise BadInput(
            f"{name} is no SOCOFing name such as Real/1__M_Left_index_finger.BMP or "
            "Altered/Altered-Easy/1__M_Left_index_finger_CR.BMP"
        )
    return PrintLabel(
        name=name,
        subject=match["subject"],
        sex=match["sex"],
        hand=match["hand"],
        finger=match["finger"],
        finger_id=f"{match['subject']}-{match['hand']}-{match['finger']}",
        impression=int(match["impression"] or 1),
        level=match["level"] or "Real",
        alteration=match["alteration"] or "",
    )


def is_socofing_name(name: str) -> bool:
    """Whether `parse_socofing_name` reads a name."""
    match = _SOCOFING_NAME.fullmatch(name)
    return match is not None and bool(match["level"]) == bool(match["alteration"])


def canonical_socofing_name(level: str, stem: str) -> str:
    """The name of a file in the folder of a level, with the letters in SOCOFing's own case: of "Easy" and
    `1__m_LEFT_index_finger_cr` it is `Altered/Altered-Easy/1__M_Left_index_finger_CR`. It may be no SOCOFing name."""
    name = f"{_folder(level)}/{stem}"
    if is_socofing_name(name):
        return name  # nearly all, and several times as fast
    return f"{_folder(level)}/{'_'.join(_OWN_CASE.get(word.lower(), word) for word in stem.split('_'))}"


def socofing_name(
    subject: str, sex: str, hand: str, finger: str, level: str = "Real", alteration: str = "", impression: int = 1
) -> str:
    """The SOCOFing name of a print: its path below the data set's folder, without suffix.

    Inverse of `parse_socofing_name`. Raises BadInput for a print that SOCOFing has no name for, such as an altered
    second impression.
    """
    number = f"_{impression}" if impression != 1 else ""
    suffix = f"_{alteration}" if alteration else ""
    name = f"{_folder(level)}/{subject}__{sex}_{hand}_{finger}_finger{number}{suffix}"
    parse_socofing_name(name)
    return name


def _folder(level: str) -> str:
    return "Real" if level == "Real" else f"Altered/Altered-{level}"


def parse_subjects(text: str) -> frozenset[int] | None:
    """The subject numbers in a text such as `1-480` or `1-3,7`; None, for all, in an empty one.

    Raises BadInput for another text, a range that runs backwards, and one of over a million subjects.
    """
    if not text.strip():
        return None
    numbers: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,9})\s*(?:-\s*([0-9]{1,9})\s*)?", part)
        if match is None:
            raise BadInput(f"--subjects {text!r} is no list of subject numbers: write it as 1-480 or 1-3,7")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise BadInput(f"--subjects {text!r} has a range that runs backwards: write {last}-{first}")
        if last - first > 1_000_000:
            raise BadInput(f"--subjects {text!r} spans more than a million subjects: give a smaller range")
        numbers.update(range(first, last + 1))
    return frozenset(numbers)


def subjects_text(numbers: frozenset[int] | None) -> str:
    """The shortest text that `parse_subjects` reads as `numbers`: the same for the same subjects, however given."""
    if numbers is None:
        return ""
    firsts = [number for number in sorted(numbers) if number - 1 not in numbers]
    lasts = [number for number in sorted(numbers) if number + 1 not in numbers]
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(firsts, lasts, strict=True))
